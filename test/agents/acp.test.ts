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
function leave(toolCall: object, options: readonly object[] = OPTIONS) {
  return {
    method: "session/request_permission",
    params: { sessionId: "s1", toolCall, options },
  };
}

async function heardBy(plan: object, settings = {}) {
  const stand = agentHarness(acp, "acp");
  const result = await stand.run(
    { ...plan, evidence: join(stand.folder, "evidence.json") },
    { settings, bundle: "do it" },
  );
  return { stand, result, heard: stand.evidence().heard as any[], env: stand.evidence().env };
}
/** What the desk said to the first that was asked of it. */
async function replyTo(asked: object) {
  return (await heardBy({ says: [asked] })).heard.find((message) => message.method === undefined);
}

describe("a run by the Agent Client Protocol", () => {
  it("opens a session with the desk's server and nothing else lent, and tells turns, calls and words", async () => {
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
          leave({ toolCallId: "b", title: "qoc_quotes_get (qoc MCP Server)", kind: "other" }),
          ends("b", "completed"),
          says("Looked."),
        ],
      ],
    };
    const { result, stand, heard, env } = await heardBy(plan);
    expect(result).toMatchObject({ summary: "I look.\nLooked.", use: { turns: 3, toolCalls: 2, costUsd: null } });
    expect(result.failure).toBeUndefined();
    expect(stand.notes).toEqual(expect.arrayContaining(["says: I look.", "calls qoc_status", "calls qoc_quotes_get"]));
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
  ])("gives leave once for a tool of the desk: %s", async (title) => {
    expect((await replyTo(leave({ toolCallId: "a", title, kind: "other" }))).result).toEqual({
      outcome: { outcome: "selected", optionId: "yes" },
    });
  });

  it.each([
    ["a command", { title: "id", kind: "execute" }],
    ["a command by the name of a tool", { title: "qoc_status", kind: "execute" }],
    ["a tool's name in other words", { title: "qoc_status; id", kind: "other" }],
    ["a tool's name on a line of its own", { title: "id\nqoc_status", kind: "other" }],
    ["a tool that is not behind the door", { title: "qoc_orders_approve", kind: "other" }],
    ["another server's", { title: "mcp__rogue__qoc_status", kind: "other" }],
    ["no name", { title: null }],
  ])("S6 gives no leave for %s", async (_, toolCall) => {
    const reply = await replyTo(leave({ toolCallId: "a", ...toolCall }));
    expect(reply.result).toEqual({ outcome: { outcome: "selected", optionId: "no" } });
  });

  it("gives no leave where a call was another tool's at first", async () => {
    const { heard } = await heardBy({
      says: [call("a", "bash"), leave({ toolCallId: "a", title: "qoc_status", kind: "other" })],
    });
    expect(heard.at(-1).result).toEqual({ outcome: { outcome: "selected", optionId: "no" } });
  });

  it("cancels where it can neither allow nor reject once", async () => {
    const options = OPTIONS.slice(0, 1);
    expect((await replyTo(leave({ toolCallId: "a", title: "qoc_status" }, options))).result).toEqual({
      outcome: { outcome: "cancelled" },
    });
  });

  it.each(["fs/read_text_file", "fs/write_text_file", "terminal/create", "session/request_permission", "no/such"])(
    "lends no %s",
    async (method) => {
      expect((await replyTo({ method, params: { path: "/etc/passwd" } })).error).toMatchObject({ code: -32_601 });
    },
  );

  it("S6 tells of what was refused by the name of its tool, and goes on", async () => {
    const { stand, result } = await heardBy({
      says: [call("a", "bash", { kind: "execute" }), ends("a", "failed", "id"), says("Well.")],
    });
    expect(result.failure).toBeUndefined();
    expect(stand.notes).toContain("bash was denied by the agent program");
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

  it("L5 fails where it never asked for the desk's tools", async () => {
    expect((await agentHarness(acp, "acp").run({}, { hasListed: false })).failure).toBe(
      "did not request the desk's tool list",
    );
  });

  it("is not started without a sandbox, unless the operator says so", async () => {
    expect((await agentHarness(acp, "acp").run({}, { settings: { unconfined: false } })).failure).toMatch(
      /needs bubblewrap/,
    );
  });
});
