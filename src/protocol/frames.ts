/**
 * Frames on the pipes between the host and a connector's process. A frame is the length of its header (4 bytes, little
 * endian), the length of its bytes plus 1, or 0 if it has none (4), its number from 1 (6), its authenticator (16), the
 * header as JSON, and the bytes of the message's member `d`. Lengths are checked before anything is stored.
 *
 * The pipes are descriptors of two processes, so code that is neither the host's nor the connector's could write to
 * them. Only the two ends know the key of the session: a frame that is forged, repeated or out of order makes the
 * reader throw.
 */
import type { createHmac } from "node:crypto";
import { tryParseJson } from "../lib/json.ts";
import { EGRESS_LIMITS } from "./egress-messages.ts";

/** One direction of one pipe. A frame of one channel is not authentic on another. */
export type FrameChannel = "host-to-worker" | "worker-to-host" | "egress-to-worker" | "worker-to-egress";

/** Returns the authenticator of the parts of one frame. */
export type FrameAuthenticator = (parts: readonly Uint8Array[]) => Buffer;

export const SESSION_KEY_BYTES = 32;
const COUNTED_BYTES = 14;
const AUTHENTICATOR_BYTES = 16;
const PREFIX_BYTES = COUNTED_BYTES + AUTHENTICATOR_BYTES;

/** The bytes of a pipe are not the frames of its other end. */
export class FrameError extends Error {}

/** `hmac` is Node's function: a thread-level worker, which has no frames, does not load the module. */
export function frameAuthenticator(
  hmac: typeof createHmac,
  sessionKey: Uint8Array,
  channel: FrameChannel,
): FrameAuthenticator {
  const key = hmac("sha256", sessionKey).update(channel).digest();
  return (parts) => {
    const digest = hmac("sha256", key);
    for (const part of parts) digest.update(part);
    return digest.digest().subarray(0, AUTHENTICATOR_BYTES);
  };
}

/** Returns a function that encodes messages. The parts that it returns, written one after the other, are one frame. */
export function frameEncoder(authenticator: FrameAuthenticator): (message: object) => readonly Uint8Array[] {
  let count = 0;
  return (message) => {
    const { d, ...members } = message as { readonly d?: Uint8Array | undefined };
    const header = Buffer.from(JSON.stringify(members));
    const head = Buffer.allocUnsafe(PREFIX_BYTES + header.byteLength);
    count += 1;
    head.writeUInt32LE(header.byteLength, 0);
    head.writeUInt32LE(d === undefined ? 0 : d.byteLength + 1, 4);
    head.writeUIntLE(count, 8, 6);
    head.set(header, PREFIX_BYTES);
    const bytes = d === undefined || d.byteLength === 0 ? [] : [d];
    head.set(authenticator([head.subarray(0, COUNTED_BYTES), header, ...bytes]), COUNTED_BYTES);
    return [head, ...bytes];
  };
}

export interface FrameReaderOptions {
  readonly authenticator: FrameAuthenticator;
  readonly headerBytesMax: number;
  readonly onMessage: (message: object) => void;
}

interface FramePrefix {
  readonly counted: Uint8Array;
  readonly authenticator: Uint8Array;
  readonly headerBytes: number;
  readonly hasBytes: boolean;
  readonly number: number;
}

/** Splits a stream of bytes into messages. */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  #parts: Uint8Array[] = [];
  #size = 0;
  /** Bytes that are needed for the next step. */
  #needed = PREFIX_BYTES;
  #prefix: FramePrefix | undefined;
  #count = 0;
  #isClosed = false;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /**
   * @throws FrameError if a frame is over a limit, not authentic or out of order, or if its header is not an object.
   * The stream is unusable afterwards.
   */
  push(chunk: Uint8Array): void {
    this.#parts.push(chunk);
    this.#size += chunk.byteLength;
    while (!this.#isClosed && this.#size >= this.#needed) this.#step();
  }

  /** Drops everything that follows. */
  close(): void {
    this.#isClosed = true;
    this.#parts = [];
  }

  #step(): void {
    const [first = new Uint8Array(0), ...others] = this.#parts;
    const all =
      others.length === 0
        ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
        : Buffer.concat(this.#parts, this.#size);
    const taken = all.subarray(0, this.#needed);
    const rest = all.subarray(this.#needed);
    this.#parts = [rest];
    this.#size = rest.byteLength;
    const prefix = this.#prefix;
    if (prefix === undefined) {
      this.#readPrefix(taken);
      return;
    }
    this.#prefix = undefined;
    this.#needed = PREFIX_BYTES;
    this.#options.onMessage(this.#checkedMessage(prefix, taken));
  }

  #readPrefix(prefix: Buffer): void {
    const [headerBytes, bytesPlusOne] = [prefix.readUInt32LE(0), prefix.readUInt32LE(4)];
    if (headerBytes > this.#options.headerBytesMax || bytesPlusOne > EGRESS_LIMITS.frameBytes + 1)
      throw new FrameError(`a frame of ${headerBytes} + ${Math.max(0, bytesPlusOne - 1)} bytes is over the limit`);
    this.#prefix = {
      counted: prefix.subarray(0, COUNTED_BYTES),
      authenticator: prefix.subarray(COUNTED_BYTES, PREFIX_BYTES),
      headerBytes,
      hasBytes: bytesPlusOne > 0,
      number: prefix.readUIntLE(8, 6),
    };
    this.#needed = headerBytes + Math.max(0, bytesPlusOne - 1);
  }

  #checkedMessage(prefix: FramePrefix, content: Buffer): object {
    const expected = this.#options.authenticator([prefix.counted, content]);
    // Compared without timing safety: a wrong frame ends the session, so there is no second guess under the same key.
    if (!expected.equals(prefix.authenticator))
      throw new FrameError("a frame is not authentic: another process or thread wrote to the pipe");
    this.#count += 1;
    if (prefix.number !== this.#count)
      throw new FrameError(`frame ${prefix.number} arrived as frame ${this.#count}: it was repeated or reordered`);
    const header = tryParseJson(content.toString("utf8", 0, prefix.headerBytes));
    if (typeof header !== "object" || header === null || Array.isArray(header))
      throw new FrameError("a frame's header is not an object");
    // A copy with a buffer of its own, which can be transferred to another thread.
    return prefix.hasBytes ? { ...header, d: new Uint8Array(content.subarray(prefix.headerBytes)) } : header;
  }
}
