/**
 * Numbers fills, reports and activities, sends them in batches within the window, and queues the others until the host
 * has stored those sent. A batch holds items of one kind; the order of all items is kept.
 */
import { LIMITS } from "../src/protocol/limits.ts";
import type { EmissionKind, EmittedBatch } from "../src/protocol/messages.ts";
import { copyWithin } from "./copy-within.ts";
import type { Port } from "./port.ts";

/** Limit for one item, and for all items of one message. */
const ITEMS_CHARS_MAX = LIMITS.batchChars / 2;

/** Items that were sent and are still in the list, at most. */
const SENT_KEPT = 4_096;

const NOUNS: Readonly<Record<EmissionKind, string>> = { fills: "fill", reports: "report", activities: "activity" };

interface QueuedItem {
  readonly kind: EmissionKind;
  readonly value: unknown;
  readonly chars: number;
}

export class EmissionQueue {
  readonly #port: Port;
  /** To remove the first items of a long list moves all others, so those that were sent stay until they are many. */
  #queue: QueuedItem[] = [];
  #first = 0;
  #sent = 0;
  #acknowledged = 0;
  #isFlushScheduled = false;

  constructor(port: Port) {
    this.#port = port;
  }

  add(kind: EmissionKind, item: unknown): void {
    if (this.#waiting >= LIMITS.emissionQueue)
      throw new Error(
        `${LIMITS.emissionQueue} ${kind} are queued and not yet stored by the desk: emit the next ${kind} more slowly`,
      );
    this.#queue.push({ kind, ...copyWithin(item, ITEMS_CHARS_MAX, NOUNS[kind]) });
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => {
      this.#isFlushScheduled = false;
      this.flush();
    });
  }

  get #waiting(): number {
    return this.#queue.length - this.#first;
  }

  flush(): void {
    while (this.#waiting > 0 && this.#sent - this.#acknowledged < LIMITS.emissionWindow) {
      const countMax = Math.min(LIMITS.batchItems, LIMITS.emissionWindow - (this.#sent - this.#acknowledged));
      const batch = this.#take(this.#batchSize(countMax));
      const e = batch[0]?.kind ?? "fills";
      this.#port.post({ e, first: this.#sent + 1, items: batch.map(({ value }) => value) } satisfies EmittedBatch);
      this.#sent += batch.length;
    }
  }

  #take(count: number): readonly QueuedItem[] {
    const batch = this.#queue.slice(this.#first, this.#first + count);
    this.#first += batch.length;
    if (this.#first >= SENT_KEPT || this.#waiting === 0) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return batch;
  }

  /** Returns how many queued items fit into one message: at least 1. */
  #batchSize(countMax: number): number {
    let chars = 0;
    const first = this.#queue[this.#first]?.kind;
    const end = this.#queue
      .slice(this.#first, this.#first + countMax)
      .findIndex((item) => item.kind !== first || (chars += item.chars) > ITEMS_CHARS_MAX);
    return end === -1 ? countMax : Math.max(1, end);
  }

  sendAll(): void {
    this.#acknowledged = this.#sent;
    while (this.#waiting > 0) {
      this.flush();
      this.#acknowledged = this.#sent;
    }
  }

  acknowledge(last: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, last);
    this.flush();
  }
}
