import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { codex } from "../../src/agents/codex.ts";
import { TOKEN, agentHarness, withoutBubblewrap } from "../support/agent-harness.ts";

function called(server: string, tool = "qoc_status") {
  return { type: "item.started", item: { type: "mcp_tool_call", server, tool } };
}
const says = { type: "item.completed", item: { type: "agent_message", text: "Looked." } };
const completed = { type: "turn.completed", usage: {} };
const retries = { type: "error", message: "Reconnecting... 2/5" };

async function evidenceOf(env: Record<string, string>, settings = {}) {
  const harness = agentHarness(codex, "lines");
  await harness.run(
    { lines: [completed], evidence: join(harness.folder, "evidence.json") },
    { settings, bundle: "do it", deps: { ...withoutBubblewrap, env } },
  );
  return harness.evidence();
}

describe("a run of Codex", () => {
  it("counts calls and messages as turns, and the last message is the summary", async () => {
    const harness = agentHarness(codex, "lines");
    const result = await harness.run({ lines: [{ type: "thread.started" }, called("qoc"), retries, says, completed] });
    expect(result).toMatchObject({
      summary: "Looked.",
      use: { turns: 2, toolCalls: 1, costUsd: null },
      metadata: { version: "99.0.0" },
    });
    expect(result.failure).toBeUndefined();
    expect(harness.notes).toContain("Reconnecting... 2/5");
  });

  it("may use its built-in tools that read the desk's resources", async () => {
    const result = await agentHarness(codex, "lines").run({
      lines: [called("codex", "read_mcp_resource"), says, completed],
    });
    expect(result).toMatchObject({ summary: "Looked.", use: { toolCalls: 1 } });
    expect(result.failure).toBeUndefined();
  });

  it.each([
    [
      "a shell",
      [{ type: "item.started", item: { type: "command_execution" } }, completed],
      /tool check failed: command_execution/,
    ],
    ["a tool of its own", [called("codex", "exec_command"), completed], /tool check failed: codex\/exec_command/],
    ["another server's resources", [called("rogue", "read_mcp_resource"), completed], /rogue\/read_mcp_resource/],
    ["another server", [called("rogue"), completed], /tool check failed: rogue\/qoc_status/],
    [
      "a shell with null about it",
      [{ type: "item.started", item: { type: "command_execution", text: null } }],
      /tool check failed: command_execution/,
    ],
    ["a failed turn that does not say why", [{ type: "turn.failed", error: null }], /ended with: an error/],
    ["a failed turn", [{ type: "turn.failed", error: { message: "no credit" } }], /no credit/],
    ["no end", [called("qoc")], /did not report its completion/],
  ])("fails: %s", async (_, lines, reason) => {
    expect((await agentHarness(codex, "lines").run({ lines })).failure).toMatch(reason);
  });

  it.each([
    ["at its first call", [called("qoc"), says, completed], { turns: 1, toolCalls: 1 }],
    ["at its end", [says, completed], { turns: 1, toolCalls: 0 }],
  ])("L5 fails if the program has not requested the desk's tool list: %s", async (_, lines, use) => {
    const result = await agentHarness(codex, "lines").run({ lines }, { hasListed: false });
    expect(result).toMatchObject({ failure: "did not request the desk's tool list", use });
  });

  it("A2 requires the minimum version", async () => {
    const { failure } = await agentHarness(codex, "lines").run({ lines: [completed], version: "codex-cli 0.168.9" });
    expect(failure).toBe("codex 0.168.9 is too old: version 0.169.0 or later is required");
  });

  it("is given its configuration before it first runs: no link that it makes then leads the files elsewhere", async () => {
    const harness = agentHarness(codex, "lines");
    const elsewhere = join(harness.folder, "elsewhere");
    mkdirSync(elsewhere);
    const path = join(harness.folder, "links.sh");
    const link = `mv "$HOME/../setup" "$HOME/../was" && ln -s ${elsewhere} "$HOME/../setup" && echo codex 99.0.0`;
    writeFileSync(path, `#!/bin/sh\n${link}\n`);
    chmodSync(path, 0o755);
    expect((await harness.run({}, { settings: { command: [path] } })).failure).toMatch(/did not report/);
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  it("A3 has a configuration without built-in tools, token or key", async () => {
    const { files, switches, env, prompt } = await evidenceOf(
      { OPENAI_API_KEY: "sk-the-models-key" },
      { model: 'a"model' },
    );
    expect(prompt).toBe("do it");
    expect(switches).toEqual(["exec", "--json", "--ephemeral", "--skip-git-repo-check", "-"]);
    const config = parse(files["config.toml"]);
    expect(config).toMatchObject({
      model: 'a"model',
      approval_policy: "never",
      sandbox_mode: "read-only",
      features: { shell_tool: false, unified_exec: false, plugins: false },
      mcp_servers: { qoc: { required: true, bearer_token_env_var: "QOC_TOKEN" } },
    });
    expect(config["model_providers"]).toBeUndefined();
    expect(parse(files["environments.toml"])).toEqual({ default: "none", include_local: false });
    expect(JSON.stringify(files)).not.toMatch(new RegExp(`${TOKEN}|sk-the`));
    expect(env).toMatchObject({ QOC_TOKEN: TOKEN, CODEX_API_KEY: "sk-the-models-key" });
  });

  it("uses the base URL of the passed variables", async () => {
    const { files } = await evidenceOf({
      OPENAI_BASE_URL: "http://127.0.0.1:9/v1",
      OPENAI_API_KEY: "sk-the-models-key",
    });
    expect(parse(files["config.toml"])).toMatchObject({
      model_provider: "custom",
      model_providers: {
        custom: { base_url: "http://127.0.0.1:9/v1", env_key: "CODEX_API_KEY", wire_api: "responses" },
      },
    });
  });
});
