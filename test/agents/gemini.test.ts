import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { gemini } from "../../src/agents/gemini.ts";
import { TOKEN, agentHarness } from "../support/agent-harness.ts";

function says(content: string) {
  return { type: "message", role: "assistant", content, delta: true };
}
function called(tool_name: string, tool_id: string) {
  return { type: "tool_use", tool_name, tool_id, parameters: {} };
}
function answered(tool_id: string, status: string) {
  return { type: "tool_result", tool_id, status, output: "" };
}
const done = { type: "result", status: "success", stats: {} };

describe("a run of Gemini CLI", () => {
  it("assembles messages from their pieces, and counts each as a turn", async () => {
    const harness = agentHarness(gemini, "lines");
    const lines = [
      { type: "init", model: "m" },
      { type: "message", role: "user", content: "the bundle" },
      ...[says("I "), says("look."), called("mcp_qoc_qoc_status", "a"), called("mcp_qoc_qoc_quotes_get", "b")],
      ...[answered("a", "success"), answered("b", "success"), says("Loo"), says("ked."), done],
    ];
    const result = await harness.run({ lines });
    expect(result).toMatchObject({ summary: "I look.\nLooked.", use: { turns: 2, toolCalls: 2, costUsd: null } });
    expect(result.failure).toBeUndefined();
    expect(harness.notes).toEqual(
      expect.arrayContaining(["says: I look.", "calls qoc_status", "calls qoc_quotes_get"]),
    );
  });

  it("succeeds after an error that the program recovered from", async () => {
    const harness = agentHarness(gemini, "lines");
    const result = await harness.run({
      lines: [{ type: "error", severity: "warning", message: "try again" }, says("Looked."), done],
    });
    expect(result.failure).toBeUndefined();
    expect(harness.notes).toContain("try again");
  });

  it.each(["run_shell_command", "qoc_status", "mcp_qoc_qoc_orders_approve"])(
    "S6 reports a tool that the program denied, and goes on: %s",
    async (tool) => {
      const harness = agentHarness(gemini, "lines");
      const result = await harness.run({ lines: [called(tool, "a"), answered("a", "error"), says("Well."), done] });
      expect(result).toMatchObject({ summary: "Well.", use: { turns: 2, toolCalls: 0 } });
      expect(result.failure).toBeUndefined();
      expect(harness.notes.filter((note) => note.endsWith("was denied by the agent program"))).toHaveLength(1);
    },
  );

  it.each([
    [
      "a tool of its own that ran",
      [called("run_shell_command", "a"), answered("a", "success"), done],
      /it used run_shell_command/,
    ],
    [
      "a tool with null about it",
      [{ ...called("run_shell_command", "a"), content: null }, answered("a", "success")],
      /it used run_shell_command/,
    ],
    [
      "its own error",
      [{ type: "result", status: "error", error: { type: "x", message: "no credit" } }],
      /^ended with: no credit$/,
    ],
    [
      "an error before a result with status success",
      [says("I look."), { type: "error", severity: "warning", message: "Loop detected" }, done],
      /^ended with: Loop detected$/,
    ],
    ["no end", [says("Looked.")], /did not report its completion/],
  ])("fails: %s", async (_, lines, reason) => {
    expect((await agentHarness(gemini, "lines").run({ lines })).failure).toMatch(reason);
  });

  it("L5 fails if the program has not requested the desk's tool list", async () => {
    expect((await agentHarness(gemini, "lines").run({ lines: [done] }, { hasListed: false })).failure).toBe(
      "did not request the desk's tool list",
    );
  });

  it("A2 requires the minimum version", async () => {
    expect((await agentHarness(gemini, "lines").run({ lines: [done], version: "0.60.9" })).failure).toMatch(
      /^gemini 0\.60\.9 is too old/,
    );
  });

  it("A3 may use only the desk's tools, by settings that contain no token", async () => {
    const harness = agentHarness(gemini, "lines");
    await harness.run(
      { lines: [done], evidence: join(harness.folder, "evidence.json") },
      { settings: { model: "m", maxTurns: 7 }, bundle: "do it" },
    );
    const { files, switches, env, prompt } = harness.evidence();
    expect(prompt).toBe("do it");
    expect(switches.join(" ")).toMatch(
      /^--model m --output-format stream-json --admin-policy \S+\/setup\/policy\.toml --extensions none$/,
    );
    expect(parse(files["policy.toml"])["rule"]).toEqual([
      { toolName: "*", decision: "deny", priority: 500 },
      { toolName: "*", mcpName: "qoc", decision: "allow", priority: 900 },
    ]);
    expect(JSON.parse(files[".gemini/settings.json"])).toMatchObject({
      model: { maxSessionTurns: 7 },
      hooksConfig: { enabled: false },
      mcpServers: { qoc: { headers: { Authorization: "Bearer ${QOC_TOKEN}" } } },
    });
    expect(JSON.stringify(files)).not.toContain(TOKEN);
    expect(env).toMatchObject({ QOC_TOKEN: TOKEN, GEMINI_CLI_HOME: expect.stringMatching(/\/setup$/) });
  });
});
