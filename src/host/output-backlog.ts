/**
 * Takes the lines that an adapter writes to its output, within the slices of all connectors. A log may lose lines, so
 * that of a flood the lines that do not fit are dropped and counted.
 */
import type { TurnSlices } from "./turn-slices.ts";

export interface OutputBacklogOptions {
  readonly slices: TurnSlices;
  readonly take: (line: string) => void;
  /** Called when the flood has passed. */
  readonly dropped: (lines: number) => void;
}

const LINES_MAX = 1_000;

export class OutputBacklog {
  readonly #options: OutputBacklogOptions;
  #waiting: string[] = [];
  #dropped = 0;

  constructor(options: OutputBacklogOptions) {
    this.#options = options;
  }

  receive(line: string): void {
    const { slices, take } = this.#options;
    if (this.#waiting.length === 0) {
      if (slices.run(() => take(line))) return;
      slices.wait(() => this.#takeWaiting());
    }
    if (this.#waiting.length < LINES_MAX) this.#waiting.push(line);
    else this.#dropped += 1;
  }

  #takeWaiting(): void {
    const { slices, take, dropped } = this.#options;
    let taken = 0;
    while (taken < this.#waiting.length && slices.run(() => take(this.#waiting[taken] ?? ""))) taken += 1;
    this.#waiting.splice(0, taken);
    if (this.#waiting.length > 0) {
      slices.wait(() => this.#takeWaiting());
      return;
    }
    if (this.#dropped > 0) dropped(this.#dropped);
    this.#dropped = 0;
  }
}
