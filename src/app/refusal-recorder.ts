/**
 * What was refused to agents, for the record: one event a minute for each name that an actor tried, and one note in the inbox
 * once it tries again and again. An agent that makes up names without end fills neither memory, journal nor inbox.
 */
import { messageOf } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import type { Desk } from "../trading/desk.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import type { RefusalLog } from "../domain/refusal.ts";

/** What one actor tried of late: names, each with how often. */
export type RefusalCounts = ReadonlyMap<string, number>;

export interface RefusalPorts extends Pick<Desk, "clock" | "log" | "publish"> {
  /** An actor does not take no for an answer. Told once for each, until it has been quiet for a while. */
  onRepeated(actor: Actor, tried: RefusalCounts): Promise<void>;
}

export interface RefusalRecorder extends RefusalLog {
  /** Writes down what the running minute holds, and resolves once it is written. */
  flush(): Promise<void>;
}

const WINDOW_MS = 60_000;
/** An actor that has been refused this often within ten minutes is told of. */
const REPEATED_COUNT = 3;
const QUIET_WINDOWS = 10;
/** Names that are told apart in one minute; what comes after is counted as one. */
const NAMES_MAX = 8;
const NAME_CHARS_MAX = 100;
export const OTHER = "(other names)";

interface Attempts {
  count: number;
  readonly reason: string;
}

interface ActorRecord {
  /** Of the running minute. */
  names: Map<string, Attempts>;
  /** Of the minutes before, oldest first; as many as make ten minutes. */
  readonly earlier: RefusalCounts[];
  isTold: boolean;
}

/** Actors are runs and agents that were let in, so there are few; each is forgotten after ten quiet minutes. */
export function createRefusalRecorder({ clock, log, publish, onRepeated: insists }: RefusalPorts): RefusalRecorder {
  const actors = new Map<Actor, ActorRecord>();
  const alerts = new SerialQueue();
  const fail = (error: unknown): void => log.error(`refusals: ${messageOf(error)}`);
  const close = (actor: Actor, record: ActorRecord): void => {
    try {
      for (const [command, { count, reason }] of record.names)
        publish({ type: "command.refused", command, actor, reason, count });
    } catch (error) {
      // A desk that only reads has no journal to write to; the log has the attempts.
      fail(error);
    }
    record.earlier.push(new Map([...record.names].map(([name, { count }]) => [name, count])));
    record.names = new Map();
    if (record.earlier.length > QUIET_WINDOWS) record.earlier.shift();
    const tried = summed(record.earlier);
    if (!record.isTold && total(tried) >= REPEATED_COUNT) {
      record.isTold = true;
      alerts.run(() => insists(actor, tried)).catch(fail);
    }
  };
  const afterAMinute = (actor: Actor, record: ActorRecord): void => {
    clock.after(WINDOW_MS, () => {
      close(actor, record);
      if (record.earlier.some((tried) => tried.size > 0)) afterAMinute(actor, record);
      else actors.delete(actor);
    });
  };
  return {
    record: ({ command, actor, reason }) => {
      let record = actors.get(actor);
      if (record === undefined) {
        record = { names: new Map(), earlier: [], isTold: false };
        actors.set(actor, record);
        afterAMinute(actor, record);
      }
      const { names } = record;
      const cut = command.slice(0, NAME_CHARS_MAX);
      const name = names.has(cut) || names.size < NAMES_MAX ? cut : OTHER;
      const attempts = names.get(name);
      if (attempts !== undefined) {
        attempts.count += 1;
        return;
      }
      names.set(name, { count: 1, reason });
      log.warn(`refused ${name} to ${actor}: ${reason}`, { actor, command: name });
    },
    flush: () => {
      for (const [actor, record] of actors) close(actor, record);
      return alerts.idle();
    },
  };
}

function summed(all: readonly RefusalCounts[]): RefusalCounts {
  const sum = new Map<string, number>();
  for (const tried of all) for (const [name, count] of tried) sum.set(name, (sum.get(name) ?? 0) + count);
  return sum;
}

function total(tried: RefusalCounts): number {
  return [...tried.values()].reduce((sum, count) => sum + count, 0);
}
