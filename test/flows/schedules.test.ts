/** Schedules on a whole desk: signed by the human, out of reach of agents, kept over a restart. */
import type { ScheduleView, StatusView } from "../../src/domain/status-view.ts";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TaskReport } from "../../src/runs/run-task.ts";
import type { SchedulesReport } from "../../src/runs/scheduler.ts";
import { runDoctor } from "../../src/trading/doctor.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const AGENT = { actor: "agent:run-1", channel: "mcp" } as const;
const EACH_DAY = 'cron = "0 9 * * *"\ntask = "snapshot"\n';

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk({
    config: (template) =>
      `${template}\n[[schedule]]\nname = "Close"\ncron = "5 16 * * 1-5"\ntz = "Asia/Tokyo"\ntask = "snapshot"\n[schedules]\nmax_proposals_per_day = 1\n`,
  });
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

async function schedule(name: string): Promise<ScheduleView | undefined> {
  return (await desk.call<SchedulesReport>("schedules list")).schedules.find((view) => view.name === name);
}

describe("a schedule that is added", () => {
  it("is a signed file that takes force at once", async () => {
    const input = { name: "morning", cron: "30 7 * * 1-5", task: "first-look", timezone: "America/Chicago" };
    const added = await desk.call<ScheduleView>("schedules add", { ...input, missed: "once", timeoutMinutes: 20 });
    expect(added).toMatchObject({
      state: "active",
      path: "schedules/morning.toml",
      missed: "once",
      timeoutMinutes: 20,
    });
    expect(added.next).toHaveLength(3);
    expect(desk.read("schedules/morning.toml")).toBe(
      'cron = "30 7 * * 1-5"\ntask = "first-look"\ntimezone = "America/Chicago"\ntimeout_minutes = 20\nmissed = "once"\n',
    );
    expect(await desk.services.verify({ line: () => undefined })).toMatchObject({ ok: true, signatures: 1 });
  });

  it.each([
    [{ name: "morning", cron: "* * * * *", task: "snapshot" }, "SCHEDULE_EXISTS"],
    [{ name: "close", cron: "* * * * *", task: "snapshot" }, "SCHEDULE_EXISTS"],
    [{ name: "x", cron: "61 * * * *", task: "snapshot" }, "INVALID_INPUT"],
    [{ name: "x", cron: "* * * * *", task: "snapshot", timezone: "Mars/Base" }, "INVALID_INPUT"],
    [{ name: "../x", cron: "* * * * *", task: "snapshot" }, "INVALID_INPUT"],
    [{ name: "x", cron: "* * * * *", task: "no-such-issue" }, "ISSUE_NOT_FOUND"],
  ])("%j is refused with %s", async (input, code) => {
    await expect(desk.call("schedules add", input)).rejects.toMatchObject({ code });
  });
});

describe("a file in schedules/", () => {
  it("does not run before it is accepted, nor after an edit", async () => {
    await desk.write("schedules/hand.toml", EACH_DAY);
    const found = await schedule("hand");
    expect(found).toMatchObject({ state: "unsigned", next: [], fix: "read it, then: qoc schedules accept hand" });
    await expect(desk.call("schedules run", { name: "hand" })).rejects.toMatchObject({ code: "SCHEDULE_NOT_ACCEPTED" });
    const stale = { name: "hand", digest: `sha256:${"0".repeat(64)}` };
    await expect(desk.call("schedules accept", stale)).rejects.toMatchObject({ code: "FILE_CHANGED" });
    const accept = { name: "hand", digest: found?.digest };
    await expect(desk.call("schedules accept", accept, { actor: "human" })).rejects.toMatchObject({
      code: "SIGNATURE_REQUIRED",
    });
    expect(await desk.call("schedules accept", accept)).toMatchObject({ state: "active" });
    await desk.write("schedules/hand.toml", EACH_DAY.replace("9", "8"));
    expect(await schedule("hand")).toMatchObject({ state: "unsigned" });
    await desk.write("schedules/hand.toml", EACH_DAY);
    expect(await schedule("hand")).toMatchObject({ state: "active" });
  });

  it("is named with its line in status and doctor if it is broken", async () => {
    await desk.write("schedules/broken.toml", 'cron = "0 9 * * *"\n\ntask = 5\n');
    const message = "schedules/broken.toml:3:1: task: must be a text";
    const status = await desk.call<StatusView>("status");
    expect(status.schedules.map(({ problem }) => problem)).toContain(message);
    const { checks } = await runDoctor(desk.open.desk, "24.0.0", await desk.services.runs.check());
    expect(checks).toContainEqual(expect.objectContaining({ name: "schedules", status: "fail", message }));
  });
});

