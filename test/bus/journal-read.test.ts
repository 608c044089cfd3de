import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { openJournal } from "../../src/bus/journal.ts";
import { type JournalScan, scanJournal } from "../../src/bus/journal-read.ts";
import { matchingEnd } from "../../src/bus/journal-record.ts";
import type { LineChecker } from "../../src/bus/segment-reader.ts";
import { type CrashDisk, crashDisk } from "../support/crash-disk.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { FIRST_SEGMENT, JOURNAL_DIR, openJournalHarness, runStarted } from "../support/journal-harness.ts";
import { quietLog } from "../support/quiet-log.ts";

/** Three segments of a few records each, as text by name. */
let segments: ReadonlyMap<string, Buffer>;
const RECORDS = 8;

async function filled(segmentBytes?: number): Promise<Map<string, Buffer>> {
  const stand = await openJournalHarness(crashDisk(), segmentBytes);
  for (let i = 0; i < RECORDS; i++)
    await stand.journal.append(runStarted(`Läufer ${i} 🙂`), { durable: true }).committed;
  await stand.journal.close();
  const files = new Map<string, Buffer>();
  for (const { name } of await stand.disk.list(JOURNAL_DIR)) files.set(name, stand.disk.peek(`${JOURNAL_DIR}/${name}`));
  return files;
}

async function diskOf(files: ReadonlyMap<string, Buffer>): Promise<CrashDisk> {
  const disk = crashDisk();
  await disk.mkdir(JOURNAL_DIR);
  for (const [name, bytes] of files) disk.put(`${JOURNAL_DIR}/${name}`, bytes);
  return disk;
}

async function scanOf(files: ReadonlyMap<string, Buffer>, checker?: LineChecker): Promise<JournalScan> {
  return scanJournal(await diskOf(files), JOURNAL_DIR, { openChecker: checker && (() => checker) });
}

function linesOf(bytes: Buffer | undefined): string[] {
  return (bytes ?? Buffer.alloc(0)).toString("utf8").split("\n").slice(0, -1);
}
function joined(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(""));
}

beforeAll(async () => {
  segments = await filled(700);
  expect(segments.size).toBeGreaterThanOrEqual(3);
});

describe("a torn tail", () => {
  it("a file cut at any byte of the last record loses only that record, and its bytes are kept", async () => {
    const whole = (await filled()).get("000001.ndjson") ?? Buffer.alloc(0);
    const lastStart = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let cut = lastStart; cut < whole.length; cut++) {
      const stand = await openJournalHarness(await diskOf(new Map([["000001.ndjson", whole.subarray(0, cut)]])));
      expect(stand.scan.events, `cut at ${cut}`).toHaveLength(RECORDS - 1);
      expect(stand.disk.peek(FIRST_SEGMENT).equals(whole.subarray(0, lastStart))).toBe(true);
      if (cut > lastStart) {
        expect(stand.scan.torn).toEqual({ segment: "000001.ndjson", offset: lastStart, bytes: cut - lastStart });
        expect(
          stand.disk.peek(`${JOURNAL_DIR}/torn/000001.ndjson.${lastStart}`).equals(whole.subarray(lastStart, cut)),
        ).toBe(true);
        const bytes = cut - lastStart === 1 ? "1 byte" : `${cut - lastStart} bytes`;
        expect(stand.log.text()).toContain(`last line of ${bytes} was set aside`);
      } else expect(stand.scan.torn).toBeUndefined();
      expect(stand.journal.append(runStarted("again")).recorded.seq).toBe(RECORDS);
      await stand.journal.close();
      const after = await scanJournal(stand.disk, JOURNAL_DIR);
      expect([after.torn, after.corrupt, after.events.length]).toEqual([undefined, undefined, RECORDS]);
    }
  });

  it("a first segment with only a torn line is an empty journal", async () => {
    const stand = await openJournalHarness(await diskOf(new Map([["000001.ndjson", Buffer.from('{"seq":1,')]])));
    expect(stand.scan.events).toEqual([]);
    expect(stand.journal.append(runStarted("first")).recorded.seq).toBe(1);
  });
});

