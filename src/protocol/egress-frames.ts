/**
 * Egress messages on a pipe. A frame is the length of its header (4 bytes, little endian), the length of its bytes
 * (4), the header as JSON, and the bytes of the message's member `d`. Lengths are checked before anything is stored.
 */
import { EGRESS_LIMITS, type EgressReply, type EgressRequest } from "./egress-messages.ts";

const PREFIX_BYTES = 8;

/** Returns the frame's parts; written one after the other they are the frame. */
export function encodeFrame(message: EgressRequest | EgressReply): readonly Uint8Array[] {
  const { d, ...members } = message as { readonly d?: Uint8Array | undefined };
  const header = Buffer.from(JSON.stringify({ ...members, hasBytes: d !== undefined }));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32LE(header.length, 0);
  prefix.writeUInt32LE(d?.byteLength ?? 0, 4);
  const head = Buffer.concat([prefix, header]);
  return d === undefined || d.byteLength === 0 ? [head] : [head, d];
}

/** Splits a stream of bytes into messages. */
export class FrameReader {
  readonly #onMessage: (message: unknown) => void;
  #parts: Uint8Array[] = [];
  #size = 0;
  /** Bytes that are needed for the next step. */
  #needed = PREFIX_BYTES;
  #headerBytes: number | undefined;
  #isClosed = false;

  constructor(onMessage: (message: unknown) => void) {
    this.#onMessage = onMessage;
  }

  /**
   * @throws Error if a length is over its limit or a header is not a JSON object. The stream is unusable afterwards.
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
    if (this.#headerBytes === undefined) {
      const [headerBytes, bytes] = [taken.readUInt32LE(0), taken.readUInt32LE(4)];
      if (headerBytes > EGRESS_LIMITS.frameHeaderBytes || bytes > EGRESS_LIMITS.frameBytes)
        throw new Error(`a frame of ${headerBytes} + ${bytes} bytes is over the limit`);
      this.#headerBytes = headerBytes;
      this.#needed = headerBytes + bytes;
      return;
    }
    const message = parseFrame(taken, this.#headerBytes);
    this.#headerBytes = undefined;
    this.#needed = PREFIX_BYTES;
    this.#onMessage(message);
  }
}

function parseFrame(frame: Buffer, headerBytes: number): unknown {
  const header: unknown = JSON.parse(frame.toString("utf8", 0, headerBytes));
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw new Error("a frame's header is not an object");
  const { hasBytes, d: _d, ...members } = header as { hasBytes?: unknown; d?: unknown };
  // A copy with a buffer of its own, which can be transferred to another thread.
  return hasBytes === true ? { ...members, d: new Uint8Array(frame.subarray(headerBytes)) } : members;
}
