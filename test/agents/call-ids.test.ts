/**
 * Memory that a program's output uses is bounded, and a truncated name or id never passes for another one.
 */
import { describe, expect, it } from "vitest";
import { acp } from "../../src/agents/acp.ts";
import { claude } from "../../src/agents/claude.ts";
import { gemini } from "../../src/agents/gemini.ts";
import { IDS_MAX, NAME_CHARS_MAX, CallMap, truncateName } from "../../src/agents/call-ids.ts";
import type { AgentEvent, AgentProgram } from "../../src/agents/runtime.ts";
import { createMessageAssembler } from "../../src/agents/message-assembler.ts";
import { SUMMARY_CHARS_MAX } from "../../src/agents/run-meter.ts";

const LONG = "x".repeat(100_000);

describe("bounds on a program's messages and names", () => {
  it("keep only the end of a message of any length", () => {
    const assembler = createMessageAssembler();
    const piece = "x".repeat(4_000_000);
    // Together more characters than the longest possible string.
    for (let n = 0; n < 300; n++) assembler.append(piece);
    assembler.append("the end");
    expect(assembler.flush()).toEqual([{ kind: "message", text: `${"x".repeat(SUMMARY_CHARS_MAX - 7)}the end` }]);
  });

  it("keep a short name unchanged, and mark a truncated name", () => {
    expect(truncateName("qoc_status")).toBe("qoc_status");
    expect(truncateName("x".repeat(NAME_CHARS_MAX))).toBe("x".repeat(NAME_CHARS_MAX));
    expect(truncateName(LONG)).toBe(`${"x".repeat(NAME_CHARS_MAX)}…`);
  });

  it("distinguish ids by their full length", () => {
    const calls = new CallMap<string>();
    calls.set(`${LONG}a`, "qoc_status");
    expect([calls.get(`${LONG}a`), calls.get(`${LONG}b`)]).toEqual(["qoc_status", undefined]);
  });

  it("keep a limited number of ids, and drop the oldest", () => {
    const calls = new CallMap<number>();
    for (let n = 0; n <= IDS_MAX; n++) calls.set(`call ${n}`, n);
    calls.set(`call ${IDS_MAX}`, -1);
    expect([calls.get("call 0"), calls.get("call 1"), calls.get(`call ${IDS_MAX}`)]).toEqual([undefined, 1, -1]);
  });
});

/** As long as the limit, so that truncation would leave only the tool's name. */
const TOOL = `qoc_${"s".repeat(NAME_CHARS_MAX - 4)}`;

function eventsOf(program: AgentProgram, lines: readonly object[]): readonly AgentEvent[] {
  const door = {
    url: "u",
    token: "t",
    tools: [TOOL],
    hasListed: () => true,
    onCall: () => undefined,
    close: () => Promise.resolve(),
  };
  const settings = { maxTurns: 3, maxCostUsd: 1, timeoutMs: 1_000, env: [], unconfined: false };
  const talk = program.openConversation({
    endpoint: door,
    settings,
    bundle: "b",
    passedEnv: {},
    setupFolder: "/s",
    cwd: "/c",
  });
  return lines.flatMap((line) => talk.readLine(JSON.stringify(line), () => undefined) ?? []);
}

function update(body: object) {
  return { jsonrpc: "2.0", method: "session/update", params: { update: { toolCallId: "a", ...body } } };
}

describe("a tool whose name is too long", () => {
  const name = `${TOOL}${LONG}`;
  const used = (cut: string) => ({ kind: "violation", detail: `it used ${cut}…` });
  it.each<[AgentProgram, object[]]>([
    [
      claude,
      [
        {
          type: "assistant",
          message: { id: LONG, content: [{ type: "tool_use", id: LONG, name: `mcp__qoc__${name}` }] },
        },
        { type: "user", message: { content: [{ type: "tool_result", tool_use_id: LONG }] } },
      ],
    ],
    [
      gemini,
      [
        { type: "tool_use", tool_name: `mcp_qoc_${name}`, tool_id: LONG },
        { type: "tool_result", tool_id: LONG, status: "success" },
      ],
    ],
    [
      acp,
      [
        update({ sessionUpdate: "tool_call", title: name }),
        update({ sessionUpdate: "tool_call_update", status: "completed" }),
      ],
    ],
  ])("never counts as a desk tool: $name", (program, lines) => {
    expect(eventsOf(program, lines)).toEqual([{ kind: "turn" }, used(TOOL)]);
  });
});
