import { spawn } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claude } from "../../src/agents/claude.ts";
import type { LaunchDeps } from "../../src/agents/program-run.ts";
import { systemClock } from "../../src/app/system.ts";
import {
  type AgentHarness,
  TOKEN,
  TOOLS,
  agentHarness,
  launchDeps,
  withoutBubblewrap,
} from "../support/agent-harness.ts";

let harness: AgentHarness;
beforeEach(() => {
  harness = agentHarness(claude, "claude");
});
// After every test the endpoint is closed and no folder is left.
afterEach(() => {
  expect([...harness.openEndpoints]).toEqual([]);
  expect([...harness.folders]).toEqual([]);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie process still has its process id.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function waitUntilGone(pid: number): Promise<void> {
  return expect.poll(() => isAlive(pid), { message: `process ${pid} runs` }).toBe(false);
}

describe("a run of Claude Code", () => {
  it("returns its summary, turns, calls and cost", async () => {
    const result = await harness.run({ turns: 3 });
    expect(result).toMatchObject({
      summary: "Looked, and proposed nothing.",
      use: { turns: 3, toolCalls: 3, costUsd: 0.0123 },
      metadata: { version: "2.1.329", sandbox: "none" },
    });
    expect(result.failure).toBeUndefined();
    expect(harness.notes).toContain("ready with 3 tools");
    expect(harness.notes).toContain("calls qoc_status");
  });

  it("A1 gets the bundle on standard input, empty private folders, and nothing of the host's environment", async () => {
    const env = {
      PATH: "/usr/bin:/bin",
      ANTHROPIC_API_KEY: "sk-the-models-key",
      CANARY: "canary-of-the-host",
      VENUE_KEY: "canary-of-a-venue",
    };
    await harness.run(
      { evidence: join(harness.folder, "evidence.json") },
      { bundle: "read me", deps: { ...withoutBubblewrap, env } },
    );
    const evidence = harness.evidence();
    expect(evidence.prompt).toBe("read me");
    expect(JSON.stringify(evidence)).not.toContain("canary");
    expect(evidence.env).toMatchObject({ ANTHROPIC_API_KEY: "sk-the-models-key", QOC_TOKEN: TOKEN, QOC_RUN: "run-1" });
    expect(Object.keys(evidence.env).toSorted()).toEqual(
      [
        "ANTHROPIC_API_KEY",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        "HOME",
        "LANG",
        "PATH",
        "QOC_RUN",
        "QOC_TOKEN",
        "TERM",
        "TMPDIR",
      ].toSorted(),
    );
    expect(evidence.inCwd).toEqual([".git"]);
    expect(evidence.inHome).toEqual([]);
    expect(evidence.cwd).not.toBe(evidence.env.HOME);
    // Only the environment contains the token, not the arguments or a file.
    expect(JSON.stringify([evidence.switches, evidence.mcp])).not.toContain(TOKEN);
    expect(evidence.mcp).toContain("Bearer ${QOC_TOKEN}");
  });

  it("A3 is started without tools, settings, hooks or sessions of its own", async () => {
    await harness.run(
      { evidence: join(harness.folder, "evidence.json") },
      { settings: { model: "a-model", maxTurns: 7, maxCostUsd: 0.5 } },
    );
    const { switches } = harness.evidence();
    expect(switches.join(" ")).toMatch(
      /^-p --mcp-config \S+\/setup\/mcp\.json --strict-mcp-config --bare --restricted --tools {2}--allowedTools mcp__qoc /,
    );
    expect(switches.join(" ")).toContain(
      "--permission-mode dontAsk --setting-sources  --disable-slash-commands --no-session-persistence",
    );
    expect(switches.join(" ")).toContain(
      "--max-turns 7 --max-budget-usd 0.5 --model a-model --output-format stream-json --verbose",
    );
  });

  it("A4 does not work in the workspace, whatever files it contains", async () => {
    const workspace = join(harness.folder, "desk");
    await mkdir(join(workspace, ".claude"), { recursive: true });
    for (const name of [".mcp.json", ".claude/settings.json", "CLAUDE.md", "AGENTS.md"])
      await writeFile(join(workspace, name), '{"hooks":{}}');
    await harness.run(
      { evidence: join(harness.folder, "evidence.json") },
      { deps: { ...withoutBubblewrap, workspace } },
    );
    const evidence = harness.evidence();
    expect(JSON.stringify(evidence)).not.toContain(workspace);
    expect(evidence.inCwd).toEqual([".git"]);
  });

  it.each([
    [
      "an extra tool",
      { tools: [...TOOLS.map((tool) => `mcp__qoc__${tool}`), "Bash"] },
      /tools that are not the desk's: Bash/,
    ],
    [
      "a look-alike without the server's prefix",
      { tools: TOOLS },
      /tools that are not the desk's: qoc_orders_propose \(its own\)/,
    ],
    [
      "a missing tool",
      { tools: ["mcp__qoc__qoc_status"] },
      /does not see all tools of the desk: qoc_orders_propose, qoc_quotes_get/,
    ],
    ["a failed server", { tools: [], servers: [{ name: "qoc", status: "failed" }] }, /the MCP server qoc is failed/],
    [
      "a server that is not ours",
      {
        servers: [
          { name: "qoc", status: "connected" },
          { name: "rogue", status: "connected" },
        ],
      },
      /server rogue/,
    ],
    ["no server", { tools: [], servers: [] }, /not connected/],
    ["servers that are not a list", { servers: 5 }, /the list of its tools and servers cannot be parsed/],
    [
      "a second list of tools that cannot be parsed",
      { odd: [{ type: "system", subtype: "init", tools: null }], turns: 0 },
      /cannot be parsed/,
    ],
    ["no list of tools", { init: false }, /started to work before it announced its tools/],
  ])("L5 fails at the first event if the program announces %s", async (_, plan, reason) => {
    const result = await harness.run({ ...plan, hang: true });
    expect(result.failure).toMatch(reason);
    expect(result.use).toMatchObject({ turns: 0, toolCalls: 0 });
  });

  it.each([
    ["2.1.247", false],
    ["1.9.999", false],
    ["2.1.248", true],
    ["10.0.0", true],
  ])("A2 requires the minimum version: %s", async (version, isEnough) => {
    const { failure } = await harness.run({ version });
    if (isEnough) expect(failure).toBeUndefined();
    else expect(failure).toBe(`claude ${version} is too old: version 2.1.248 or later is required`);
  });

  it("A5 L4 is ended at its time limit together with all processes that it started", async () => {
    const grandchild = join(harness.folder, "grandchild");
    const result = await harness.run({ grandchild, hang: true }, { settings: { timeoutMs: 3_000 } });
    expect(result.failure).toBe("took longer than 3 s");
    await waitUntilGone(Number(readFileSync(grandchild, "utf8")));
  });

  it("L4 leaves no grandchild process if the program exits by itself", async () => {
    const grandchild = join(harness.folder, "grandchild");
    const result = await harness.run({ grandchild, code: 0 });
    expect(result.failure).toBeUndefined();
    await waitUntilGone(Number(readFileSync(grandchild, "utf8")));
  });

  it("stops when the operator stops it", async () => {
    const running = harness.run({ hang: true });
    await expect.poll(() => harness.notes).toContain("calls qoc_status");
    harness.stop.abort();
    expect((await running).failure).toBe("stopped by the operator");
  });

  /** A program without output; `up` is called once it has started. */
  const startSilent = (up: () => void): { path: string; spawn: LaunchDeps["spawn"] } => {
    const path = join(harness.folder, "mute.sh");
    writeFileSync(path, "#!/bin/sh\nexec sleep 60\n");
    chmodSync(path, 0o755);
    const start: LaunchDeps["spawn"] = (program, args, options) =>
      spawn(program, args, options).once("spawn", () => program === path && up());
    return { path, spawn: start };
  };

  it("stops when the operator stops it while the version is checked", async () => {
    const { path, spawn } = startSilent(() => harness.stop.abort());
    const result = await harness.run({}, { settings: { command: [path] }, deps: { ...withoutBubblewrap, spawn } });
    expect(result.failure).toBe("stopped by the operator");
  });

  it("stops when the operator stops it while the sandbox hangs", async () => {
    const { path, spawn } = startSilent(() => harness.stop.abort());
    const find: LaunchDeps["findProgram"] = (name) =>
      name === "bwrap" ? Promise.resolve({ path, real: path }) : launchDeps().findProgram(name);
    expect((await harness.run({}, { deps: { findProgram: find, spawn } })).failure).toBe("stopped by the operator");
  });

  it("A5 is ended at its time limit if the program does not print its version", async () => {
    const { path } = startSilent(() => undefined);
    expect((await harness.run({}, { settings: { command: [path], timeoutMs: 500 } })).failure).toBe(
      "took longer than 0.5 s",
    );
  });

  it("A5 subtracts the time of the version check from the time limit", async () => {
    let late = 0;
    let timers: number[] = [];
    const slow: LaunchDeps["spawn"] = (program, args, options) => {
      timers = [];
      if (args.includes("--version")) late = 15_000;
      return spawn(program, args, options);
    };
    const clock: LaunchDeps["clock"] = {
      ...systemClock,
      monotonic: () => systemClock.monotonic() + late,
      after: (ms, run) => {
        timers.push(ms);
        return systemClock.after(ms, run);
      },
    };
    expect(
      (await harness.run({}, { settings: { timeoutMs: 20_000 }, deps: { ...withoutBubblewrap, spawn: slow, clock } }))
        .failure,
    ).toBeUndefined();
    expect(timers[0]).toBeGreaterThan(0);
    expect(timers[0]).toBeLessThanOrEqual(5_000);
  });

  it("A5 is stopped at the turn limit if the program goes on", async () => {
    const result = await harness.run({ turns: 20, hang: true }, { settings: { maxTurns: 4 } });
    expect(result.failure).toBe("took more than 4 turns");
    expect(result.use?.turns).toBe(5);
  });

  it("A5 fails above the cost limit, and reports the cost", async () => {
    const result = await harness.run({ cost: 1.25 }, { settings: { maxCostUsd: 1 } });
    expect(result).toMatchObject({ failure: "cost 1.25 USD; the limit is 1.00 USD", use: { costUsd: 1.25 } });
  });

  it("A5 takes back no cost that the program takes back", async () => {
    expect(await harness.run({ cost: -1_000_000 })).toMatchObject({ use: { costUsd: 0 } });
  });

  it.each([
    ["error_max_turns", /reached its turn limit/],
    ["error_max_budget_usd", /reached its cost limit/],
    ["error_during_execution", /ended with error_during_execution/],
    ["constructor", /ended with constructor/],
  ])("reports how the program ended: %s", async (subtype, reason) => {
    expect((await harness.run({ subtype, code: 1 })).failure).toMatch(reason);
  });

  it("ignores lines that are not in the format, and counts them", async () => {
    const result = await harness.run({ garbage: true });
    expect(result.failure).toBeUndefined();
    expect(result.metadata?.["unread_lines"]).toBe("4");
  });

  const block = (type: string, more: object) => ({
    type: "assistant",
    message: { id: "msg_odd", content: [{ type, ...more }] },
  });
  it.each([
    ["a text that is null", block("text", { text: null }), 0],
    ["a text that is a number", block("text", { text: 5 }), 1],
    ["a message that is null", { type: "assistant", message: null }, 1],
    ["words instead of blocks", { type: "assistant", message: { id: "msg_odd", content: "x" } }, 1],
    ["an answer without content", { type: "user", message: { content: null } }, 0],
    ["an answer that is a number", { type: "user", message: { content: 5 } }, 1],
    ["a bill that is words", { type: "result", subtype: "success", total_cost_usd: "much" }, 1],
    ["a result without its kind", { type: "result" }, 1],
    ["a line of a kind that is not known", { type: "constructor", message: 5 }, 0],
  ])("ignores an unexpected line: %s", async (_, event, unread) => {
    const result = await harness.run({ odd: [event] });
    expect(result).toMatchObject({ summary: "Looked, and proposed nothing." });
    expect(result.failure).toBeUndefined();
    expect(Number(result.metadata?.["unread_lines"] ?? 0)).toBe(unread);
  });

  it("treats null fields as absent", async () => {
    const result = await harness.run({
      result: false,
      odd: [
        {
          type: "result",
          subtype: "success",
          is_error: null,
          result: null,
          total_cost_usd: null,
          permission_denials: null,
        },
      ],
    });
    expect(result).toMatchObject({ summary: "turn 1", use: { turns: 1, costUsd: null } });
    expect(result.failure).toBeUndefined();
    const answer = { type: "user", message: { content: [{ type: "tool_result", is_error: null, tool_use_id: null }] } };
    expect((await harness.run({ odd: [answer] })).failure).toMatch(/it used a tool without a name/);
  });

  it("fails with the exit code and the end of standard error if the program reports no result", async () => {
    expect((await harness.run({ result: false, code: 3, error: "no credit" })).failure).toBe(
      "exited with code 3; standard error: no credit",
    );
    expect((await harness.run({ result: false })).failure).toBe("did not report its completion; exited with code 0");
  });

  it("S6 reports each tool that the program denied, once", async () => {
    const denials = ["Bash", "mcp__qoc__qoc_status"].map((tool_name) => ({ tool_name }));
    expect((await harness.run({ calls: "Bash", denials })).use?.toolCalls).toBe(0);
    expect(harness.notes.filter((note) => note.includes("Bash"))).toEqual([
      "Bash (its own) was denied by the agent program",
    ]);
    expect(harness.refused).toEqual(["run-1 Bash (its own)", "run-1 qoc_status"]);
  });

  it("L5 fails if a tool that is not the desk's returns a result", async () => {
    expect((await harness.run({ calls: "Bash", answers: true, hang: true })).failure).toMatch(
      /it used Bash \(its own\)/,
    );
  });

  it("A6 keeps the token and the passed variables out of the record", async () => {
    const env = { ANTHROPIC_API_KEY: "sk-the-models-key" };
    const result = await harness.run(
      { says: `my key is ${env.ANTHROPIC_API_KEY}`, result: `and my token ${TOKEN}` },
      { deps: { ...withoutBubblewrap, env } },
    );
    expect(result.summary).toBe("and my token [token]");
    expect(harness.notes).toContain("says: my key is [ANTHROPIC_API_KEY]");
  });

  it("A6 leaves no part of a secret where a text is truncated", async () => {
    const env = { ANTHROPIC_API_KEY: `sk-${"k".repeat(90)}` };
    const deps = { ...withoutBubblewrap, env };
    await harness.run({ says: `${"a".repeat(150)} ${env.ANTHROPIC_API_KEY}` }, { deps });
    const { failure } = await harness.run(
      { result: false, code: 3, error: `${env.ANTHROPIC_API_KEY} ${"e".repeat(3_940)} ${TOKEN}` },
      { deps },
    );
    expect(failure).toMatch(/^exited with code 3; standard error: e+ \[token\]$/);
    expect(JSON.stringify([harness.notes, failure])).not.toMatch(/kkk/);
  });

  it("fails with the name of the missing program if it is not installed", async () => {
    const result = await harness.run({}, { settings: { command: ["no-such-agent"] } });
    expect(result.failure).toMatch(/^no-such-agent is not installed/);
    expect(existsSync(join(harness.folder, "evidence.json"))).toBe(false);
  });
});
