/** The scheduler on a folded journal: due times, restarts, sleep, the queue and the limits a day. */
import { getEventListeners } from "node:events";
import { mkdtempSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../src/domain/digest.ts";
import { applyEvent, emptyDeskState } from "../../src/domain/desk-state.ts";
import type { DeskEvent, Recorded } from "../../src/domain/event.ts";
import type { Issue } from "../../src/workspace/issues.ts";
import type { RunReport, StartOptions } from "../../src/runs/runs.ts";
import { type Scheduler, createScheduler } from "../../src/runs/scheduler.ts";
import { createProposalCache } from "../../src/trading/desk.ts";
import type { Desk } from "../../src/trading/desk.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { openWorkspace } from "../../src/workspace/workspace.ts";
import { type FakeClock, fakeClock } from "../support/fake-clock.ts";
import { quietLog } from "../support/quiet-log.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.parse("2026-07-06T13:30:30.000Z");

let root: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "qoc-schedules-"));
  for (const folder of ["issues", "schedules", "snapshots"]) await mkdir(join(root, folder));
  await writeFile(join(root, "issues/001-look.md"), "---\nid: 001\nstatus: open\n---\nLook.\n");
});
afterEach(() => rm(root, { recursive: true, force: true }));

interface Rig {
  readonly clock: FakeClock;
  readonly records: Recorded[];
  readonly desk: Desk;
  scheduler: Scheduler;
  /** Ends the run that is under way; undefined: runs end at once. */
  hold: Promise<void> | undefined;
  /** The longest time of each run that was started, ms. */
  readonly limits: (number | undefined)[];
  /** As after kill -9: the same journal, another process. */
  restart(): void;
  /** Those that the runs were started with. */
  readonly signals: AbortSignal[];
  started(): readonly number[];
}

function rig(config = "", clock = fakeClock(START)): Rig {
  const records: Recorded[] = [];
  let state = emptyDeskState();
  const publish = (event: DeskEvent): Recorded => {
    const recorded = { seq: records.length + 1, at: clock.now(), epoch: 1, event };
    records.push(recorded);
    applyEvent(state, recorded);
    return recorded;
  };
  const disk = nodeDisk();
  const desk = {
    workspace: openWorkspace({ disk, root, clock, secretFiles: () => [] }),
    config: readConfig(`[workspace]\ntimezone = "UTC"\n${config}`, join(root, "desk.toml")),
    get state() {
      return state;
    },
    clock,
    log: quietLog(),
    proposals: createProposalCache(),
    history: { request: () => undefined },
    readOnly: () => undefined,
    publish,
    commit: (event: DeskEvent) => Promise.resolve(void publish(event)),
  } as unknown as Desk;
  let runs = 0;
  const report = (issue: string): RunReport => ({ issue, outcome: "done", queued: [] }) as unknown as RunReport;
  const agentRuns = {
    idle: () => Promise.resolve(),
    start: async (issue: Issue["path"], _progress: unknown, signal: AbortSignal, options: StartOptions = {}) => {
      const { cause } = options;
      const run = `run-${++runs}`;
      made.limits.push(options.timeoutMs);
      made.signals.push(signal);
      publish({ type: "run.started", run, issue, runtime: "demo", cause });
      await made.hold;
      publish({ type: "run.ended", run, issue, outcome: "done", summary: "" });
      return report(issue);
    },
  };
  const made: Rig = {
    clock,
    records,
    desk,
    hold: undefined,
    limits: [],
    signals: [],
    scheduler: createScheduler({ desk, runs: agentRuns }),
    restart: () => {
      state = emptyDeskState();
      for (const recorded of records) applyEvent(state, recorded);
      made.scheduler = createScheduler({ desk, runs: agentRuns });
    },
    started: () =>
      records.flatMap(({ event }) =>
        (event.type === "run.started" || event.type === "snapshot.started") && event.cause?.by === "schedule"
          ? [event.cause.due]
          : [],
      ),
  };
  return made;
}

/** Writes a file as a human who signed it. */
async function sign({ desk }: Rig, id: string, text: string): Promise<void> {
  await writeFile(join(root, `schedules/${id}.toml`), text);
  await desk.commit({ type: "schedule.accepted", schedule: id, path: `schedules/${id}.toml`, digest: digestOf(text) });
}

