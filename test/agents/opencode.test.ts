import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { opencode } from "../../src/agents/opencode.ts";
import { TOKEN, agentHarness, withoutBubblewrap } from "../support/agent-harness.ts";

function step(cost: number) {
  return [
    { type: "step_start", part: {} },
    { type: "step_finish", part: { cost } },
  ];
}
function used(tool: string, status: string) {
  return { type: "tool_use", part: { tool, state: { status } } };
}

async function evidenceOf(model?: string, env: Record<string, string> = {}) {
  const harness = agentHarness(opencode, "lines");
  const settings = model === undefined ? {} : { model };
  await harness.run(
    { lines: [], evidence: join(harness.folder, "evidence.json") },
    { settings, deps: { ...withoutBubblewrap, env } },
  );
  const { files, ...rest } = harness.evidence();
  return { ...rest, files, text: files["opencode.json"], config: JSON.parse(files["opencode.json"]) };
}

describe("a run of opencode", () => {
  it("adds up the cost and reports the calls", async () => {
    const harness = agentHarness(opencode, "lines");
    const lines = [
      ...step(0.25),
      used("qoc_qoc_status", "completed"),
      ...step(0.5),
      { type: "text", part: { text: "Looked." } },
    ];
    expect(await harness.run({ lines })).toMatchObject({
      summary: "Looked.",
      use: { turns: 2, toolCalls: 1, costUsd: 0.75 },
    });
    expect(harness.notes).toContain("calls qoc_status");
  });

  it("takes back no cost that a step takes back", async () => {
    const lines = [...step(0.75), ...step(-1_000_000), ...step(0.125)];
    expect(await agentHarness(opencode, "lines").run({ lines })).toMatchObject({ use: { costUsd: 0.875 } });
  });

  it.each([
    ["too dear", [...step(0.75), ...step(0.5)], /^cost 1.25 USD; the limit is 1.00 USD$/],
    ["a shell that ran", [used("bash", "completed")], /it used bash/],
    ["a tool of the door's name that is not behind it", [used("qoc_status", "completed")], /it used qoc_status/],
    [
      "a shell with null about it",
      [{ type: "tool_use", part: { tool: "bash", text: null, state: { status: "completed" } } }],
      /it used bash/,
    ],
    ["its own error", [{ type: "error", error: { name: "APIError" } }], /APIError/],
  ])("fails: %s", async (_, lines, reason) => {
    expect((await agentHarness(opencode, "lines").run({ lines })).failure).toMatch(reason);
  });

  it.each(["bash", "qoc_qoc_orders_approve"])(
    "S6 reports a tool that the program denied, and goes on: %s",
    async (tool) => {
      const harness = agentHarness(opencode, "lines");
      expect(await harness.run({ lines: [used(tool, "error")] })).toMatchObject({ use: { toolCalls: 0 } });
      expect(harness.notes.filter((note) => note.endsWith("was denied by the agent program"))).toHaveLength(1);
    },
  );

  it("L5 fails if the program has not requested the desk's tool list", async () => {
    expect((await agentHarness(opencode, "lines").run({ lines: step(0) }, { hasListed: false })).failure).toBe(
      "did not request the desk's tool list",
    );
  });

  it("A2 requires the minimum version", async () => {
    expect((await agentHarness(opencode, "lines").run({ lines: [], version: "1.18.32" })).failure).toMatch(
      /^opencode 1\.18\.32 is too old/,
    );
  });

  it("A3 may use only the desk's tools", async () => {
    const { config, text, env } = await evidenceOf();
    expect(config).toMatchObject({ share: "disabled", permission: { "*": "deny", "qoc_*": "allow" } });
    expect(config.provider).toBeUndefined();
    expect(text).not.toContain(TOKEN);
    expect(env).toMatchObject({ OPENCODE_DISABLE_PROJECT_CONFIG: "1", OPENCODE_DISABLE_DEFAULT_PLUGINS: "1" });
  });

  it("downloads nothing at the start: its configuration folder lists the plug-in as installed", async () => {
    const { env, files } = await evidenceOf();
    expect(env.XDG_CONFIG_HOME).toBe(dirname(env.OPENCODE_CONFIG));
    expect(files["opencode/package-lock.json"]).toContain("@opencode-ai/plugin");
  });

  const url = "http://127.0.0.1:9";
  it.each([
    [
      "an address of OpenAI's interface",
      "some/model/x",
      { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: "sk-the-models-key" },
      "some",
      `${url}/v1`,
    ],
    [
      "an address of Anthropic's",
      "anthropic/model",
      { ANTHROPIC_BASE_URL: url, OPENAI_BASE_URL: "http://x" },
      "anthropic",
      `${url}/v1`,
    ],
  ])("uses the base URL of the passed variables: %s", async (_, model, env, name, baseURL) => {
    const { config, text, switches } = await evidenceOf(model, env);
    expect(switches.join(" ")).toContain(`--model ${model}`);
    expect(Object.keys(config.provider)).toEqual([name]);
    expect(config.provider[name].options.baseURL).toBe(baseURL);
    expect(text).not.toContain("sk-the");
  });
});