describe("any flipped bit", () => {
  it("a flipped bit is found in any record of any segment", async () => {
    const names = [...segments.keys()];
    const place = fc.record({ name: fc.constantFrom(...names), at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) });
    const whole = await scanOf(segments);
    await fc.assert(
      fc.asyncProperty(place, async ({ name, at, bit }) => {
        const damaged = Buffer.from(segments.get(name) ?? []);
        const index = at % damaged.length;
        damaged[index] = (damaged[index] ?? 0) ^ (1 << bit);
        const scan = await scanOf(new Map([...segments, [name, damaged]]));
        expect(scan.corrupt ?? scan.torn).toBeDefined();
        expect((scan.corrupt ?? scan.torn)?.segment).toBe(name);
        expect(scan.events).toEqual(whole.events.slice(0, scan.events.length));
        // What reads as torn is the very last record, never an earlier one.
        if (scan.torn !== undefined) expect(scan.events).toHaveLength(RECORDS - 1);
      }),
      { numRuns: 600 },
    );
  });
});

describe("lines that another thread compares with their hashes", () => {
  interface CountedChecker extends LineChecker {
    readonly counts: { checks: number; closed: number };
  }

  function checkerOf(check: (segment: Buffer) => Promise<number>): CountedChecker {
    const counts = { checks: 0, closed: 0 };
    return {
      counts,
      check: (segment) => {
        counts.checks += 1;
        return check(Buffer.from(segment));
      },
      close: () => void (counts.closed += 1),
    };
  }

  it("give the same scan, whatever is damaged and whether the thread answers", async () => {
    const names = [...segments.keys()];
    const place = fc.record({ name: fc.constantFrom(...names), at: fc.nat(), bit: fc.integer({ min: 0, max: 8 }) });
    await fc.assert(
      fc.asyncProperty(place, fc.boolean(), async ({ name, at, bit }, hasEnded) => {
        const damaged = Buffer.from(segments.get(name) ?? []);
        const index = at % damaged.length;
        // Bit 8: nothing is damaged.
        damaged[index] = (damaged[index] ?? 0) ^ ((1 << bit) & 0xff);
        const files = new Map([...segments, [name, damaged]]);
        const checker = checkerOf(async (segment) => (hasEnded ? 0 : matchingEnd(segment)));
        expect(await scanOf(files, checker)).toEqual(await scanOf(files));
        expect(checker.counts.checks).toBeGreaterThan(0);
        expect(checker.counts.closed).toBe(1);
      }),
      { numRuns: 300 },
    );
  });

  it("are all but those of the first segment, and a segment with damage is compared up to it", async () => {
    const [, second = Buffer.alloc(0), ...others] = [...segments.values()];
    const damaged = Buffer.from(second);
    const lastStart = damaged.lastIndexOf(10, damaged.length - 2) + 1;
    damaged[lastStart + 20] = (damaged[lastStart + 20] ?? 0) ^ 1;
    expect(matchingEnd(second)).toBe(second.length);
    expect(matchingEnd(damaged)).toBe(lastStart);
    const checker = checkerOf(async (segment) => matchingEnd(segment));
    await scanOf(segments, checker);
    expect(checker.counts.checks).toBe(1 + others.length);
  });

  it("of a short journal are compared by the scan alone", async () => {
    const checker = checkerOf(async () => 0);
    await scanOf(new Map([...segments].slice(0, 2)), checker);
    expect(checker.counts).toEqual({ checks: 0, closed: 0 });
  });
});

