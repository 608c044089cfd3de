/** Messages of a venue's streams that a case holds back, and then passes on, twice or reversed. */

/** How held messages are sent: as the venue sent them, the newest first, or each of them twice. */
export type ReleaseOrder = "as-sent" | "reversed" | "twice";

export interface HeldMessages {
  /** The held messages as text, in the venue's order. */
  readonly texts: readonly string[];
  /** Sends the held messages and ends the hold. */
  release(order: ReleaseOrder): void;
  /** Drops the held messages and ends the hold. */
  discard(): void;
}

interface HeldMessage {
  readonly text: string;
  readonly send: () => void;
}

/** Passes messages on at once, unless a case holds them. */
export class MessageGate {
  #held: HeldMessage[] | undefined;

  pass(text: string, send: () => void): void {
    if (this.#held === undefined) send();
    else this.#held.push({ text, send });
  }

  hold(): HeldMessages {
    const held: HeldMessage[] = [];
    this.#held = held;
    return {
      get texts() {
        return held.map(({ text }) => text);
      },
      release: (order) => {
        this.#held = undefined;
        const messages = order === "reversed" ? held.toReversed() : held;
        for (const { send } of order === "twice" ? [...messages, ...messages] : messages) send();
      },
      discard: () => void (this.#held = undefined),
    };
  }
}
