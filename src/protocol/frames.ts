/**
 * Frames on the pipes between the desk and a connector's process. A frame is the length of its header (4 bytes, little
 * endian), the length of its bytes plus 1, or 0 if it has none (4), its number from 1 (6), its authenticator (16), the
 * header as JSON, and the bytes of the message's member `d`. Lengths are checked before anything is stored.
 *
 * The pipes are descriptors of two processes, so code that is neither the desk's nor the connector's could write to
 * them. Only the two ends know the key of the session: a frame that is forged, repeated or out of order makes the
 * reader throw.
 */
import type { createCipheriv, createHmac, createSecretKey, hash } from "node:crypto";
import { tryParseJson } from "../lib/json.ts";
import { EGRESS_LIMITS } from "./egress-messages.ts";

/** One direction of one pipe. A frame of one channel is not authentic on another. */
export type FrameChannel = "host-to-worker" | "worker-to-host" | "egress-to-worker" | "worker-to-egress";

/** Returns the authenticator of the parts of the frame with this number. */
export type FrameAuthenticator = (number: number, parts: readonly Uint8Array[]) => Buffer;

/** Node's functions: a thread-level worker, which has no frames, does not load their module. */
export interface FrameCrypto {
  readonly createHmac: typeof createHmac;
  readonly createCipheriv: typeof createCipheriv;
  readonly createSecretKey: typeof createSecretKey;
  readonly hash: typeof hash;
}

export const SESSION_KEY_BYTES = 32;
const COUNTED_BYTES = 14;
const AUTHENTICATOR_BYTES = 16;
const NONCE_BYTES = 12;
/** A frame that is shorter has a hash for its authenticator. */
const HASHED_BYTES_MAX = 4_096;
/** Bytes of a frame's number. */
const NUMBER_BYTES = 6;
const PREFIX_BYTES = COUNTED_BYTES + AUTHENTICATOR_BYTES;

/** The bytes of a pipe are not the frames of its other end. */
export class FrameError extends Error {}

/**
 * The authenticator of a short frame is SHA-512/256 of a key and the frame: the hash is truncated, so the hash of a
 * longer text does not follow from it. Of a longer frame it is that of AES-256-GCM without any text, with the number as
 * nonce. Over large bodies this takes a ninth of the time of a hash; for a short frame, making the cipher takes most of
 * the time. Each channel has two keys of its own, so no nonce is used twice.
 */
export function frameAuthenticator(
  { createHmac, createCipheriv, createSecretKey, hash }: FrameCrypto,
  sessionKey: Uint8Array,
  channel: FrameChannel,
): FrameAuthenticator {
  const keyFor = (use: string): Buffer => createHmac("sha256", sessionKey).update(`${channel}${use}`).digest();
  // Node 24 takes five times as long with the bytes of a key.
  const cipherKey = createSecretKey(keyFor(""));
  const hashKey = keyFor(" hash");
  return (number, parts) => {
    const size = parts.reduce((sum, part) => sum + part.byteLength, 0);
    if (size <= HASHED_BYTES_MAX)
      return hash("sha512-256", Buffer.concat([hashKey, ...parts]), "buffer").subarray(0, AUTHENTICATOR_BYTES);
    const nonce = Buffer.alloc(NONCE_BYTES);
    nonce.writeUIntLE(number, 0, NUMBER_BYTES);
    const gcm = createCipheriv("aes-256-gcm", cipherKey, nonce);
    for (const part of parts) gcm.setAAD(part);
    gcm.final();
    return gcm.getAuthTag();
  };
}

/** Returns a function that encodes messages. The parts that it returns, written one after the other, are one frame. */
export function frameEncoder(authenticator: FrameAuthenticator): (message: object) => readonly Uint8Array[] {
  let count = 0;
  return (message) => {
    const { d, ...members } = message as { readonly d?: Uint8Array | undefined };
    const header = JSON.stringify(members);
    const headerBytes = Buffer.byteLength(header);
    const head = Buffer.allocUnsafe(PREFIX_BYTES + headerBytes);
    count += 1;
    head.writeUInt32LE(headerBytes, 0);
    head.writeUInt32LE(d === undefined ? 0 : d.byteLength + 1, 4);
    head.writeUIntLE(count, 8, NUMBER_BYTES);
    head.write(header, PREFIX_BYTES);
    const bytes = d === undefined || d.byteLength === 0 ? [] : [d];
    const parts = [head.subarray(0, COUNTED_BYTES), head.subarray(PREFIX_BYTES), ...bytes];
    head.set(authenticator(count, parts), COUNTED_BYTES);
    return [head, ...bytes];
  };
}

