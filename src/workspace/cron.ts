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
      throw new CronError(wrongField(pattern) ?? "is malformed", { cause: error });
    }
  })();
  return {
    next: (at) => cron.nextRun(new Date(at))?.getTime(),
    // The library's limit is exclusive.
    latest: (at) => cron.previousRuns(1, new Date(at + 1))[0]?.getTime(),
  };
}

const FIELDS = [
  { name: "minute", low: 0, high: 59 },
  { name: "hour", low: 0, high: 23 },
  { name: "day", low: 1, high: 31 },
  { name: "month", low: 1, high: 12 },
  { name: "weekday", low: 0, high: 7 },
] as const;

/** Says which field the library refuses, by trying each alone. */
function wrongField(pattern: string): string | undefined {
  const fields = pattern.trim().split(/\s+/);
  const wrong = FIELDS.findIndex((_, at) => !isPattern(FIELDS.map((__, i) => (i === at ? fields[at] : "*")).join(" ")));
  const [rule, field] = [FIELDS[wrong], fields[wrong]];
  if (rule === undefined || field === undefined) return undefined;
  const { name, low, high } = rule;
  const outside = field.match(/(?<!\/)\b\d+/g)?.find((number) => Number(number) < low || Number(number) > high);
  return outside === undefined
    ? `the ${name} ${JSON.stringify(field)} is malformed; it takes ${low} to ${high}, such as *, 5, 1-5, 1,5 or */5`
    : `the ${name} ${outside} is out of range; it takes ${low} to ${high}`;
}

function isPattern(pattern: string): boolean {
  try {
    return new Cron(pattern, { mode: "5-part", paused: true }) instanceof Cron;
  } catch {
    return false;
  }
}
