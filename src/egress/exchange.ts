/** What one id of a connector stands for: a request, a WebSocket or a TCP connection. */
import type { EgressReply, EgressRequest } from "../protocol/egress-messages.ts";
import { EGRESS_LIMITS } from "../protocol/egress-messages.ts";
import { networkError } from "./address-policy.ts";

export type EgressMessage<T extends EgressRequest["type"]> = Extract<EgressRequest, { type: T }>;

/** Where an exchange sends its replies. After `release` the id is free. */
export interface Outlet {
  /** `transfer`: the buffer of `d` is handed over and not copied. */
  send(reply: EgressReply): void;
  release(): void;
  /** Sends the error and frees the id. */
  fail(error: unknown): void;
}

export interface Exchange {
  /** Called with each further message of the id. */
  handle(message: EgressRequest): void;
  /** Ends everything without a reply. */
  destroy(): void;
}

/** A copy with a buffer of its own, which can be transferred. */
export function ownBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}

/** Bytes that may still be sent to the connector. At 0 or less the source is paused. */
export class ReadCredit {
  #left: number = EGRESS_LIMITS.windowBytes;

  get isUsedUp(): boolean {
    return this.#left <= 0;
  }
  spend(bytes: number): void {
    this.#left -= bytes;
  }
  /** Credit that was never spent is ignored. Returns what counted. */
  add(bytes: number): number {
    const added = Math.min(bytes, EGRESS_LIMITS.windowBytes - this.#left);
    this.#left += added;
    return added;
  }
}

/** What the thread holds of one connector. Its memory is the desk's, whatever the connector's own limit is. */
export class HeldBytes {
  readonly #limit: number;
  #sum = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  share(): HeldShare {
    return new HeldShare(this);
  }

  /** @throws Error if there are too many then. They count until they are taken away. */
  add(bytes: number): void {
    this.#sum += bytes;
    if (bytes > 0 && this.#sum > this.#limit)
      throw networkError(
        `more than ${this.#limit} bytes of this connector were neither sent nor read: send less at a time, or read more often`,
        "ENOBUFS",
      );
  }
}

/** The part of one id. */
export class HeldShare {
  readonly #all: HeldBytes;
  #own = 0;
  #isClosed = false;

  constructor(all: HeldBytes) {
    this.#all = all;
  }

  /** @throws Error if the connector has too many bytes here. */
  add(bytes: number): void {
    if (this.#isClosed) return;
    this.#own += bytes;
    this.#all.add(bytes);
  }

  /** The id has ended, and with it what it holds. */
  close(): void {
    this.#all.add(-this.#own);
    this.#isClosed = true;
  }
}

/**
 * Bytes that the connector may still send. A message is allowed while some credit is left, so the last one may exceed
 * it.
 */
export class WriteCredit {
  readonly #held: HeldShare;
  #left: number = EGRESS_LIMITS.windowBytes;

  constructor(held: HeldShare) {
    this.#held = held;
  }

  /** @throws CreditViolation if the connector sent without credit. @throws Error if too many bytes are held. */
  spend(bytes: number): void {
    if (this.#left <= 0) throw new CreditViolation("it sent more bytes than it had credit for");
    this.#left -= bytes;
    this.#held.add(bytes);
  }
  add(bytes: number): void {
    this.#left += bytes;
    this.#held.add(-bytes);
  }
}

/** A connector's code that follows the protocol cannot cause it: its port is closed. */
export class CreditViolation extends Error {}
