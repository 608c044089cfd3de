import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LINE_BYTES_MAX } from "../../src/bus/journal-record.ts";
import { scanJournal } from "../../src/bus/journal-read.ts";
import type { CrashDisk, FaultCode } from "../support/crash-disk.ts";
import {
  FIRST_SEGMENT,
  JOURNAL_DIR,
  type JournalHarness,
  openJournalHarness,
  outcomeOf,
  runStarted,
  settled,
} from "../support/journal-harness.ts";

function linesOf(stand: JournalHarness, path = FIRST_SEGMENT): string[] {
  return stand.disk.peek(path).toString("utf8").split("\n").slice(0, -1);
}

describe("a line", () => {
  it("a line is written with exactly these bytes", async () => {
    const stand = await openJournalHarness();
    stand.journal.epoch = 3;
    await stand.journal.append({ type: "desk.created", format: 1, deskId: "d1" }, { durable: true }).committed;
    const first =
      '{"seq":1,"ts":"2026-07-06T13:30:00.000Z","epoch":3,"type":"desk.created","format":1,"deskId":"d1",' +
      `"prev":"${"0".repeat(64)}"}`;
    const hash = createHash("sha256").update(first).digest("hex");
    expect(hash).toBe("7428e3149f051a3f4c56490bfea32ccefe3f662132edbdd9e65bfba63fd33843");
    expect(stand.disk.peek(FIRST_SEGMENT).toString()).toBe(`${first.slice(0, -1)},"h":"${hash}"}\n`);
    expect(stand.journal.head).toEqual({ seq: 1, hash });
  });

  it("a line with any text reads back unchanged", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 8 }), async (texts) => {
        const stand = await openJournalHarness();
        const appended = texts.map((text) => stand.journal.append(runStarted(text)).recorded);
        await stand.journal.close();
        expect((await openJournalHarness(stand.disk)).scan.events).toEqual(appended);
      }),
      { numRuns: 50 },
    );
  });
});

describe("appending", () => {
  it("append assigns order and sequence number before it returns", async () => {
    const { journal } = await openJournalHarness();
    expect(["a", "b", "c"].map((run) => journal.append(runStarted(run)).recorded.seq)).toEqual([1, 2, 3]);
    expect(journal.head.seq).toBe(3);
  });

  it("records appended in one tick share one write and one sync", async () => {
    const stand = await openJournalHarness();
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => stand.journal.append(runStarted(`r${i}`), { durable: true }).committed),
    );
    expect(stand.disk.counts).toEqual({ writes: 1, syncs: 1 });
    expect(linesOf(stand)).toHaveLength(100);
  });

  it("records appended during a flush are written together by the next flush", async () => {
    const stand = await openJournalHarness();
    const held = stand.disk.hold();
    const first = stand.journal.append(runStarted("first"), { durable: true });
    await settled();
    const later = Array.from(
      { length: 10 },
      (_, i) => stand.journal.append(runStarted(`r${i}`), { durable: true }).committed,
    );
    held.release();
    await Promise.all([first.committed, ...later]);
    expect(stand.disk.counts).toEqual({ writes: 2, syncs: 2 });
  });

  it("records are acknowledged only after their sync, and all records of one sync together", async () => {
    const stand = await openJournalHarness();
    const held = stand.disk.hold();
    const order: string[] = [];
    const one = stand.journal.append(runStarted("one"), { durable: true });
    const two = stand.journal.append(runStarted("two"), { durable: true });
    void two.committed.then(() => order.push("two"));
    void one.committed.then(() => order.push("one"));
    await settled();
    expect(stand.disk.counts.writes).toBe(1);
    expect(order).toEqual([]);
    held.release();
    await two.committed;
    expect(order.toSorted()).toEqual(["one", "two"]);
    expect(stand.disk.counts.syncs).toBe(1);
  });

  it("a record without durable is flushed after 50 ms, and not earlier", async () => {
    const stand = await openJournalHarness();
    const { committed } = stand.journal.append(runStarted("lazy"));
    stand.clock.advance(49);
    expect(await outcomeOf(committed)).toBe("pending");
    expect(stand.disk.counts.writes).toBe(0);
    stand.clock.advance(1);
    expect(await outcomeOf(committed)).toBe("resolved");
    expect(stand.disk.counts).toEqual({ writes: 1, syncs: 1 });
    expect(stand.clock.waiting).toBe(0);
    const second = stand.journal.append(runStarted("lazy again"));
    stand.clock.advance(50);
    expect(await outcomeOf(second.committed)).toBe("resolved");
  });

  it("a durable record also flushes the records before it", async () => {
    const stand = await openJournalHarness();
    const lazy = stand.journal.append(runStarted("lazy"));
    await stand.journal.append(runStarted("durable"), { durable: true }).committed;
    expect(await outcomeOf(lazy.committed)).toBe("resolved");
    expect(stand.clock.waiting).toBe(0);
  });

  it("a flush ends while further records arrive without a pause", async () => {
    const stand = await openJournalHarness();
    let isOver = false;
    // Each record that reaches the disk appends the next one.
    const goOn = (): void => {
      if (!isOver) void stand.journal.append(runStarted("flood"), { durable: true }).committed.then(goOn);
    };
    goOn();
    expect(await outcomeOf(stand.journal.flush())).toBe("resolved");
    isOver = true;
    await stand.journal.close();
  });

  it("a record that is appended as a flush ends is still written", async () => {
    const stand = await openJournalHarness();
    await stand.journal.append(runStarted("one"), { durable: true }).committed;
    const two = stand.journal.append(runStarted("two"), { durable: true });
    await two.committed;
    expect(stand.disk.counts.syncs).toBe(2);
  });

  it("close writes the remaining records", async () => {
    const stand = await openJournalHarness();
    const { committed } = stand.journal.append(runStarted("last"));
    await stand.journal.close();
    expect(await outcomeOf(committed)).toBe("resolved");
    expect(stand.clock.waiting).toBe(0);
  });

  it("a long journal is written to several segments and reads back as one chain", async () => {
    const stand = await openJournalHarness(undefined, 600);
    for (let i = 0; i < 12; i++) await stand.journal.append(runStarted(`r${i}`), { durable: true }).committed;
    await stand.journal.close();
    const names = (await stand.disk.list(JOURNAL_DIR)).map(({ name }) => name).toSorted();
    expect(names.length).toBeGreaterThanOrEqual(3);
    expect(names.slice(0, 2)).toEqual(["000001.ndjson", "000002.ndjson"]);
    const again = await openJournalHarness(stand.disk, 600);
    expect(again.scan.events.map(({ event }) => (event.type === "run.started" ? event.run : ""))).toEqual(
      Array.from({ length: 12 }, (_, i) => `r${i}`),
    );
    expect(again.journal.append(runStarted("next")).recorded.seq).toBe(13);
    await again.journal.close();
    expect((await scanJournal(stand.disk, JOURNAL_DIR)).corrupt).toBeUndefined();
  });

  it("append refuses a record over the size limit and the journal stays usable", async () => {
    const stand = await openJournalHarness();
    const tooLarge = () => stand.journal.append(runStarted("x".repeat(LINE_BYTES_MAX)));
    expect(tooLarge).toThrowError(expect.objectContaining({ code: "TOO_LARGE" }));
    await stand.journal.flush();
    expect(stand.disk.counts).toEqual({ writes: 0, syncs: 0 });
    const before = stand.journal.append(runStarted("before"));
    expect(tooLarge).toThrowError(expect.objectContaining({ code: "TOO_LARGE" }));
    const after = stand.journal.append(runStarted("after"), { durable: true });
    expect([before.recorded.seq, after.recorded.seq]).toEqual([1, 2]);
    await after.committed;
    expect((await openJournalHarness(stand.disk)).scan.events).toHaveLength(2);
  });
});

