import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../src/lib/line-splitter.ts";

function chunksOf(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let start = 0;
  for (let n = 0; start < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    chunks.push(bytes.subarray(start, start + size));
    start += size;
  }
  return chunks;
}

const anyText = fc
  .array(fc.constantFrom("a", "ü", "株", "📈", "\n", "\r", " "), { maxLength: 60 })
  .map((all) => all.join(""));
const anySizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

describe("a line splitter", () => {
  it("passes on the lines of the text, however the stream cuts it into chunks", () => {
    fc.assert(
      fc.property(anyText, anySizes, (text, sizes) => {
        const lines: string[] = [];
        const splitter = new LineSplitter({ maxBytes: 1_000, onLine: (line) => lines.push(line) });
        for (const chunk of chunksOf(Buffer.from(text), sizes)) splitter.push(chunk);
        splitter.end();
        const expected = text.split("\n");
        if (expected.at(-1) === "") expected.pop();
        expect(lines).toEqual(expected);
      }),
    );
  });

  it("without onTooLong passes on a long line in pieces within the bound that together are the text", () => {
    fc.assert(
      fc.property(anyText, anySizes, fc.integer({ min: 4, max: 12 }), (text, sizes, maxBytes) => {
        const pieces: string[] = [];
        const splitter = new LineSplitter({ maxBytes, onLine: (piece) => pieces.push(piece) });
        for (const chunk of chunksOf(Buffer.from(text), sizes)) splitter.push(chunk);
        splitter.end();
        for (const piece of pieces) expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(maxBytes);
        expect(pieces.join("")).toBe(text.replaceAll("\n", ""));
      }),
    );
  });

  it("reports a line that is too long once, with its size, and ignores the rest of the stream", () => {
    fc.assert(
      fc.property(anyText, anySizes, fc.integer({ min: 0, max: 12 }), (text, sizes, maxBytes) => {
        const lines: string[] = [];
        const reported: number[] = [];
        const splitter = new LineSplitter({
          maxBytes,
          onLine: (line) => lines.push(line),
          onTooLong: (bytes) => reported.push(bytes),
        });
        for (const chunk of chunksOf(Buffer.from(text), sizes)) splitter.push(chunk);
        splitter.end();
        const all = text.split("\n");
        const tooLong = all.findIndex((line) => Buffer.byteLength(line) > maxBytes);
        expect(lines).toEqual(tooLong === -1 ? (all.at(-1) === "" ? all.slice(0, -1) : all) : all.slice(0, tooLong));
        expect(reported).toHaveLength(tooLong === -1 ? 0 : 1);
        for (const bytes of reported) expect(bytes).toBeGreaterThan(maxBytes);
      }),
    );
  });

  it("passes on nothing after close, also from the chunk that is being split", () => {
    const lines: string[] = [];
    const splitter = new LineSplitter({
      maxBytes: 100,
      onLine: (line) => {
        lines.push(line);
        if (line === "two") splitter.close();
      },
    });
    splitter.push("one\ntwo\nthree\nfour");
    splitter.push("five\n");
    splitter.end();
    expect(lines).toEqual(["one", "two"]);
  });
});
