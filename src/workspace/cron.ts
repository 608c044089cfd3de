/**
 * Cron patterns with five fields and a time zone. The only file that imports the cron library.
 *
 * Daylight saving time: a pattern with `*` as its minute or hour follows the clock as it runs, so it has two due times
 * in an hour that is repeated and none in an hour that is skipped. A pattern with fixed times has one due time: the
 * first of two equal local times, or the end of the gap if the local time is skipped.
 */
import { Cron } from "croner";

export class CronError extends Error {}

export interface CronTimes {
  /** The first due time after `at`, ms; undefined: none in the years that follow. */
  next(at: number): number | undefined;
  /** The newest due time up to and including `at`, ms; undefined: none in the years before. */
  latest(at: number): number | undefined;
}

/** @throws CronError if the pattern is malformed. */
export function parseCron(pattern: string, timezone: string): CronTimes {
  // "@daily" passes the library's own check of five fields.
  if (pattern.trim().split(/\s+/).length !== 5)
    throw new CronError('must have five fields: minute, hour, day, month, weekday, such as "30 7 * * 1-5"');
  const cron = (() => {
    try {
      return new Cron(pattern, { timezone, mode: "5-part", fixedTimeRule: "no-wildcard", paused: true });
    } catch (error) {
      throw new CronError(error instanceof Error ? error.message.replace(/^CronPattern: /, "") : "is malformed");
    }
  })();
  return {
    next: (at) => cron.nextRun(new Date(at))?.getTime(),
    // The library's limit is exclusive.
    latest: (at) => cron.previousRuns(1, new Date(at + 1))[0]?.getTime(),
  };
}
