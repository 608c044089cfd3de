/** A line of the journal is read by its bytes: as it was written, whatever the lines before it were. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GENESIS, LINE_BYTES_MAX, readLine } from "../../src/bus/journal-record.ts";
import { LineBuffer } from "../../src/bus/line-buffer.ts";
import type { Recorded } from "../../src/domain/event.ts";
import { journalLine } from "../support/journal-line.ts";

const at = fc.oneof(
  fc.integer({ min: 0, max: 180_000 }),
  fc.integer({ min: 0, max: 7_900 }).map((year) => Date.UTC(2026, 0, 1) + year * 31_556_952_000),
);
const record = fc.record({
  seq: fc.oneof(fc.nat(3), fc.integer({ min: 1, max: 999_999_999_999_999 })),
  at,
  epoch: fc.nat(12),
  event: fc.record({ type: fc.constant("page.refused" as const), reason: fc.string({ unit: "binary" }) }),
});

/** A line of these first members with the hash that it ought to have. */
function lineWith(head: string, prev = GENESIS): Buffer {
  const open = `${head}"type":"desk.stopped","prev":"${prev}"}`;
  const hash = createHash("sha256").update(open).digest("hex");
  return Buffer.from(`${open.slice(0, -1)},"h":"${hash}"}`);
}

describe("a line", () => {
  it("is read as it was written, after any other lines", () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), (records) => {
        let [prev, before] = [GENESIS, ""];
        for (const written of records as unknown as Recorded[]) {
          const { text, hash } = journalLine(written, prev);
          const line = Buffer.from(text.slice(0, -1));
          const expected = { recorded: written, prev, hash };
          expect(readLine(line)).toEqual(expected);
          for (const last of ["", prev, "f".repeat(64)]) {
            const among = Buffer.from(`${before}${text}${text}`);
            const start = Buffer.byteLength(before);
            expect(readLine(among, { start, end: start + line.length, last })).toEqual(expected);
            expect(among.toString()).toBe(`${before}${text}${text}`);
          }
          before = text;
          prev = hash;
        }
      }),
    );
  });

  it("is in the buffer as it is as text, in a buffer that was used before", () => {
    const buffer = new LineBuffer();
    const batch = fc.array(record, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(batch, fc.nat(80_000), (records, chars) => {
        let [prev, expected] = [GENESIS, ""];
        for (const written of records as unknown as Recorded[]) {
          const event = { ...written.event, reason: "\u20ac".repeat(chars / records.length) } as Recorded["event"];
          for (const recorded of [written, { ...written, event }]) {
            const { text, hash } = journalLine(recorded, prev);
            expect(buffer.append(recorded, prev)).toBe(hash);
            expected += text;
            prev = hash;
          }
        }
        expect(Buffer.from(buffer.bytes).toString()).toBe(expected);
        buffer.clear();
      }),
      { numRuns: 30 },
    );
    expect(buffer.bytes).toHaveLength(0);
  });

  it("that is too large leaves the buffer as it was", () => {
    const buffer = new LineBuffer();
    const event = (reason: string) => ({ type: "trading.changed", state: "halted", reason, actor: "host" }) as const;
    const recorded = (reason: string): Recorded => ({ seq: 1, at: 0, epoch: 0, event: event(reason) });
    const { text, hash } = journalLine(recorded("a"), GENESIS);
    buffer.append(recorded("a"), GENESIS);
    const room = LINE_BYTES_MAX - Buffer.byteLength(text) + 1;
    expect(() => buffer.append(recorded("b".repeat(room + 1)), hash)).toThrowError(
      expect.objectContaining({ code: "TOO_LARGE" }),
    );
    expect(Buffer.from(buffer.bytes).toString()).toBe(text);
    buffer.append(recorded("b".repeat(room)), hash);
    expect(buffer.bytes).toHaveLength(Buffer.byteLength(text) + LINE_BYTES_MAX);
  });

  it("of the first format has no epoch", () => {
    const read = readLine(lineWith('{"seq":7,"ts":"2026-07-05T14:03:59.999Z",'));
    const recorded = { seq: 7, at: Date.UTC(2026, 6, 5, 14, 3, 59, 999), epoch: 0, event: { type: "desk.stopped" } };
    expect(read).toMatchObject({ recorded, prev: GENESIS });
  });

  it.each([
    ["no number", '{"seq":,"ts":"2026-07-05T14:03:00.000Z",'],
    ["a long number", `{"seq":${"1".repeat(16)},"ts":"2026-07-05T14:03:00.000Z",`],
    ["no time", '{"seq":1,"ts":"","epoch":1,'],
    ["the second 60", '{"seq":1,"ts":"2026-07-05T14:03:60.000Z",'],
    ["a time with a letter", '{"seq":1,"ts":"2026-07-05T14:03:0a.000Z",'],
    ["the month 13", '{"seq":1,"ts":"2026-13-05T14:03:00.000Z",'],
    ["a time without a zone", '{"seq":1,"ts":"2026-07-05T14:03:00.0000",'],
    ["an epoch without a number", '{"seq":1,"ts":"2026-07-05T14:03:00.000Z","epoch":x,'],
    ["another first member", '{"sex":1,"ts":"2026-07-05T14:03:00.000Z",'],
    ["more between", '{"seq":1,"ts":"2026-07-05T14:03:00.000Z","epoch":1,"x":1,'],
  ])("with %s lacks its fixed fields, though its hash is right", (_what, head) => {
    // The minute of the line before is known.
    expect(typeof readLine(lineWith('{"seq":7,"ts":"2026-07-05T14:03:59.999Z",'))).toBe("object");
    expect(readLine(lineWith(head))).toBe("lacks its fixed fields");
  });

  it("with another byte does not match its hash", () => {
    const line = lineWith('{"seq":1,"ts":"2026-07-05T14:03:00.000Z",');
    for (let place = 0; place < line.length; place++) {
      const damaged = Buffer.from(line);
      damaged[place] = (damaged[place] ?? 0) ^ 1;
      expect(["does not match its hash", "has no hash"]).toContain(readLine(damaged));
    }
  });
});
