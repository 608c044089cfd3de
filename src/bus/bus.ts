/**
 * The event bus. An event is journaled, folded into the desk's state and emitted, in this order. Subscribers that act
 * outside the desk subscribe to `commit`: the record is on disk by then. Subscribers get plain data and a sequence
 * number only, so that a later version can move them to another process.
 */
import { EventEmitter } from "eventemitter3";
import { messageOf } from "../domain/errors/error.ts";
import type { DeskEvent, Recorded } from "../domain/event.ts";
import type { Log } from "../domain/ports.ts";
import type { Appended, Journal } from "./journal.ts";

export type Subscriber = (recorded: Recorded) => void;

export interface Bus {
  /**
   * Appends the event to the journal, applies it to the state and emits it to `publish` subscribers before it returns.
   * The record reaches the disk within 50 ms. @throws QocError JOURNAL_FAILED, TOO_LARGE.
   */
  publish(event: DeskEvent): Recorded;
  /**
   * The same, and asks for a flush at once. The promise, which all records of one flush share, resolves when the record
   * is on disk and rejects with JOURNAL_FAILED otherwise; a caller need not await it. @throws QocError JOURNAL_FAILED,
   * TOO_LARGE before anything is appended.
   */
  commit(event: DeskEvent): Promise<void>;
  /**
   * Calls the subscriber with each record, in order: at once (`publish`) or when the record is on disk (`commit`).
   * Returns the unsubscribe function.
   */
  subscribe(after: "publish" | "commit", subscriber: Subscriber): () => void;
}

/** `fold` applies a record to the desk's state. */
export function openBus(journal: Pick<Journal, "append">, fold: Subscriber, log: Log): Bus {
  const emitter = new EventEmitter<{ publish: [Recorded]; commit: [Recorded] }>();
  const emitOnCommit = createCommitEmitter((recorded) => emitter.emit("commit", recorded));
  const append = (event: DeskEvent, durable: boolean): Appended => {
    const appended = journal.append(event, { durable });
    fold(appended.recorded);
    emitter.emit("publish", appended.recorded);
    emitOnCommit(appended);
    return appended;
  };
  return {
    publish: (event) => append(event, false).recorded,
    commit: (event) => append(event, true).committed,
    subscribe: (after, subscriber) => {
      const listener: Subscriber = (recorded) => {
        try {
          subscriber(recorded);
        } catch (error) {
          log.error(`subscriber failed on ${recorded.event.type}, record ${recorded.seq}: ${messageOf(error)}`);
        }
      };
      emitter.on(after, listener);
      return () => emitter.off(after, listener);
    },
  };
}

/**
 * Emits records when they are on disk, after those that wait for one of them have gone on: the order of an intent is
 * sent first. The records of one flush share one promise, so they share one callback.
 */
function createCommitEmitter(emit: (recorded: Recorded) => void): (appended: Appended) => void {
  let batch: { readonly committed: Promise<void>; readonly records: Recorded[] } | undefined;
  return ({ committed, recorded }) => {
    if (batch?.committed === committed) {
      batch.records.push(recorded);
      return;
    }
    const records = [recorded];
    batch = { committed, records };
    const emitAll = (): void => records.forEach(emit);
    committed.then(() => undefined).then(emitAll, () => undefined);
  };
}