/** The longest header of a message to a worker: the first one has the bundle. V8 makes no longer text of it. */
export const WORKER_HEADER_BYTES = 512 * 1024 * 1024;

export interface FrameReaderOptions {
  readonly authenticator: FrameAuthenticator;
  readonly headerBytesMax: number;
  readonly onMessage: (message: object) => void;
}

/** The parts of a frame, in the order in which they arrive. */
interface FrameParts {
  readonly prefix: Buffer;
  readonly header: Buffer;
  /** With a buffer of its own: undefined if the message has no bytes. */
  readonly d: Uint8Array | undefined;
}

/**
 * Splits a stream of bytes into messages. Each byte is copied once, to the place where the message keeps it, so a chunk
 * may be used again after `push`.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  #prefix: Buffer = Buffer.alloc(PREFIX_BYTES);
  /** Undefined while the prefix is read. */
  #parts: FrameParts | undefined;
  #target: Uint8Array = this.#prefix;
  /** Bytes that the target has. */
  #filled = 0;
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
    for (let at = 0; at < chunk.byteLength && !this.#isClosed;) {
      const taken = chunk.subarray(at, at + this.#target.byteLength - this.#filled);
      this.#target.set(taken, this.#filled);
      this.#filled += taken.byteLength;
      at += taken.byteLength;
      while (!this.#isClosed && this.#filled === this.#target.byteLength) this.#step();
    }
  }

  /** Drops everything that follows. */
  close(): void {
    this.#isClosed = true;
    this.#parts = undefined;
    this.#prefix = Buffer.alloc(0);
    this.#target = this.#prefix;
  }

  /** Goes on to the next part of the frame, or to the next frame. */
  #step(): void {
    const parts = this.#parts;
    if (parts === undefined) {
      this.#parts = this.#readPrefix(this.#prefix);
      this.#fill(this.#parts.header);
    } else if (this.#target === parts.header && parts.d !== undefined) this.#fill(parts.d);
    else {
      this.#parts = undefined;
      this.#fill((this.#prefix = Buffer.alloc(PREFIX_BYTES)));
      this.#options.onMessage(this.#checkedMessage(parts));
    }
  }

  #fill(target: Uint8Array): void {
    this.#target = target;
    this.#filled = 0;
  }

  #readPrefix(prefix: Buffer): FrameParts {
    const [headerBytes, bytesPlusOne] = [prefix.readUInt32LE(0), prefix.readUInt32LE(4)];
    if (headerBytes > this.#options.headerBytesMax || bytesPlusOne > EGRESS_LIMITS.frameBytes + 1)
      throw new FrameError(`a frame of ${headerBytes} + ${Math.max(0, bytesPlusOne - 1)} bytes is over the limit`);
    const d = bytesPlusOne > 0 ? new Uint8Array(bytesPlusOne - 1) : undefined;
    return { prefix, header: Buffer.allocUnsafe(headerBytes), d };
  }

  #checkedMessage({ prefix, header, d }: FrameParts): object {
    const number = prefix.readUIntLE(8, NUMBER_BYTES);
    const expected = this.#options.authenticator(number, [
      prefix.subarray(0, COUNTED_BYTES),
      header,
      ...(d ? [d] : []),
    ]);
    // Compared without timing safety: a wrong frame ends the session, so there is no second guess under the same key.
    if (!expected.equals(prefix.subarray(COUNTED_BYTES)))
      throw new FrameError("a frame is not authentic: another process or thread wrote to the pipe");
    this.#count += 1;
    if (number !== this.#count)
      throw new FrameError(`frame ${number} arrived as frame ${this.#count}: it was repeated or reordered`);
    const message = tryParseJson(header.toString("utf8"));
    if (typeof message !== "object" || message === null || Array.isArray(message))
      throw new FrameError("a frame's header is not an object");
    return d === undefined ? message : { ...message, d };
  }
}
