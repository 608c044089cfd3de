import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acp } from "../../src/agents/acp.ts";
import { TOKEN, agentHarness } from "../support/agent-harness.ts";

function says(text: string) {
  return { sessionUpdate: "agent_message_chunk", content: { type: "text", text } };
}
function call(toolCallId: string, title: string, more = {}) {
  return { sessionUpdate: "tool_call", toolCallId, title, kind: "other", status: "pending", ...more };
}
function ends(toolCallId: string, status: string, title?: string) {
  return { sessionUpdate: "tool_call_update", toolCallId, status, title };
}
const OPTIONS = [
  { optionId: "for ever", kind: "allow_always" },
  { optionId: "yes", kind: "allow_once" },
  { optionId: "no", kind: "reject_once" },
];
function askPermission(toolCall: object, options: readonly object[] = OPTIONS) {
  return {
    method: "session/request_permission",
    params: { sessionId: "s1", toolCall, options },
  };
}

async function runAcp(plan: object, settings = {}) {
  const harness = agentHarness(acp, "acp");
  const result = await harness.run(
    { ...plan, evidence: join(harness.folder, "evidence.json") },
    { settings, bundle: "do it" },
  );
  return { harness, result, heard: harness.evidence().heard as any[], env: harness.evidence().env };
}
/** The desk's reply to the program's first request. */
async function replyTo(request: object) {
  return (await runAcp({ says: [request] })).heard.find((message) => message.method === undefined);
}

describe("a run of a program of the Agent Client Protocol", () => {
  it("opens a session with the desk's MCP server only, and reports turns, calls and messages", async () => {
    const plan = {
      says: [
        ...[
          says("I "),
          says("look."),
          call("a", "qoc_qoc_status"),
          ends("a", "in_progress"),
          ends("a", "completed", "status of the desk"),
        ],
        ...[
          askPermission({ toolCallId: "b", title: "qoc_quotes_get (qoc MCP Server)", kind: "other" }),
          ends("b", "completed"),
          says("Looked."),
        ],
      ],
    };
    const { result, harness, heard, env } = await runAcp(plan);
    expect(result).toMatchObject({ summary: "I look.\nLooked.", use: { turns: 3, toolCalls: 2, costUsd: null } });
    expect(result.failure).toBeUndefined();
    expect(harness.notes).toEqual(
      expect.arrayContaining(["says: I look.", "calls qoc_status", "calls qoc_quotes_get"]),
    );
    const [initialize, session, prompt] = heard;
    expect(initialize.params).toMatchObject({
      protocolVersion: 1,
      clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    });
    expect(session.params.mcpServers).toEqual([
      {
        type: "http",
        name: "qoc",
        url: "http://127.0.0.1:1/mcp",
        headers: [{ name: "Authorization", value: `Bearer ${TOKEN}` }],
      },
    ]);
    expect(session.params.cwd).toMatch(/\/work$/);
    expect(prompt.params).toEqual({ sessionId: "s1", prompt: [{ type: "text", text: "do it" }] });
    expect(JSON.stringify(env)).not.toContain(TOKEN);
  });

  it.each([
    "qoc_status",
    "qoc_qoc_status",
    "mcp__qoc__qoc_status",
    "mcp_qoc_qoc_status",
    "qoc_status (qoc MCP Server)",
  ])("allows one call of a desk tool: %s", async (title) => {
    expect((await replyTo(askPermission({ toolCallId: "a", title, kind: "other" }))).result).toEqual({
      outcome: { outcome: "selected", optionId: "yes" },
    });
  });

  it.each([
    ["a command", { title: "id", kind: "execute" }],
    ["a command by the name of a tool", { title: "qoc_status", kind: "execute" }],
    ["a tool's name in other words", { title: "qoc_status; id", kind: "other" }],
    ["a tool's name on a line of its own", { title: "id\nqoc_status", kind: "other" }],
    ["a tool that is not the desk's", { title: "qoc_orders_approve", kind: "other" }],
    ["another server's", { title: "mcp__rogue__qoc_status", kind: "other" }],
    ["no name", { title: null }],
  ])("S6 rejects a permission request for %s", async (_, toolCall) => {
    const reply = await replyTo(askPermission({ toolCallId: "a", ...toolCall }));
    expect(reply.result).toEqual({ outcome: { outcome: "selected", optionId: "no" } });
  });

  it("rejects a permission request if the call first named another tool", async () => {
    const { heard } = await runAcp({
      says: [call("a", "bash"), askPermission({ toolCallId: "a", title: "qoc_status", kind: "other" })],
    });
    expect(heard.at(-1).result).toEqual({ outcome: { outcome: "selected", optionId: "no" } });
  });

  it("cancels a permission request that offers neither allow_once nor reject_once", async () => {
    const options = OPTIONS.slice(0, 1);
    expect((await replyTo(askPermission({ toolCallId: "a", title: "qoc_status" }, options))).result).toEqual({
      outcome: { outcome: "cancelled" },
    });
  });

  it.each(["fs/read_text_file", "fs/write_text_file", "terminal/create", "session/request_permission", "no/such"])(
    "responds to %s with method not found",
    async (method) => {
      expect((await replyTo({ method, params: { path: "/etc/passwd" } })).error).toMatchObject({ code: -32_601 });
    },
  );

  it("S6 reports a denied call by its tool's name, and goes on", async () => {
    const { harness, result } = await runAcp({
      says: [call("a", "bash", { kind: "execute" }), ends("a", "failed", "id"), says("Well.")],
    });
    expect(result.failure).toBeUndefined();
    expect(harness.notes).toContain("bash was denied by the agent program");
  });

  it.each([
    ["a tool of its own that ran", { says: [call("a", "bash"), ends("a", "completed", "qoc_status")] }, /it used bash/],
    ["another version", { answers: { initialize: { protocolVersion: 2 } } }, /does not support version 1/],
    [
      "no servers over HTTP",
      { answers: { initialize: { protocolVersion: 1, agentCapabilities: {} } } },
      /does not support MCP servers over HTTP/,
    ],
    [
      "null for what it can do",
      { answers: { initialize: { protocolVersion: 1, agentCapabilities: null } } },
      /does not support MCP servers over HTTP/,
    ],
    ["no session", { answers: { "session/new": {} } }, /did not open a session/],
    [
      "an error",
      { answers: { "session/new": { error: { code: -32_000, message: "log in first" } } } },
      /responded to session\/new with an error: log in first/,
    ],
    ["another end", { answers: { "session/prompt": { stopReason: "refusal" } } }, /ended with refusal/],
  ])("fails: %s", async (_, plan, reason) => {
    expect((await agentHarness(acp, "acp").run(plan)).failure).toMatch(reason);
  });

  it("L5 fails if the program has not requested the desk's tool list", async () => {
    expect((await agentHarness(acp, "acp").run({}, { hasListed: false })).failure).toBe(
      "did not request the desk's tool list",
    );
  });

  it("is not started without a sandbox unless `unconfined` is set", async () => {
    expect((await agentHarness(acp, "acp").run({}, { settings: { unconfined: false } })).failure).toMatch(
      /needs bubblewrap/,
    );
  });
});
