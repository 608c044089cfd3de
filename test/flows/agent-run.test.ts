/** A run from `qoc run` to the fill, with an agent program in its own process that connects to the desk's real port. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DryRun, RunReport } from "../../src/runs/runs.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

const AGENT = fileURLToPath(new URL("../fixtures/runs/desk-client.mjs", import.meta.url));

type Call = readonly [tool: string, input: object];

let desk: TempDesk;
let beside: string;
beforeEach(async () => {
  beside = mkdtempSync(join(tmpdir(), "qoc-plan-"));
  const command = JSON.stringify([process.execPath, AGENT, join(beside, "plan.json")]);
  desk = await tempDesk({
    config: (template) =>
      `${template}\n[agent]\nruntime = "command"\ncommand = ${command}\nunconfined = true\ntimeout_minutes = 4\n`,
    files: { "issues/002-next.md": "---\nid: 002\ntitle: The next one\nstatus: open\n---\nLook again.\n" },
  });
});
afterEach(async () => {
  await desk.stop();
  await discard(desk);
  await rm(beside, { recursive: true, force: true });
});

/** Writes what the agent does in its next run. */
function plan(calls: readonly Call[], more: { hang?: boolean } = {}): void {
  return writeFileSync(join(beside, "plan.json"), JSON.stringify({ calls, ...more }));
}

function run(issue = "001"): Promise<RunReport> {
  return desk.call<RunReport>("run", { issue });
}

interface Answer {
  readonly name: string;
  readonly error?: string;
  readonly isError?: boolean;
  readonly text: string;
}
function answers({ summary }: Pick<RunReport, "summary">): readonly Answer[] {
  return summary
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Answer);
}

const PROPOSAL: Call = [
  "qoc_orders_propose",
  { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "Cheap.", issue: "001" },
];