describe("damage names its segment and line", () => {
  const name = "000001.ndjson";
  const edit = async (change: (lines: string[]) => string[]): Promise<JournalScan> => {
    const whole = await filled();
    return scanOf(new Map([[name, joined(change(linesOf(whole.get(name))))]]));
  };

  it("a deleted line is reported with its segment and line", async () => {
    const scan = await edit((lines) => lines.toSpliced(3, 1));
    expect(scan.corrupt).toEqual({ segment: name, line: 4, message: "has sequence number 5 instead of 4" });
    expect(scan.events).toHaveLength(3);
    expect(scan.head.seq).toBe(3);
  });

  it("the deleted second-to-last line is reported with its segment and line", async () => {
    const scan = await edit((lines) => lines.toSpliced(-2, 1));
    expect(scan.corrupt).toMatchObject({ segment: name, line: RECORDS - 1 });
  });

  it("two swapped lines are reported with their segment and line", async () => {
    const scan = await edit((lines) => [...lines.slice(0, 2), lines[3] ?? "", lines[2] ?? "", ...lines.slice(4)]);
    expect(scan.corrupt).toMatchObject({ segment: name, line: 3, message: "has sequence number 4 instead of 3" });
  });

  it("a duplicate line is reported with its segment and line", async () => {
    const scan = await edit((lines) => lines.toSpliced(2, 0, lines[2] ?? ""));
    expect(scan.corrupt).toMatchObject({ segment: name, line: 4 });
  });

  it("a damaged newline is corruption, so that an acknowledged record is not taken for a torn one", async () => {
    const whole = (await filled()).get(name) ?? Buffer.alloc(0);
    for (const [from, line] of [
      [whole.length - 2, RECORDS - 1],
      [whole.length - 1, RECORDS],
    ] as const) {
      const damaged = Buffer.from(whole);
      damaged[damaged.lastIndexOf(10, from)] = 11;
      expect((await scanOf(new Map([[name, damaged]]))).corrupt).toMatchObject({ segment: name, line });
    }
  });

  it("an empty line is reported with its segment and line", async () => {
    expect((await edit((lines) => lines.toSpliced(2, 0, ""))).corrupt).toMatchObject({
      segment: name,
      line: 3,
      message: "has no hash",
    });
  });

  it("a line of another journal is reported with its segment and line", async () => {
    const other = await openJournalHarness();
    for (let i = 0; i < 4; i++) await other.journal.append(runStarted(`other ${i}`), { durable: true }).committed;
    const foreign = linesOf(other.disk.peek(FIRST_SEGMENT))[3] ?? "";
    const scan = await edit((lines) => lines.with(3, foreign));
    expect(scan.corrupt).toEqual({
      segment: name,
      line: 4,
      message: "does not contain the hash of the line before it",
    });
  });

  it("a format boundary that names another last record of the old format is reported", async () => {
    const { disk, journal } = await openJournalHarness();
    journal.append(runStarted("a"));
    const { seq, hash } = journal.head;
    const boundary = { type: "journal.upgraded", from: 1, to: 2 } as const;
    journal.append({ ...boundary, lastSeq: seq, lastHash: hash });
    journal.append({ ...boundary, lastSeq: seq + 1, lastHash: hash });
    await journal.close();
    expect((await scanJournal(disk, JOURNAL_DIR)).corrupt).toEqual({
      segment: name,
      line: 3,
      message: "names another record as the last record of the old format",
    });
  });

  it("a truncated middle segment is reported, whether the cut is within or between lines", async () => {
    const middle = segments.get("000002.ndjson") ?? Buffer.alloc(0);
    const inLine = await scanOf(new Map([...segments, ["000002.ndjson", middle.subarray(0, middle.length - 20)]]));
    expect(inLine.corrupt).toMatchObject({
      segment: "000002.ndjson",
      line: linesOf(middle).length,
      message: "has no newline",
    });
    const whole = linesOf(middle);
    expect(whole.length).toBeGreaterThan(1);
    const between = await scanOf(new Map([...segments, ["000002.ndjson", joined(whole.slice(0, -1))]]));
    expect(between.corrupt).toMatchObject({ segment: "000003.ndjson", line: 1 });
  });

  it("a missing first or middle segment is reported", async () => {
    for (const gone of ["000001.ndjson", "000002.ndjson"]) {
      const scan = await scanOf(new Map([...segments].filter(([at]) => at !== gone)));
      expect(scan.corrupt).toMatchObject({
        segment: gone === "000001.ndjson" ? "000002.ndjson" : "000003.ndjson",
        line: 1,
      });
    }
  });

  it("a corrupt journal is not opened for writing and not changed", async () => {
    const whole = await filled();
    const damaged = joined(linesOf(whole.get(name)).toSpliced(3, 1));
    const disk = await diskOf(new Map([[name, damaged]]));
    const { scan, journal } = await openJournal({ disk, dir: JOURNAL_DIR, clock: fakeClock(), log: quietLog() });
    expect(journal).toBeUndefined();
    expect(scan.corrupt).toBeDefined();
    expect(disk.peek(FIRST_SEGMENT).equals(damaged)).toBe(true);
  });
});

it("the scan does not read other files in the journal's folder", async () => {
  const scan = await scanOf(
    new Map([...segments, ["000001.ndjson.bak", Buffer.from("x")], ["note.txt", Buffer.from("y")]]),
  );
  expect(scan.corrupt).toBeUndefined();
  expect(scan.events).toHaveLength(RECORDS);
});
