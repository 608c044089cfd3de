/**
 * Records the calls that were refused to agents: one event per minute for each name that an actor tried, and one inbox
 * item if an actor keeps trying. An agent that invents names without end fills neither memory, journal nor inbox.
 */
import { messageOf } from "../domain/errors/error.ts";
import type { Actor } from "../domain/event.ts";
import type { Desk } from "../trading/desk.ts";
import { ownText } from "../lib/own-text.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import type { RefusalLog, RefusedAttempts } from "../domain/authority/refusal.ts";

/** The number of refused calls by name. */
export type RefusalCounts = ReadonlyMap<string, number>;

export interface RefusalPorts extends Pick<Desk, "clock" | "log" | "publish"> {
  /**
   * Called when an actor's calls are refused repeatedly; once per actor until the actor has been quiet for ten minutes.
   */
  onRepeated(actor: Actor, counts: RefusalCounts): Promise<void>;
}

export interface RefusalRecorder extends RefusalLog {
  /** Publishes the refusals of the current minute; resolves when the inbox items are written. */
  flush(): Promise<void>;
  /** The refusals of the current minute, which the journal does not have yet. */
  unrecorded(): readonly RefusedAttempts[];
}

const WINDOW_MS = 60_000;
/** This many refused calls within ten minutes cause an inbox item. */
const REPEATED_COUNT = 3;
const QUIET_WINDOWS = 10;
/** Names recorded separately in one minute; further names are counted together as `OTHER`. */
const NAMES_MAX = 8;
const NAME_CHARS_MAX = 100;
export const OTHER = "(other names)";

interface Attempts {
  count: number;
  /** The time of the last one, ms. */
  at: number;
  /** The reason of the first refusal. */
  readonly reason: string;
}

interface ActorRecord {
  /** Attempts of the current minute by name. */
  names: Map<string, Attempts>;
  /** Counts of the previous ten minutes, one map per minute, oldest first. */
  readonly earlier: RefusalCounts[];
  isReported: boolean;
}

/** Actors are runs and agents with a grant, so there are few. An actor is forgotten after ten quiet minutes. */
export function createRefusalRecorder({ clock, log, publish, onRepeated }: RefusalPorts): RefusalRecorder {
  const actors = new Map<Actor, ActorRecord>();
  const alerts = new SerialQueue();
  const logFailure = (error: unknown): void => log.error(`refusals: ${messageOf(error)}`);
  const endWindow = (actor: Actor, record: ActorRecord): void => {
    try {
      for (const [command, { count, reason }] of record.names)
        publish({ type: "command.refused", command, actor, reason, count });
    } catch (error) {
      // A read-only desk cannot write to its journal; its log has the attempts.
      logFailure(error);
    }
    record.earlier.push(new Map([...record.names].map(([name, { count }]) => [name, count])));
    record.names = new Map();
    if (record.earlier.length > QUIET_WINDOWS) record.earlier.shift();
    const counts = sumByName(record.earlier);
    if (!record.isReported && total(counts) >= REPEATED_COUNT) {
      record.isReported = true;
      alerts.run(() => onRepeated(actor, counts)).catch(logFailure);
    }
  };
  const scheduleWindowEnd = (actor: Actor, record: ActorRecord): void => {
    clock.after(WINDOW_MS, () => {
      endWindow(actor, record);
      if (record.earlier.some((counts) => counts.size > 0)) scheduleWindowEnd(actor, record);
      else actors.delete(actor);
    });
  };
  return {
    record: ({ command, actor, reason }) => {
      let record = actors.get(actor);
      if (record === undefined) {
        record = { names: new Map(), earlier: [], isReported: false };
        actors.set(actor, record);
        scheduleWindowEnd(actor, record);
      }
      const { names } = record;
      const truncated = ownText(command, NAME_CHARS_MAX);
      const name = names.has(truncated) || names.size < NAMES_MAX ? truncated : OTHER;
      const attempts = names.get(name);
      if (attempts !== undefined) {
        attempts.count += 1;
        attempts.at = clock.now();
        return;
      }
      names.set(name, { count: 1, at: clock.now(), reason });
      log.warn(`refused ${name} to ${actor}: ${reason}`, { actor, command: name });
    },
    flush: () => {
      for (const [actor, record] of actors) endWindow(actor, record);
      return alerts.idle();
    },
    unrecorded: () =>
      [...actors]
        .flatMap(([actor, { names }]) => [...names].map(([command, attempts]) => ({ actor, command, ...attempts })))
        .toSorted((a, b) => a.at - b.at),
  };
}

function sumByName(windows: readonly RefusalCounts[]): RefusalCounts {
  const sum = new Map<string, number>();
  for (const counts of windows) for (const [name, count] of counts) sum.set(name, (sum.get(name) ?? 0) + count);
  return sum;
}

function total(counts: RefusalCounts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
