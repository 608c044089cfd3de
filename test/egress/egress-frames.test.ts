/** Egress messages on a pipe: what is written is read, and a length over its limit is refused before it is stored. */
import { describe, expect, it } from "vitest";
import { FrameReader, encodeFrame } from "../../src/protocol/egress-frames.ts";
import { EGRESS_LIMITS, type EgressRequest } from "../../src/protocol/egress-messages.ts";

const MESSAGES: readonly EgressRequest[] = [
  { type: "data", id: 1, d: new Uint8Array([1, 2, 3]), isText: true },
  { type: "credit", id: 2, n: 7 },
  { type: "data", id: 3, d: new Uint8Array(0) },
  { type: "tcp", id: 4, host: "127.0.0.1", port: 5 },
];

function prefix(headerBytes: number, bytes: number): Uint8Array {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(headerBytes, 0);
  buffer.writeUInt32LE(bytes, 4);
  return buffer;
}

describe("a reader of frames", () => {
  it.each([1, 3, 1_000])("returns the messages in order from chunks of %d bytes", (size) => {
    const bytes = Buffer.concat(MESSAGES.flatMap((message) => encodeFrame(message)));
    const read: unknown[] = [];
    const reader = new FrameReader((message) => read.push(message));
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    expect(read).toEqual(MESSAGES);
  });

  it("refuses lengths over the limits at once", () => {
    const reader = (): FrameReader => new FrameReader(() => undefined);
    expect(() => reader().push(prefix(EGRESS_LIMITS.frameHeaderBytes + 1, 0))).toThrow("over the limit");
    expect(() => reader().push(prefix(2, EGRESS_LIMITS.frameBytes + 1))).toThrow("over the limit");
    expect(() => reader().push(prefix(2, EGRESS_LIMITS.frameBytes))).not.toThrow();
  });

  it.each(["[]", "null", "1", "{"])("refuses the header %s", (header) => {
    const frame = Buffer.concat([prefix(header.length, 0), Buffer.from(header)]);
    expect(() => new FrameReader(() => undefined).push(frame)).toThrow();
  });
});