describe("a failing disk", () => {
  const cases: readonly { on: "write" | "sync"; code: FaultCode; short?: number }[] = [
    { on: "write", code: "EIO" },
    { on: "write", code: "ENOSPC", short: 17 },
    { on: "sync", code: "EIO" },
    { on: "sync", code: "ENOSPC" },
  ];
  for (const fault of cases) {
    it(`${fault.code} on ${fault.on}: every waiting and later record is refused, and nothing is tried again`, async () => {
      const stand = await openJournalHarness();
      await stand.journal.append(runStarted("safe"), { durable: true }).committed;
      stand.disk.fail({ ...fault, nth: 1 });
      const held = stand.disk.hold();
      const doomed = ["a", "b"].map((run) => stand.journal.append(runStarted(run), { durable: true }).committed);
      await settled();
      if (fault.on === "sync") doomed.push(stand.journal.append(runStarted("during"), { durable: true }).committed);
      held.release();
      for (const committed of doomed) expect(await outcomeOf(committed)).toBe("JOURNAL_FAILED");
      const counts = { ...stand.disk.counts };
      expect(() => stand.journal.append(runStarted("late"), { durable: true })).toThrowError(
        expect.objectContaining({ code: "JOURNAL_FAILED" }),
      );
      await expect(stand.journal.flush()).rejects.toMatchObject({ code: "JOURNAL_FAILED" });
      stand.clock.advance(1000);
      await settled();
      expect(stand.disk.counts).toEqual(counts);
      expect(stand.failures).toHaveLength(1);
      expect(stand.journal.failure?.message).toContain(fault.code);
      await stand.journal.close();

      const again = await openJournalHarness(stand.disk.crash(1));
      expect(again.scan.events[0]?.event).toEqual(runStarted("safe"));
    });
  }

  it("a failure to open the next segment fails the journal", async () => {
    const stand = await openJournalHarness(undefined, 100);
    await stand.journal.append(runStarted("one"), { durable: true }).committed;
    stand.disk.append = () => Promise.reject(Object.assign(new Error("ENOSPC: open"), { code: "ENOSPC" }));
    expect(await outcomeOf(stand.journal.append(runStarted("two"), { durable: true }).committed)).toBe(
      "JOURNAL_FAILED",
    );
    expect(stand.failures).toHaveLength(1);
  });
});