describe("the human", () => {
  it("adds one of two schedules with one name at once, as it was signed, and takes two snapshots at once", async () => {
    const added = (hour: number): Promise<unknown> =>
      desk.call("schedules add", { name: "twice", cron: `0 ${hour} * * *`, task: "snapshot" });
    const [first, second] = await Promise.allSettled([added(8), added(9)]);
    expect([first?.status, second]).toMatchObject(["fulfilled", { reason: { code: "SCHEDULE_EXISTS" } }]);
    expect(await schedule("twice")).toMatchObject({ state: "active", cron: "0 8 * * *" });
    await desk.call("schedules remove", { name: "twice" });
    const snapshots = await Promise.all([1, 2, 3].map(() => desk.call<{ path: string }>("snapshot")));
    expect(new Set(snapshots.map(({ path }) => path)).size).toBe(3);
  });

  it("runs, pauses, resumes and removes a schedule", async () => {
    const task = await desk.call<TaskReport>("schedules run", { name: "morning" });
    expect(task).toMatchObject({ kind: "run", report: { outcome: "done", issue: "issues/001-first-look.md" } });
    expect(await desk.call("schedules run", { name: "close" })).toMatchObject({ kind: "snapshot" });
    expect(await schedule("close")).toMatchObject({ timezone: "Asia/Tokyo", last: { outcome: "done", due: null } });
    expect(await desk.call("schedules pause", { name: "morning" })).toMatchObject({ state: "paused", next: [] });
    await expect(desk.call("schedules resume", { name: "morning" }, { actor: "human" })).rejects.toMatchObject({
      code: "SIGNATURE_REQUIRED",
    });
    expect(await desk.call("schedules resume", { name: "morning" })).toMatchObject({ state: "active" });
    await expect(desk.call("schedules remove", { name: "close" })).rejects.toMatchObject({
      code: "SCHEDULE_IN_CONFIG",
    });
    await desk.call("schedules remove", { name: "hand" });
    expect(await schedule("hand")).toBeUndefined();
    // The same text needs a new signature.
    await desk.write("schedules/hand.toml", EACH_DAY);
    expect(await schedule("hand")).toMatchObject({ state: "unsigned" });
    await expect(desk.call("schedules pause", { name: "mornin" })).rejects.toMatchObject({ code: "SCHEDULE_UNKNOWN" });
  });
});

describe("an agent", () => {
  it.each(["list", "add", "accept", "run", "pause", "resume", "remove"])(
    "has no command schedules %s",
    async (verb) => {
      await expect(desk.call(`schedules ${verb}`, { name: "morning" }, AGENT)).rejects.toMatchObject({
        code: "NOT_PERMITTED",
      });
    },
  );

  it.each(["schedules/x.toml", "schedules/morning.toml", "schedules/../schedules/x.toml", "Schedules/x.toml"])(
    "cannot write %s",
    async (path) => {
      const write = { path, text: EACH_DAY };
      await expect(desk.call("files write", write, AGENT)).rejects.toMatchObject({ code: "PATH_REFUSED" });
    },
  );

  it("sees no schedules in the status, and no tool", async () => {
    const status = await desk.call<StatusView>("status", {}, AGENT);
    expect([status.schedules, status.queue]).toEqual([[], []]);
    expect(desk.agents.endpoint.tools.filter(({ name }) => name.includes("schedule"))).toEqual([]);
  });
});

describe("a restart", () => {
  it("keeps what was accepted and paused, and the cause of each start", async () => {
    await desk.call("schedules pause", { name: "morning" });
    const { root, home } = desk;
    await desk.stop();
    // An edit while the desk is down counts like any other.
    writeFileSync(join(root, "schedules/later.toml"), EACH_DAY);
    desk = await tempDesk({ again: { root, home } });
    expect(await schedule("morning")).toMatchObject({ state: "paused", last: { outcome: "done" } });
    expect(await schedule("later")).toMatchObject({ state: "unsigned" });
    const causes = (await desk.services.readEvents()).flatMap(({ event }) =>
      event.type === "run.started" ? [event.cause] : [],
    );
    expect(causes).toEqual([{ by: "human", schedule: "morning" }]);
  });
});

describe("the limit of proposals a day", () => {
  it("stops a scheduled run, also by files, and no other agent", async () => {
    const cause = { by: "schedule", schedule: "close", due: 1 } as const;
    const started = {
      type: "run.started",
      run: "run-s",
      issue: "issues/001-first-look.md",
      runtime: "demo",
      cause,
    } as const;
    await desk.open.desk.commit(started);
    const scheduled = { actor: "agent:run-s", channel: "mcp" } as const;
    const order = { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "Cheap." };
    const atOnce = await Promise.allSettled([1, 2, 3].map(() => desk.call("orders propose", order, scheduled)));
    expect(atOnce.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(desk.call("orders propose", order, scheduled)).rejects.toMatchObject({ code: "DAILY_LIMIT" });
    const file = { path: "orders/pending/x.toml", text: 'side = "buy"\n' };
    await expect(desk.call("files write", file, scheduled)).rejects.toMatchObject({ code: "DAILY_LIMIT" });
    await desk.call("orders propose", order, AGENT);
  });
});
