/**
 * A program that talks without end costs its run and no more: what is kept of it is bounded, and a bound lets nothing
 * pass.
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

describe("what is kept of a program's words", () => {
  it("is the last of them, however long it speaks", () => {
    const told = createMessageAssembler();
    const piece = "x".repeat(4_000_000);
    // More than one text can hold.
    for (let n = 0; n < 300; n++) told.append(piece);
    told.append("the end");
    expect(told.flush()).toEqual([{ kind: "message", text: `${"x".repeat(SUMMARY_CHARS_MAX - 7)}the end` }]);
  });

  it("is a name as it stands, or a beginning that is marked", () => {
    expect(truncateName("qoc_status")).toBe("qoc_status");
    expect(truncateName("x".repeat(NAME_CHARS_MAX))).toBe("x".repeat(NAME_CHARS_MAX));
    expect(truncateName(LONG)).toBe(`${"x".repeat(NAME_CHARS_MAX)}…`);
  });

  it("is told apart by the whole of an id", () => {
    const calls = new CallMap<string>();
    calls.set(`${LONG}a`, "qoc_status");
    expect([calls.get(`${LONG}a`), calls.get(`${LONG}b`)]).toEqual(["qoc_status", undefined]);
  });

  it("is of so many ids, and the oldest is forgotten", () => {
    const calls = new CallMap<number>();
    for (let n = 0; n <= IDS_MAX; n++) calls.set(`call ${n}`, n);
    calls.set(`call ${IDS_MAX}`, -1);
    expect([calls.get("call 0"), calls.get("call 1"), calls.get(`call ${IDS_MAX}`)]).toEqual([undefined, 1, -1]);
  });
});

/** As long as the cut, so that the tool's name would be all that is left of it. */
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
  ])("is none of the desk's: $name", (program, lines) => {
    expect(eventsOf(program, lines)).toEqual([{ kind: "turn" }, used(TOOL)]);
  });
});