type Step =
  | { do: "append"; durable: boolean }
  | { do: "wait" }
  | { do: "tick"; ms: number }
  | { do: "crash"; seed: number };

describe("power cuts", () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("append" as const), durable: fc.boolean() }) },
    { weight: 2, arbitrary: fc.constant({ do: "wait" as const }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("tick" as const), ms: fc.integer({ min: 0, max: 60 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), seed: fc.integer() }) },
  );

  it("a power cut never loses an acknowledged record and always leaves a valid chain", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        let stand = await openJournalHarness(undefined, 900);
        let known = new Map<number, string>();
        let acknowledged = 0;
        const reopen = async (seed: number): Promise<void> => {
          stand = await openJournalHarness(stand.disk.crash(seed), 900);
          const { events } = stand.scan;
          expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
          expect(events.length).toBeGreaterThanOrEqual(acknowledged);
          for (const { seq, event } of events) expect(event).toEqual(runStarted(known.get(seq) ?? "never appended"));
          known = new Map([...known].slice(0, events.length));
          acknowledged = events.length;
        };
        for (const [index, now] of steps.entries()) {
          if (now.do === "append") {
            const { recorded, committed } = stand.journal.append(runStarted(`run ${index}`), { durable: now.durable });
            known.set(recorded.seq, `run ${index}`);
            void committed.then(() => (acknowledged = Math.max(acknowledged, recorded.seq)));
          } else if (now.do === "tick") stand.clock.advance(now.ms);
          else if (now.do === "wait") await settled();
          else await reopen(now.seed);
        }
        await reopen(steps.length);
      }),
      { numRuns: 200 },
    );
  });

  it("a power cut during a sync loses only records that were not acknowledged", async () => {
    for (let seed = 0; seed < 60; seed++) {
      const stand = await openJournalHarness();
      await stand.journal.append(runStarted("kept"), { durable: true }).committed;
      stand.disk.hold();
      const lost = stand.journal.append(runStarted("perhaps"), { durable: true });
      expect(await outcomeOf(lost.committed)).toBe("pending");
      const again = await openJournalHarness(stand.disk.crash(seed));
      expect([1, 2]).toContain(again.scan.events.length);
      await again.journal.append(runStarted("next"), { durable: true }).committed;
    }
  });
});

/** The hint names no disk. */
const OTHER_WRITER = {
  code: "JOURNAL_FAILED",
  hint: "end what else writes the folder .qoc/journal: another desk, or a program that synchronises or restores files, then: qoc down && qoc up",
};

describe("two desks with one folder", () => {
  it("a journal to which another desk has written takes no record, so that no intent is durable", async () => {
    const first = await openJournalHarness();
    const second = await openJournalHarness(first.disk);
    await first.journal.append(runStarted("of the first"), { durable: true }).committed;
    const late = second.journal.append(runStarted("of the second"), { durable: true });
    await expect(late.committed).rejects.toMatchObject(OTHER_WRITER);
    expect(second.failures).toHaveLength(1);
    await first.journal.append(runStarted("again of the first"), { durable: true }).committed;
    expect((await scanJournal(first.disk, JOURNAL_DIR)).events.map(({ event }) => event)).toEqual([
      runStarted("of the first"),
      runStarted("again of the first"),
    ]);
  });

  it("a journal to which another desk has added a segment takes no record", async () => {
    const first = await openJournalHarness();
    await first.journal.append(runStarted("of the first"), { durable: true }).committed;
    const second = await openJournalHarness(first.disk);
    const other = await openJournalHarness(first.disk, 1);
    await other.journal.append(runStarted("in a segment of its own"), { durable: true }).committed;
    const late = second.journal.append(runStarted("of the second"), { durable: true });
    await expect(late.committed).rejects.toMatchObject(OTHER_WRITER);
  });

  it("a journal to which another desk writes is not opened", async () => {
    const first = await openJournalHarness();
    const { disk } = first;
    const append = disk.append.bind(disk);
    disk.append = async (path) => {
      disk.append = append;
      await first.journal.append(runStarted("of the first"), { durable: true }).committed;
      return append(path);
    };
    await expect(openJournalHarness(disk)).rejects.toMatchObject(OTHER_WRITER);
  });

  it("a journal whose file was removed or replaced takes no record, because it would be lost", async () => {
    const changes = [
      (disk: CrashDisk) => disk.remove(FIRST_SEGMENT),
      (disk: CrashDisk) => disk.writeAtomic(FIRST_SEGMENT, disk.peek(FIRST_SEGMENT)),
    ];
    for (const change of changes) {
      const { disk, journal, failures } = await openJournalHarness();
      await journal.append(runStarted("before"), { durable: true }).committed;
      await change(disk);
      await expect(journal.append(runStarted("after"), { durable: true }).committed).rejects.toMatchObject(
        OTHER_WRITER,
      );
      expect(failures).toHaveLength(1);
    }
  });
});
