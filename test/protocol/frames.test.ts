/** Frames on a pipe: what is written is read; what is over a limit, forged, repeated or out of order is refused. */
import crypto from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EGRESS_LIMITS, type EgressRequest } from "../../src/protocol/egress-messages.ts";
import {
  type FrameChannel,
  FrameError,
  FrameReader,
  frameAuthenticator,
  frameEncoder,
} from "../../src/protocol/frames.ts";

const KEY = Buffer.alloc(32, 7);
const CHANNEL = "worker-to-egress";
const MESSAGES: readonly EgressRequest[] = [
  { type: "data", id: 1, d: new Uint8Array([1, 2, 3]), isText: true },
  { type: "credit", id: 2, n: 7 },
  { type: "data", id: 3, d: new Uint8Array(0) },
  { type: "tcp", id: 4, host: "127.0.0.1", port: 5 },
  { type: "data", id: 5, d: new Uint8Array(5_000) },
];

function encoder({ key = KEY, channel = CHANNEL as FrameChannel } = {}): (message: object) => Buffer {
  const encode = frameEncoder(frameAuthenticator(crypto, key, channel));
  return (message) => Buffer.concat(encode(message));
}

function readerOf(onMessage: (message: object) => void = () => undefined): FrameReader {
  const authenticator = frameAuthenticator(crypto, KEY, CHANNEL);
  return new FrameReader({ authenticator, headerBytesMax: EGRESS_LIMITS.frameHeaderBytes, onMessage });
}

function prefix(headerBytes: number, bytes: number): Uint8Array {
  const buffer = Buffer.alloc(30);
  buffer.writeUInt32LE(headerBytes, 0);
  buffer.writeUInt32LE(bytes + 1, 4);
  return buffer;
}

describe("a reader of frames", () => {
  it.each([1, 3, 1_000])("returns the messages in order from chunks of %d bytes", (size) => {
    const bytes = Buffer.concat(MESSAGES.map(encoder()));
    const read: unknown[] = [];
    const reader = readerOf((message) => read.push(message));
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    expect(read).toEqual(MESSAGES);
  });

  it("keeps nothing of a chunk, which may be used again", () => {
    const bytes = Buffer.concat(MESSAGES.map(encoder()));
    const read: unknown[] = [];
    const reader = readerOf((message) => read.push(message));
    const chunk = Buffer.alloc(7);
    for (let at = 0; at < bytes.length; at += chunk.length)
      reader.push(chunk.subarray(0, bytes.copy(chunk, 0, at, at + chunk.length)));
    expect(read).toEqual(MESSAGES);
  });

  it("refuses lengths over the limits at once", () => {
    expect(() => readerOf().push(prefix(EGRESS_LIMITS.frameHeaderBytes + 1, 0))).toThrow("over the limit");
    expect(() => readerOf().push(prefix(2, EGRESS_LIMITS.frameBytes + 1))).toThrow("over the limit");
    expect(() => readerOf().push(prefix(2, EGRESS_LIMITS.frameBytes))).not.toThrow();
  });

  it.each(["[]", "null", "1", "{", ""])("refuses the authentic header %j", (header) => {
    const counted = Buffer.alloc(14);
    counted.writeUInt32LE(header.length, 0);
    counted.writeUIntLE(1, 8, 6);
    const content = Buffer.from(header);
    const authenticator = frameAuthenticator(crypto, KEY, CHANNEL)(1, [counted, content]);
    expect(() => readerOf().push(Buffer.concat([counted, authenticator, content]))).toThrow(
      "a frame's header is not an object",
    );
  });

  const [first, second] = [encoder(), encoder()].map((encode) => encode(MESSAGES[0] as object)) as [Buffer, Buffer];
  const both = (() => {
    const encode = encoder();
    return MESSAGES.slice(0, 3).map((message) => encode(message)) as [Buffer, Buffer, Buffer];
  })();
  it.each([
    ["a line of JSON", Buffer.from(`${JSON.stringify(MESSAGES[0])}\n`.repeat(3)), "over the limit"],
    ["a frame under another key", encoder({ key: Buffer.alloc(32, 8) })({ type: "abort", id: 1 }), "not authentic"],
    [
      "a long frame under another key",
      encoder({ key: Buffer.alloc(32, 8) })(MESSAGES.at(-1) as object),
      "not authentic",
    ],
    ["a frame of another channel", encoder({ channel: "egress-to-worker" })({ type: "abort", id: 1 }), "not authentic"],
    ["a frame of the other session channel", encoder({ channel: "worker-to-host" })({ e: "exit" }), "not authentic"],
    ["a repeated frame", Buffer.concat([first, second]), "frame 1 arrived as frame 2"],
    ["a frame that overtook another one", Buffer.concat([both[0], both[2], both[1]]), "frame 3 arrived as frame 2"],
    ["a frame after a dropped one", Buffer.concat([both[1]]), "frame 2 arrived as frame 1"],
  ])("refuses %s", (_what, bytes, reason) => {
    expect(() => readerOf().push(bytes)).toThrow(reason);
  });

  it("delivers nothing of a stream in which any one byte was changed, from that frame on", () => {
    const bytes = Buffer.concat(MESSAGES.map(encoder()));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        const read: object[] = [];
        const reader = readerOf((message) => read.push(message));
        try {
          reader.push(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
        expect(read).toEqual(MESSAGES.slice(0, read.length));
        expect(read.length).toBeLessThan(MESSAGES.length);
      }),
    );
  });
});
