/**
 * Refused calls: one record a minute for each name, one inbox item for an actor that keeps trying, and all within
 * bounds.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeRefusalAlert } from "../../src/trading/projections/repeated-refusals-alert.ts";
import type { Actor, CommandRefused, DeskEvent } from "../../src/domain/event.ts";
import { OTHER, type RefusalCounts, createRefusalRecorder } from "../../src/app/refusal-recorder.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { Inbox } from "../../src/workspace/inbox.ts";
import { type FakeClock, fakeClock } from "../support/fake-clock.ts";

const MINUTE = 60_000;

function record(publish?: (event: DeskEvent) => never) {
  const clock = fakeClock();
  const events: CommandRefused[] = [];
  const reports: [Actor, RefusalCounts][] = [];
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const log = { debug: say, info: say, warn: say, error: say, with: () => log };
  const recorder = createRefusalRecorder({
    clock,
    log,
    publish: publish ?? ((event) => (events.push(event as CommandRefused), undefined as never)),
    onRepeated: async (actor, counts) => void reports.push([actor, counts]),
  });
  const attempt = (command: string, times = 1, actor: Actor = "agent:run-1"): void => {
    for (let n = 0; n < times; n++) recorder.record({ actor, command, reason: "unknown or human only" });
  };
  return { clock, events, reports, lines, attempt, flush: () => recorder.flush() };
}

describe("refused attempts", () => {
  it("refused calls of one name within a minute are one event with their count", () => {
    const { clock, events, attempt } = record();
    attempt("qoc_approve", 40);
    attempt("qoc_halt");
    attempt("qoc_approve", 1, "agent:run-2");
    expect(events).toEqual([]);
    clock.advance(MINUTE);
    expect(events.map(({ actor, command, count }) => [actor, command, count])).toEqual([
      ["agent:run-1", "qoc_approve", 40],
      ["agent:run-1", "qoc_halt", 1],
      ["agent:run-2", "qoc_approve", 1],
    ]);
    attempt("qoc_approve");
    clock.advance(MINUTE);
    expect(events).toHaveLength(4);
  });

  it("refused calls of a million names are bounded in memory, journal and log", () => {
    const { clock, events, lines, attempt } = record();
    for (let n = 0; n < 1_000_000; n++) attempt(`name-${n}`);
    clock.advance(MINUTE);
    expect(events).toHaveLength(9);
    expect(events.at(-1)).toMatchObject({ command: OTHER, count: 999_992 });
    expect(lines).toHaveLength(9);
    attempt("x".repeat(1_000_000));
    clock.advance(MINUTE);
    expect(events.at(-1)?.command).toHaveLength(100);
  });

  it("the beginning of a long name that is kept does not keep the name in memory", () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const { clock, events, attempt } = record();
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let minute = 0; minute < 8; minute++) {
      for (let n = 0; n < 8; n++) attempt(Buffer.alloc(1_000_000, `name ${minute} ${n} `).toString());
      clock.advance(MINUTE);
    }
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(16_000_000);
    expect(events.map(({ command }) => command.length)).toEqual(events.map(() => 100));
    expect(events).toHaveLength(64);
  });

  it("an actor is forgotten after ten quiet minutes, and no timer remains", () => {
    const { clock, attempt } = record();
    attempt("qoc_approve");
    clock.advance(12 * MINUTE);
    expect(clock.waiting).toBe(0);
  });

  it("the refused calls of the current minute are recorded when the desk stops", async () => {
    const { events, reports, attempt, flush } = record();
    attempt("qoc_approve", 3);
    await flush();
    expect(events).toMatchObject([{ command: "qoc_approve", count: 3 }]);
    expect(reports).toHaveLength(1);
  });

  it("refused calls on a read-only desk are logged, and the desk continues", () => {
    const { clock, lines, attempt } = record(() => {
      throw new Error("read-only");
    });
    attempt("qoc_approve");
    clock.advance(MINUTE);
    expect(lines.at(-1)).toContain("read-only");
  });
});

describe("an actor that keeps trying", () => {
  const settled = (clock: FakeClock, ms: number): Promise<void> => (
    clock.advance(ms),
    new Promise((resolve) => setImmediate(resolve))
  );

  it.each<[string, readonly number[], number]>([
    ["twice", [2], 0],
    ["three times in a minute", [3], 1],
    ["once a minute, three times", [1, 1, 1], 1],
    ["three times, with more than ten minutes between the first and the last", [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1], 0],
    ["three times within ten minutes", [1, 1, 0, 0, 0, 0, 0, 0, 0, 1], 1],
    ["in every minute", Array.from({ length: 30 }, () => 50), 1],
    ["again after ten quiet minutes", [3, ...Array.from({ length: 11 }, () => 0), 3], 2],
  ])("an actor refused %s is reported the expected number of times: %#", async (_what, minutes, times) => {
    const { clock, reports, attempt } = record();
    for (const count of minutes) {
      attempt("qoc_approve", count);
      await settled(clock, MINUTE);
    }
    expect(reports).toHaveLength(times);
  });

  it("an actor is reported with all names it tried, separately from other actors", async () => {
    const { clock, reports, attempt } = record();
    attempt("qoc_approve", 2);
    await settled(clock, MINUTE);
    attempt("qoc_approve", 2);
    attempt("qoc_halt");
    attempt("qoc_halt", 2, "agent:run-2");
    await settled(clock, MINUTE);
    expect(reports.map(([actor, counts]) => [actor, [...counts]])).toEqual([
      [
        "agent:run-1",
        [
          ["qoc_approve", 4],
          ["qoc_halt", 1],
        ],
      ],
    ]);
  });
});

describe("the inbox item", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "qoc-refusals-"));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));
  const disk = nodeDisk();
  const note = async (
    tried: Record<string, number>,
    actor: Actor = "agent:run-1",
    clock = fakeClock(),
  ): Promise<string> => {
    await disk.mkdir(`${root}/inbox/archive`);
    await writeRefusalAlert(new Inbox({ disk, root, clock }), clock.now(), actor, new Map(Object.entries(tried)));
    return readFileSync(
      join(root, "inbox", readdirSync(join(root, "inbox")).find((name) => name.endsWith(".md")) ?? ""),
      "utf8",
    );
  };

  it("the inbox item names actor, run and the refused names with their counts, the highest first", async () => {
    const text = await note({ qoc_halt: 1, qoc_approve: 12 });
    expect(text).toMatch(/kind: "?alert/);
    expect(text).toMatch(/run: "?run-1/);
    expect(text).toContain("- `qoc_approve`: 12 times\n- `qoc_halt`: once");
    expect(await new Inbox({ disk, root, clock: fakeClock() }).list()).toMatchObject([
      { kind: "alert", status: "new" },
    ]);
    expect((await new Inbox({ disk, root, clock: fakeClock() }).read("2026-07-06-alert-refused-run-1")).text).toBe(
      text,
    );
  });

  it("an actor gets one inbox item a day", async () => {
    const clock = fakeClock();
    await note({ qoc_approve: 3 }, "agent:run-1", clock);
    await note({ qoc_halt: 9 }, "agent:run-1", clock);
    expect(readdirSync(join(root, "inbox")).filter((name) => name.endsWith(".md"))).toHaveLength(1);
    await note({ qoc_halt: 9 }, "agent:claude", clock);
    clock.advance(24 * 3_600_000);
    await note({ qoc_halt: 9 }, "agent:run-1", clock);
    expect(readdirSync(join(root, "inbox")).filter((name) => name.endsWith(".md"))).toHaveLength(3);
  });

  it("the inbox item shows an agent's names truncated, escaped and inside their code spans", async () => {
    const hostile = ["a`\n\n# Approve this\n\u202e", "\u001b[2J", "x".repeat(500), "![i](http://127.0.0.1:1/x)"];
    const text = await note(Object.fromEntries(hostile.map((name) => [name, 1])));
    const body = text.slice(text.indexOf("## "));
    expect(body.split("\n").filter((line) => line.startsWith("#"))).toHaveLength(1);
    expect(body).not.toMatch(/[\u0000-\u0008\u001b\u202e]/);
    for (const line of body.split("\n").filter((one) => one.startsWith("- ")))
      expect(line).toMatch(/^- `[^`]{1,90}`: once$/);
  });

  it("the inbox item lists twelve names and counts the others", async () => {
    const text = await note(Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`name-${n}`, 2])));
    expect(text.match(/^- `/gm)).toHaveLength(12);
    expect(text).toContain("- other names: 16 times");
  });
});
