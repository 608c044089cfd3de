/** Takes the messages of one worker in the order of their arrival, its batches within the slices of all connectors. */
import type { TurnSlices } from "./turn-slices.ts";

export interface MessageBacklogOptions {
  readonly slices: TurnSlices;
  readonly take: (message: unknown) => void;
  /** Called if too many messages wait. */
  readonly overflow: (limit: number) => void;
}

const MESSAGES_MAX = 5_000;

export class MessageBacklog {
  readonly #options: MessageBacklogOptions;
  /** A batch that waits for the next turn of the event loop, and what arrived behind it. */
  #waiting: unknown[] = [];
  #whenEmpty: () => void = () => undefined;

  constructor(options: MessageBacklogOptions) {
    this.#options = options;
  }

  /** Takes the message at once, unless this turn has taken enough. */
  receive(message: unknown): void {
    const { slices, take, overflow } = this.#options;
    if (this.#waiting.length === 0) {
      if (!isBatch(message)) {
        take(message);
        return;
      }
      if (slices.run(() => take(message))) return;
      slices.wait(() => this.#takeWaiting());
    }
    this.#waiting.push(message);
    if (this.#waiting.length > MESSAGES_MAX) overflow(MESSAGES_MAX);
  }

  /** Resolves when no message waits. */
  empty(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#whenEmpty = resolve));
  }

  /** Drops the messages that wait. */
  clear(): void {
    this.#waiting = [];
    this.#whenEmpty();
  }

  #takeWaiting(): void {
    const { slices, take } = this.#options;
    const waiting = this.#waiting;
    let taken = 0;
    // `take` can end the session, which drops the others.
    while (waiting === this.#waiting && taken < waiting.length && slices.run(() => take(waiting[taken]))) taken += 1;
    if (waiting !== this.#waiting) return;
    waiting.splice(0, taken);
    if (waiting.length > 0) slices.wait(() => this.#takeWaiting());
    else this.#whenEmpty();
  }
}

const BATCHES: ReadonlySet<unknown> = new Set(["fills", "reports", "activities", "quotes"]);

function isBatch(message: unknown): boolean {
  return typeof message === "object" && message !== null && "e" in message && BATCHES.has(message.e);
}
