/** `[agent]` of desk.toml: each mistake is reported with its key and line, and no value is guessed. */
import { describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { readConfig } from "../../src/workspace/config.ts";

function agentOf(lines: string) {
  return readConfig(`[agent]\n${lines}\n`, "desk.toml").agent;
}

function problem(lines: string): QocError {
  try {
    agentOf(lines);
  } catch (error) {
    if (error instanceof QocError) return error;
    throw error;
  }
  throw new Error(`accepted: ${lines}`);
}

describe("[agent]", () => {
  it("without an [agent] table the runtime is the scripted demo agent with the default limits", () => {
    expect(readConfig("", "desk.toml").agent).toEqual({
      ...{ runtime: "demo", maxTurns: 60, maxCostUsd: 5, timeoutMs: 1_800_000, env: [], unconfined: false },
    });
  });

  it("every documented key of [agent] is read", () => {
    const lines =
      'runtime = "acp"\ncommand = ["/opt/x", "acp"]\nmax_turns = 3\nmax_cost_usd = 0.5\ntimeout_minutes = 0.5\n' +
      'env = ["A_B"]\nunconfined = true\ninstructions = "In German."';
    expect(agentOf(lines)).toEqual({
      ...{
        runtime: "acp",
        command: ["/opt/x", "acp"],
        instructions: "In German.",
        maxTurns: 3,
        maxCostUsd: 0.5,
        timeoutMs: 30_000,
      },
      ...{ env: ["A_B"], unconfined: true },
    });
  });

  it.each([
    ['runtime = "clyde"', "agent.runtime", 2],
    ['runtime = "acp"', "agent", 1],
    ['runtime = "command"\ncommand = []', "agent.command", 3],
    ['runtime = "claude"\ncommand = "claude --yolo"', "agent.command", 3],
    ['runtime = "command"\ncommand = ["x"]\nmodel = "m"', "agent.model", 4],
    ["max_turns = 0", "agent.max_turns", 2],
    ["max_turns = 2.5", "agent.max_turns", 2],
    ["max_cost_usd = -1", "agent.max_cost_usd", 2],
    ["max_costs_usd = 1", "agent.max_costs_usd", 2],
    ["timeout_minutes = 0", "agent.timeout_minutes", 2],
    ['env = ["A=B"]', "agent.env", 2],
    ['unconfined = "no"', "agent.unconfined", 2],
  ])("[agent] with %j is refused with its key and line", (lines, key, line) => {
    const { code, details } = problem(lines);
    expect(code).toBe("CONFIG_INVALID");
    expect(String(details["key"]).startsWith(key)).toBe(true);
    expect(details["line"]).toBe(line);
  });
});