describe("a run by an agent program", () => {
  it("an agent reads, proposes, is refused an operator's command, and the human's approval fills its order", async () => {
    plan([
      ["qoc_files_read", { path: "issues/001-first-look.md" }],
      ["qoc_quotes_get", { symbol: "SPX" }],
      ["qoc_research_write", { name: "spx", text: "It is cheap." }],
      PROPOSAL,
      ["qoc_files_read", { path: "../../etc/passwd" }],
      ["qoc_orders_approve", { id: "1" }],
      ["qoc_approve", { id: "1" }],
      ["Bash", { command: "id" }],
    ]);
    const report = await run();
    expect(report).toMatchObject({ outcome: "done", reason: null, runtime: "command" });
    const [, , , , traversal, ...refused] = answers(report);
    expect(traversal).toMatchObject({ isError: true });
    expect(traversal?.text).not.toContain("root:");
    for (const { error } of refused) expect(error).toMatch(/Unknown tool/);
    expect(refused).toHaveLength(3);
    expect(report.proposals).toHaveLength(1);

    const [id = ""] = report.proposals;
    const { digest, sources } = await desk.call<{ digest: string; sources: unknown }>("orders show", { id });
    expect(JSON.stringify(sources)).toMatch(/issues\/001-first-look\.md/);
    expect(JSON.stringify(sources)).toMatch(/connector paper: quote of SPX/);
    await desk.call("approve", { id, digest });
    expect(await desk.reaches(id, "filled")).toBe("filled");
  });

  it("the desk shows and counts each call of a program that reports no calls itself", async () => {
    plan([
      ["qoc_status", {}],
      ["qoc_quotes_get", { symbol: "SPX" }],
    ]);
    const notes: string[] = [];
    const {
      run: name,
      path,
      turns,
    } = await desk.services.runs.start("001", { line: (line) => void notes.push(line) }, new AbortController().signal);
    expect(notes[0]).toBe(`${name} begins; qoc logs --run ${name} -f follows it`);
    expect(notes.filter((line) => line.startsWith("calls "))).toEqual(["calls qoc_status", "calls qoc_quotes_get"]);
    expect(turns).toBeNull();
    for (const line of ['turns: "not reported"', 'tool_calls: "2"']) expect(desk.read(path)).toContain(line);
  });

  it("A6 the output of a run's program is kept beside its report, without the token", async () => {
    plan([["qoc_status", {}]]);
    const { run: name, path } = await run();
    const transcript = desk.read(`.qoc/runs/${name}.ndjson`);
    expect(transcript).toContain("sees 2");
    expect(transcript.split("\n")[0]).toMatch(/^\{"prompt":"You work for a trading desk/);
    expect(transcript).not.toMatch(/qoc_[0-9a-f]{64}/);
    expect(desk.read(path)).toContain(`transcript: ".qoc/runs/${name}.ndjson"`);
    expect(desk.read(path)).toContain('bounds: "60 turns, 5.00 USD, 4 min"');
  });

  it("the token of a run is rejected after the run", async () => {
    plan([["qoc_status", {}]]);
    let token = "";
    const opened = desk.agents.endpoint.open("run-probe", 60_000);
    ({ token } = opened);
    const ask = (): Promise<Response> =>
      fetch(opened.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          authorization: `Bearer ${token}`,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} }),
      });
    expect((await ask()).status).toBe(200);
    opened.close();
    expect((await ask()).status).toBe(401);
  });

  it("the next run's context says why the last proposal was rejected", async () => {
    plan([PROPOSAL]);
    const { proposals } = await run();
    await desk.call("reject", { id: proposals[0], comment: "Not before the earnings." });
    const { bundle, tools } = await desk.call<DryRun>("run", { issue: "001", dryRun: true });
    expect(bundle).toContain("Rejected by the human: Not before the earnings.");
    expect(bundle).toContain("- duplicate-order, window_s = 600\n- no-short");
    expect(tools).toContain("qoc_orders_propose");
    expect(tools.join(" ")).not.toMatch(/approve|reject|cancel|halt|connect\b/);
  });

  it("the context names what is tracked, and has the new messages of the inbox but no fills and alerts", async () => {
    await desk.write("entities/ZZZ.md", "---\nsymbol: ZZZ\nname: Zebra\n---\nText.\n");
    await desk.write("inbox/brief.md", "Mind the dividend of ZZZ.\n");
    await desk.write("inbox/old.md", "---\nstatus: done\n---\nDone with.\n");
    await desk.write("inbox/2026-07-05-alert-x.md", "---\nkind: alert\nstatus: new\n---\nAn alert.\n");
    const { bundle } = await desk.call<DryRun>("run", { issue: "001", dryRun: true });
    expect(bundle).toContain("ZZZ: Zebra, entities/ZZZ.md");
    expect(bundle).toContain("Mind the dividend of ZZZ.");
    expect(bundle).not.toMatch(/Done with\.|An alert\./);
  });

  it("a run works on the issues it queued, each once, five in all", async () => {
    plan([
      ["qoc_run", { issue: "002" }],
      ["qoc_run", { issue: "001" }],
    ]);
    const report = await run();
    const [first, again] = answers(report);
    expect(JSON.parse(first?.text ?? "")).toEqual({ issue: "issues/002-next.md", queued: 1 });
    expect(again).toMatchObject({ isError: true });
    expect(again?.text).toContain("ISSUE_RUNNING");
    expect(report.queued.map(({ issue, outcome }) => [issue, outcome])).toEqual([["issues/002-next.md", "done"]]);
  });

  it("a run queues four more issues and no fifth", async () => {
    for (const n of [3, 4, 5, 6])
      await desk.write(`issues/00${n}-x.md`, `---\nid: 00${n}\ntitle: x\nstatus: open\n---\n`);
    plan(["002", "003", "004", "005", "006"].map((issue): Call => ["qoc_run", { issue }]));
    const report = await run();
    expect(answers(report).at(-1)?.text).toContain("QUEUE_FULL");
    expect(report.queued).toHaveLength(4);
  });

  it.each<[string, string, RegExp, (stop: AbortController) => void, string]>([
    [
      "failed",
      "issues/003-x.md",
      /^starting queued issue/,
      () => writeFileSync(join(beside, "plan.json"), "not JSON"),
      "the previous run failed",
    ],
    ["was stopped", "issues/002-next.md", /^says: .*queued\\":2/, (stop) => stop.abort(), "the runs were stopped"],
  ])("queued issues are reported as skipped if the previous run %s", async (_what, issue, at, happens, why) => {
    await desk.write("issues/003-x.md", "---\nid: 003\ntitle: x\nstatus: open\n---\n");
    plan(["002", "003"].map((queued): Call => ["qoc_run", { issue: queued }]));
    const stop = new AbortController();
    const notes: string[] = [];
    const heard = (line: string): void => {
      notes.push(line);
      if (at.test(line)) happens(stop);
    };
    await desk.services.runs.start("001", { line: heard }, stop.signal);
    expect(notes).toContain(`skipped ${issue}: ${why}`);
    expect(notes.at(-1)).toBe(`skipped issues/003-x.md: ${why}`);
    expect(desk.read(issue)).toContain("status: open");
  });

  it("a cancelled issue is not queued", async () => {
    await desk.call("issues update", { id: "002", status: "cancelled" });
    plan([["qoc_run", { issue: "002" }]]);
    const report = await run();
    expect(answers(report)[0]).toMatchObject({ isError: true });
    expect(answers(report)[0]?.text).toContain("issues/002-next.md is cancelled");
    expect(report.queued).toEqual([]);
  });

  it("a caller outside a run cannot queue an issue", async () => {
    await expect(
      desk.call("run", { issue: "002" }, { actor: "agent:interactive", channel: "mcp" }),
    ).rejects.toMatchObject({ code: "NO_RUN" });
  });

  it("a second run on the same issue is refused while the first one lasts", async () => {
    plan([], { hang: true });
    const stop = new AbortController();
    const first = desk.services.runs.start("001", { line: () => undefined }, stop.signal);
    await expect.poll(() => desk.open.desk.state.runs.size).toBe(1);
    await expect(run()).rejects.toMatchObject({ code: "ISSUE_RUNNING" });
    stop.abort();
    expect(await first).toMatchObject({ outcome: "stopped" });
  });

  it("runs stop ends the program, drops what it queued, and keeps what it proposed", async () => {
    plan([["qoc_run", { issue: "002" }], PROPOSAL], { hang: true });
    const working = run().catch((error: unknown) => error);
    await expect.poll(() => desk.open.desk.state.proposed.size).toBe(1);
    const [id = ""] = desk.open.desk.state.runs.keys();
    expect(await desk.call("runs stop", { run: id })).toBe(id);
    expect(await working).toMatchObject({ code: "RUN_FAILED", details: { outcome: "stopped" } });
    const [row, ...others] = await desk.call<{ run: string; state: string }[]>("runs list");
    expect([row, others]).toMatchObject([{ run: id, state: "stopped" }, []]);
    expect(await desk.call("orders list")).toMatchObject([{ state: "proposed" }]);
    await expect(desk.call("runs stop", { run: id })).rejects.toMatchObject({ code: "RUN_NOT_RUNNING" });
  });

  it("doctor checks the agent program before a run needs it", async () => {
    const { checks } = await desk.call<{ checks: readonly { name: string; message: string }[] }>("doctor");
    expect(checks.find(({ name }) => name === "agent")?.message).toMatch(/^command: /);
  });

  it("a failed run is an error that names the run", async () => {
    writeFileSync(join(beside, "plan.json"), "not JSON");
    await expect(run()).rejects.toMatchObject({ code: "RUN_FAILED", data: { outcome: "failed" } });
  });

  it("a run ends when the desk closes, and its end is recorded", async () => {
    plan([], { hang: true });
    const working = desk.services.runs.start("001", { line: () => undefined }, new AbortController().signal);
    await expect.poll(() => desk.open.desk.state.runs.size).toBe(1);
    await desk.closeAgents();
    expect(await working).toMatchObject({ outcome: "stopped" });
    expect(desk.open.desk.state.runs.size).toBe(0);
  });

  it("a run does not start if the desk closes while the run is prepared", async () => {
    plan([], { hang: true });
    const late = desk.services.runs.start("001", { line: () => undefined }, new AbortController().signal);
    const closed = desk.agents.runs.close();
    await expect(late).rejects.toMatchObject({ code: "DESK_DOWN" });
    await closed;
    expect(desk.open.desk.state.lastRun).toBeUndefined();
  });

  it("a run that was open when the desk crashed is ended at the next start", async () => {
    await desk.open.desk.commit({
      type: "run.started",
      run: "run-lost",
      issue: "issues/002-next.md",
      runtime: "claude",
    });
    await desk.agents.runs.endInterrupted();
    expect(desk.open.desk.state).toMatchObject({ lastRun: { run: "run-lost", outcome: "failed" } });
    expect(desk.read("issues/002-next.md")).toContain("status: blocked");
    expect(desk.open.desk.state.runs.size).toBe(0);
  });
});
