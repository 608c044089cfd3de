/**
 * Takes the messages of one worker in the order of their arrival. Those that a worker sends on its own are taken within
 * the slices of all connectors; an answer that the host waits for is taken at once, unless it is behind others.
 */
import { LIMITS } from "../protocol/limits.ts";
import type { TurnSlices } from "./turn-slices.ts";

export interface MessageBacklogOptions {
  readonly slices: TurnSlices;
  readonly take: (message: unknown) => void;
  /** Called when the log lines that waited are taken, with the number of those that did not fit. */
  readonly dropped: (lines: number) => void;
  /** Called if too many messages wait, and when everything before an `end` is taken. */
  readonly end: (reason: string) => void;
}

const MESSAGES_MAX = 5_000;
/** A log may lose lines: those that do not fit are dropped and counted. */
const LOG_LINES_MAX = 2_000;

export class MessageBacklog {
  readonly #options: MessageBacklogOptions;
  /** A message that waits for the next turn of the event loop, and what arrived behind it. */
  #waiting: unknown[] = [];
  /** Log lines among those that wait, and those that were dropped. */
  #lines = { waiting: 0, dropped: 0 };
  /** The most that may have waited since none waited. */
  #waitingMax = MESSAGES_MAX;
  readonly #whenEmpty: (() => void)[] = [];

  constructor(options: MessageBacklogOptions) {
    this.#options = options;
  }

  /** Takes the message at once, unless this turn has taken enough. */
  receive(message: unknown): void {
    const { slices, take, end } = this.#options;
    if (this.#waiting.length === 0) {
      if (!isSliced(message)) {
        take(message);
        return;
      }
      if (slices.run(() => take(message))) return;
      slices.wait(() => this.#takeWaiting());
    }
    const isDropped = isLogLine(message) && this.#lines.waiting === LOG_LINES_MAX;
    if (isDropped) this.#lines.dropped += 1;
    else this.#waiting.push(message);
    if (isLogLine(message) && !isDropped) this.#lines.waiting += 1;
    if (this.#isFlooded()) end(`more than ${MESSAGES_MAX} messages wait to be processed`);
  }

  /** Whether more messages came than can wait, and no stall of the host explains them. */
  #isFlooded(): boolean {
    const stalled = (this.#options.slices.stalls.longestMs() * LIMITS.messagesPerWindow) / LIMITS.messageWindowMs;
    this.#waitingMax = Math.max(this.#waitingMax, MESSAGES_MAX + stalled);
    return this.#waiting.length + this.#lines.dropped > this.#waitingMax;
  }

  /** Nothing follows. What arrived before, such as fills, is still taken. */
  end(reason: string): void {
    void this.empty().then(() => this.#options.end(reason));
  }

  /** Resolves when no message waits. */
  empty(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  /** Drops the messages that wait. */
  clear(): void {
    this.#waiting = [];
    this.#emptied();
  }

  #takeWaiting(): void {
    const { slices, take } = this.#options;
    const waiting = this.#waiting;
    let taken = 0;
    // `take` can end the session, which drops the others.
    while (waiting === this.#waiting && taken < waiting.length && slices.run(() => take(waiting[taken]))) taken += 1;
    if (waiting !== this.#waiting) return;
    for (const message of waiting.splice(0, taken)) if (isLogLine(message)) this.#lines.waiting -= 1;
    if (waiting.length > 0) slices.wait(() => this.#takeWaiting());
    else this.#emptied();
  }

  #emptied(): void {
    const { dropped } = this.#lines;
    this.#lines = { waiting: 0, dropped: 0 };
    this.#waitingMax = MESSAGES_MAX;
    if (dropped > 0) this.#options.dropped(dropped);
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}

const SLICED: ReadonlySet<unknown> = new Set(["fills", "reports", "activities", "quotes", "log", "request"]);

function isSliced(message: unknown): boolean {
  return typeof message === "object" && message !== null && "e" in message && SLICED.has(message.e);
}

function isLogLine(message: unknown): boolean {
  return isSliced(message) && (message as { readonly e: unknown }).e === "log";
}
