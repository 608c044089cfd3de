/**
 * What happened, once, in order. `publish` appends to the journal, moves the book, and tells subscribers; those that act on
 * the outside are told only once the record is on disk. Subscribers get plain data and a sequence number, nothing more, so
 * that the other end may be in another process.
 */
import { EventEmitter } from "eventemitter3";
import { type DeskState, applyEvent } from "../domain/desk-state.ts";
import { messageOf } from "../domain/error.ts";
import type { DeskEvent, Recorded } from "../domain/event.ts";
import type { Log } from "../domain/ports.ts";
import type { Published, Journal } from "./journal.ts";

export type Subscriber = (recorded: Recorded) => void;

export interface Bus {
  /** Journaled, applied to the book and told, in that order, before it returns. @throws JOURNAL_FAILED, TOO_LARGE. */
  publish(event: DeskEvent, options?: { durable?: boolean }): Published;
  /** `commit`: told once the record is on disk. `publish`: at once. Answers how to stop. */
  subscribe(after: "publish" | "commit", subscriber: Subscriber): () => void;
}

export function openBus(journal: Pick<Journal, "append">, state: DeskState, log: Log): Bus {
  const emitter = new EventEmitter<{ publish: [Recorded]; commit: [Recorded] }>();
  const guarded =
    (subscriber: Subscriber): Subscriber =>
    (recorded) => {
      try {
        subscriber(recorded);
      } catch (error) {
        log.error(`a subscriber failed on ${recorded.event.type} ${recorded.seq}: ${messageOf(error)}`);
      }
    };
  // Those that were journaled in one breath are told in one.
  let told: { readonly committed: Promise<void>; readonly records: Recorded[] } | undefined;
  const tellOnCommit = ({ committed, recorded }: Published): void => {
    if (told?.committed === committed) {
      told.records.push(recorded);
      return;
    }
    const records = [recorded];
    told = { committed, records };
    committed.then(
      () => {
        for (const one of records) emitter.emit("commit", one);
      },
      () => undefined,
    );
  };
  return {
    publish: (event, options) => {
      const appended = journal.append(event, options);
      applyEvent(state, appended.recorded);
      emitter.emit("publish", appended.recorded);
      tellOnCommit(appended);
      return appended;
    },
    subscribe: (after, subscriber) => {
      const listener = guarded(subscriber);
      emitter.on(after, listener);
      return () => emitter.off(after, listener);
    },
  };
}
