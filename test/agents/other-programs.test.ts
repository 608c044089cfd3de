import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { codex } from "../../src/agents/codex.ts";
import { opencode } from "../../src/agents/opencode.ts";
import { TOKEN, agentStand } from "../kit/agent-stand.ts";

const codexCall = (server: string) => ({ type: "item.started", item: { type: "mcp_tool_call", server, tool: "qoc_status" } });
const codexSays = { type: "item.completed", item: { type: "agent_message", text: "Looked." } };
const completed = { type: "turn.completed", usage: {} };

describe("a run of Codex", () => {
  it("counts calls and messages, and its last words are its account", async () => {
    const stand = agentStand(codex, "lines");
    const result = await stand.run({ lines: [{ type: "thread.started" }, codexCall("qoc"), codexSays, completed] });
    expect(result).toMatchObject({ summary: "Looked.", use: { turns: 2, toolCalls: 1, costUsd: null } });
    expect(result.failure).toBeUndefined();
  });

  it.each([
    ["a shell", [{ type: "item.started", item: { type: "command_execution" } }, completed], /more than the desk gave it: it has command_execution/],
    ["another server", [codexCall("rogue"), completed], /more than the desk gave it: rogue\/qoc_status/],
    ["a failed turn", [{ type: "turn.failed", error: { message: "no credit" } }], /no credit/],
    ["no end", [codexCall("qoc")], /said nothing of its end/],
  ])("fails: %s", async (_, lines, reason) => {
    expect((await agentStand(codex, "lines").run({ lines })).failure).toMatch(reason);
  });

  it("has a configuration without hands, and no token in it", async () => {
    const stand = agentStand(codex, "lines");
    await stand.run({ lines: [completed], evidence: join(stand.folder, "evidence.json") }, { settings: { model: 'a"model' }, bundle: "do it" });
    const { files, switches, env, prompt } = stand.evidence();
    expect(prompt).toBe("do it");
    expect(switches).toEqual(["exec", "--json", "--ephemeral", "--skip-git-repo-check", "-"]);
    expect(parse(files["config.toml"])).toMatchObject({
      model: 'a"model',
      approval_policy: "never",
      features: { shell_tool: false, unified_exec: false },
      mcp_servers: { qoc: { required: true, bearer_token_env_var: "QOC_TOKEN" } },
    });
    expect(files["config.toml"]).not.toContain(TOKEN);
    expect(env.QOC_TOKEN).toBe(TOKEN);
  });
});

const step = (cost: number) => [{ type: "step_start", part: {} }, { type: "step_finish", part: { cost } }];
const used = (tool: string, status: string) => ({ type: "tool_use", part: { tool, state: { status } } });

describe("a run of opencode", () => {
  it("adds up its bill and tells its calls", async () => {
    const stand = agentStand(opencode, "lines");
    const lines = [...step(0.25), used("qoc_qoc_status", "completed"), ...step(0.5), { type: "text", part: { text: "Looked." } }];
    expect(await stand.run({ lines })).toMatchObject({ summary: "Looked.", use: { turns: 2, toolCalls: 1, costUsd: 0.75 } });
    expect(stand.notes).toContain("calls qoc_status");
  });

  it.each([
    ["too dear", [...step(0.75), ...step(0.5)], /^it cost 1.25 USD; it may cost 1.00 USD$/],
    ["a shell that ran", [used("bash", "completed")], /it used bash/],
    ["its own error", [{ type: "error", error: { name: "APIError" } }], /APIError/],
  ])("fails: %s", async (_, lines, reason) => {
    expect((await agentStand(opencode, "lines").run({ lines })).failure).toMatch(reason);
  });

  it("S6 tells of a tool that it refused, and goes on", async () => {
    const stand = agentStand(opencode, "lines");
    expect((await stand.run({ lines: [used("bash", "error")] })).failure).toBeUndefined();
    expect(stand.notes).toContain("was refused bash by its own program");
  });

  it("is denied everything but the desk's tools", async () => {
    const stand = agentStand(opencode, "lines");
    await stand.run({ lines: [], evidence: join(stand.folder, "evidence.json") });
    const { files, env } = stand.evidence();
    expect(JSON.parse(files["opencode.json"])).toMatchObject({ permission: { "*": "deny", "qoc_*": "allow" } });
    expect(files["opencode.json"]).not.toContain(TOKEN);
    expect(env).toMatchObject({ OPENCODE_DISABLE_PROJECT_CONFIG: "1", OPENCODE_DISABLE_DEFAULT_PLUGINS: "1" });
  });
});