async function pass(desk: Rig, ms: number): Promise<void> {
  desk.clock.advance(ms);
  await desk.scheduler.refresh();
  await desk.scheduler.idle();
}

const EACH_MINUTE = 'cron = "* * * * *"\ntask = "look"\n';
function ended({ records }: Rig): readonly string[] {
  return records.flatMap(({ event }) => (event.type === "schedule.ended" ? [event.reason] : []));
}

describe("a due time", () => {
  it("starts its task once, with its cause in the journal", async () => {
    const desk = rig();
    await sign(desk, "each", EACH_MINUTE);
    await pass(desk, 10_000);
    expect(desk.started()).toEqual([]);
    await pass(desk, 21_000);
    await pass(desk, 10_000);
    expect(desk.records.map(({ event }) => event).filter(({ type }) => type === "run.started")).toMatchObject([
      {
        issue: "issues/001-look.md",
        cause: { by: "schedule", schedule: "each", due: Date.parse("2026-07-06T13:31:00Z") },
      },
    ]);
    await pass(desk, MINUTE);
    expect(desk.started()).toHaveLength(2);
  });

  it("is not started again after a kill between the record of its start and its run", async () => {
    const desk = rig();
    await sign(desk, "each", EACH_MINUTE);
    desk.hold = new Promise(() => undefined);
    desk.clock.advance(31_000);
    await desk.scheduler.refresh();
    await expect.poll(() => desk.started()).toHaveLength(1);
    desk.hold = undefined;
    desk.restart();
    await pass(desk, 5_000);
    expect(desk.started()).toHaveLength(1);
  });

  it("never counts twice, whatever sleeps, restarts, clock steps and looks there are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("skip", "once"),
        fc.array(
          fc.oneof(
            fc.record({ do: fc.constant("pass"), ms: fc.integer({ min: 1, max: 10 * MINUTE }) }),
            fc.record({ do: fc.constant("step"), ms: fc.integer({ min: -20 * MINUTE, max: 3 * DAY }) }),
            fc.record({ do: fc.constant("restart"), ms: fc.constant(0) }),
          ),
          { minLength: 1, maxLength: 12 },
        ),
        async (missed, steps) => {
          const desk = rig("[schedules]\nmax_runs_per_day = 1440");
          await sign(desk, "each", `cron = "*/7 * * * *"\ntask = "look"\nmissed = "${missed}"\n`);
          for (const { do: step, ms } of steps) {
            const before = desk.started().length;
            if (step === "restart") desk.restart();
            else if (step === "step") desk.clock.step(ms);
            await pass(desk, step === "pass" ? ms : 1);
            expect(desk.started().length - before).toBeLessThanOrEqual(1);
          }
          const due = desk.started();
          expect(new Set(due).size).toBe(due.length);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("the keys of a schedule", () => {
  const TOKYO = 'cron = "31 22 * * *"\ntask = "look"\n';
  it.each([
    ["timezone", `${TOKYO}timezone = "Asia/Tokyo"\n`, 1],
    ["tz", `${TOKYO}tz = "Asia/Tokyo"\n`, 1],
    ["another timezone", `${TOKYO}timezone = "Asia/Kolkata"\n`, 0],
    ["the desk's timezone", TOKYO, 0],
    ["enabled = true", `${EACH_MINUTE}enabled = true\n`, 1],
    ["enabled = false", `${EACH_MINUTE}enabled = false\n`, 0],
  ])("%s decides when the task starts", async (_, text, count) => {
    const signed = rig();
    await sign(signed, "look", text);
    await pass(signed, 31_000);
    expect(signed.started()).toHaveLength(count);
    await rm(join(root, "schedules/look.toml"));
    const listed = rig(`[[schedule]]\n${text}`);
    await pass(listed, 1);
    await pass(listed, 31_000);
    expect(listed.started()).toHaveLength(count);
  });

  it("timeout_minutes is the longest time of its run", async () => {
    const desk = rig();
    await sign(desk, "look", `${EACH_MINUTE}timeout_minutes = 20\n`);
    await pass(desk, 31_000);
    expect(desk.limits).toEqual([20 * MINUTE]);
  });
});

describe("after a sleep of five days", () => {
  it.each([
    ["skip", 0],
    ["once", 1],
  ])("a schedule with missed = %j starts %i times", async (missed, count) => {
    const desk = rig();
    await sign(desk, "noon", `cron = "0 12 * * *"\ntask = "look"\nmissed = "${missed}"\n`);
    desk.clock.step(5 * DAY);
    await pass(desk, 1);
    await pass(desk, 1);
    expect(desk.started()).toHaveLength(count);
    if (count === 0) expect(ended(desk)).toEqual(["the desk was down or the machine slept at that time"]);
    // The next due time is on time.
    await pass(desk, 22.5 * 60 * MINUTE);
    expect(desk.started()).toHaveLength(count + 1);
  });

  it("a schedule that was paused makes up for nothing", async () => {
    const desk = rig();
    const text = 'cron = "0 12 * * *"\ntask = "look"\nmissed = "once"\n';
    await sign(desk, "noon", text);
    await desk.desk.commit({ type: "schedule.paused", schedule: "noon" });
    await pass(desk, 5 * DAY);
    await desk.desk.commit({ type: "schedule.resumed", schedule: "noon", digest: digestOf(text) });
    await pass(desk, 1);
    expect(desk.started()).toEqual([]);
  });
});

describe("the queue", () => {
  it("runs one task at a time, shows what waits, and skips a due time of a task that is not finished", async () => {
    const desk = rig();
    await sign(desk, "a", EACH_MINUTE);
    await sign(desk, "b", EACH_MINUTE);
    let release: () => void = () => undefined;
    desk.hold = new Promise((resolve) => (release = resolve));
    desk.clock.advance(31_000);
    await desk.scheduler.refresh();
    await expect.poll(() => desk.started()).toHaveLength(1);
    expect((await desk.scheduler.report()).queue).toMatchObject([
      { schedule: "a", state: "running", due: "2026-07-06T13:31:00.000Z" },
      { schedule: "b", state: "waiting" },
    ]);
    // The due times of both are taken: a later look changes nothing.
    await desk.scheduler.refresh();
    expect([ended(desk), desk.scheduler.queue().length]).toEqual([[], 2]);
    desk.clock.advance(MINUTE);
    await desk.scheduler.refresh();
    expect(ended(desk)).toEqual(["its earlier task is under way", "its earlier task waits in the queue"]);
    release();
    await desk.scheduler.idle();
    expect(desk.started()).toHaveLength(2);
    expect((await desk.scheduler.report()).queue).toEqual([]);
  });

  it("leaves no listener on the signal of a task that has ended", async () => {
    const desk = rig();
    await sign(desk, "a", EACH_MINUTE);
    for (let n = 0; n < 3; n++) await pass(desk, MINUTE);
    expect(desk.signals.map((signal) => getEventListeners(signal, "abort").length)).toEqual([0, 0, 0]);
  });

  it("does not start what was paused or edited while it waited", async () => {
    const desk = rig();
    for (const id of ["a", "b", "c"]) await sign(desk, id, EACH_MINUTE);
    let release: () => void = () => undefined;
    desk.hold = new Promise((resolve) => (release = resolve));
    desk.clock.advance(31_000);
    await desk.scheduler.refresh();
    await desk.desk.commit({ type: "schedule.paused", schedule: "b" });
    await writeFile(join(root, "schedules/c.toml"), `${EACH_MINUTE}# edited\n`);
    release();
    await desk.scheduler.idle();
    expect(desk.started()).toHaveLength(1);
    expect(ended(desk)).toEqual(Array(2).fill("it was paused, changed or removed while it waited"));
  });
});

describe("what does not run", () => {
  it("a broken file and an unsigned file hide no other schedule", async () => {
    const desk = rig();
    await writeFile(join(root, "schedules/broken.toml"), 'cron = "* * * * *"\n\ntsk = "look"\n');
    await writeFile(join(root, "schedules/notes.yaml"), "a: b\n");
    await writeFile(join(root, "schedules/own.toml"), EACH_MINUTE);
    await sign(desk, "signed", EACH_MINUTE);
    await pass(desk, 31_000);
    const { schedules } = await desk.scheduler.report();
    expect(schedules.map(({ path, state, problem }) => [path, state, problem])).toEqual([
      [
        "schedules/broken.toml",
        "broken",
        "schedules/broken.toml:3:1: tsk: unknown key (did you mean task?) (and 1 more)",
      ],
      ["schedules/notes.yaml", "broken", expect.stringContaining("is not a .toml file")],
      ["schedules/own.toml", "unsigned", expect.stringContaining("no human has signed it")],
      ["schedules/signed.toml", "active", null],
    ]);
    expect(schedules[2]?.fix).toBe("read it, then: qoc schedules accept own");
    expect(desk.started()).toHaveLength(1);
  });

  function writtenByAgent({ desk: { proposals } }: ReturnType<typeof rig>, path: string, text: string): void {
    const event = { type: "file.authored", path, digest: digestOf(text), actor: "agent:run-1" } as const;
    proposals.authors.take({ seq: 1, at: 0, epoch: 1, event });
  }

  it("an issue that an agent opened, until a human edits it", async () => {
    const desk = rig();
    const text = '---\nopened_by: "agent:run-1"\nstatus: open\n---\nBuy.\n';
    await writeFile(join(root, "issues/buy.md"), text);
    writtenByAgent(desk, "issues/buy.md", text);
    await sign(desk, "buy", 'cron = "* * * * *"\ntask = "buy"\n');
    await pass(desk, 31_000);
    expect(ended(desk)).toEqual([expect.stringContaining("was opened by agent:run-1")]);
    await writeFile(join(root, "issues/buy.md"), `${text}Read by me.\n`);
    await pass(desk, MINUTE);
    expect(desk.started()).toHaveLength(1);
  });

  it("an issue of an agent does not take the name of a human's issue", async () => {
    const desk = rig();
    const text = '---\nopened_by: "agent:run-1"\n---\nBuy.\n';
    await writeFile(join(root, "issues/look.md"), text);
    writtenByAgent(desk, "issues/look.md", text);
    await sign(desk, "look", EACH_MINUTE);
    await pass(desk, 31_000);
    expect(desk.records.at(-1)?.event).toMatchObject({ type: "run.ended", issue: "issues/001-look.md" });
  });

  it.each([
    ["max_runs_per_day = 2", "limit of 2 runs", 2],
    ["max_cost_usd_per_day = 0", "limit of 0 USD", 0],
    ["max_proposals_per_day = 0", "limit of 0 proposals", 0],
  ])("a task over the limit a day: %s", async (key, message, count) => {
    const desk = rig(`[schedules]\n${key}`);
    await sign(desk, "each", EACH_MINUTE);
    for (let n = 0; n < 4; n++) await pass(desk, MINUTE);
    expect(desk.started()).toHaveLength(count);
    expect(ended(desk)[0]).toContain(message);
    // The next day counts from zero.
    await pass(desk, DAY);
    expect(desk.started()).toHaveLength(count === 0 ? 0 : count + 1);
  });

  it("a task without open issues writes its summary", async () => {
    const desk = rig();
    await sign(desk, "each", `${EACH_MINUTE}skip_if_no_open_issues = true\n`);
    await pass(desk, 31_000);
    expect(desk.started()).toEqual([]);
    expect(desk.records.map(({ event }) => event).at(-1)).toMatchObject({
      type: "schedule.ended",
      outcome: "skipped",
      summary: "snapshots/20260706-1331-look.md",
    });
    await writeFile(join(root, "issues/002-other.md"), "---\nstatus: open\n---\n");
    await pass(desk, MINUTE);
    expect(desk.started()).toHaveLength(1);
  });
});

describe("a schedule of desk.toml", () => {
  it("starts with the first due time after it took force, also after restarts", async () => {
    const clock = fakeClock(START);
    const desk = rig('[schedule]\ncron = "0 12 * * *"\ntask = "look"\n', clock);
    await pass(desk, 1);
    desk.restart();
    await pass(desk, 22.5 * 60 * MINUTE);
    expect(desk.started()).toHaveLength(1);
    expect(desk.records.filter(({ event }) => event.type === "schedule.accepted")).toHaveLength(1);
  });
});
