/** Every call of an agent is one line in the desk's log, over HTTP and stdio, whatever its result. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { canonicalJson } from "../../src/domain/canonical-json.ts";
import { digestOf } from "../../src/domain/digest.ts";
import type { LogFields } from "../../src/domain/ports.ts";
import { type AuditRecord, auditLogger } from "../../src/mcp/audit.ts";
import { callAsAgent } from "../support/agent-call.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { type McpPipe, mcpPipe, newPipeClient } from "../support/mcp-pipe.ts";
import { type AnyClient, failureOf } from "../support/mcp-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let token: string;
let httpToken: string;
async function setup(name: string, http: boolean): Promise<string> {
  const { config } = await desk.call<{ config: string }>("agents setup", { client: "claude", name, http });
  return /qoc_[0-9a-f]{64}/.exec(config)?.[0] ?? "";
}
beforeAll(async () => {
  desk = await tempDesk();
  token = await setup("claude", false);
  httpToken = await setup("web", true);
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

const lines: Record<string, unknown>[] = [];
let stop: () => void;
beforeEach(() => {
  lines.length = 0;
  stop = desk.open.logs.watch((entry) => {
    if ("decision" in entry) lines.push({ ...entry });
  });
});
afterEach(() => stop());

let pipe: McpPipe | undefined;
async function overPipe(token?: string): Promise<AnyClient> {
  pipe = await mcpPipe(
    (command, input, signal, _note, caller) => callAsAgent(desk, { command, input, caller, token, signal }),
    ({ input, metadata }) => callAsAgent(desk, { command: "", input, caller: { ...metadata, isRefused: true }, token }),
  );
  return (await newPipeClient(pipe, "auto")) as unknown as AnyClient;
}
async function overHttp(mode: "legacy" | "auto"): Promise<AnyClient> {
  const endpoint = desk.agents.endpoint.open("run-probe", 1_000);
  endpoint.close();
  const client = new Client({ name: "newer", version: "2.0.0" }, { versionNegotiation: { mode } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(endpoint.url), {
      requestInit: { headers: { authorization: `Bearer ${httpToken}` } },
    }),
  );
  return client as unknown as AnyClient;
}
afterEach(async () => {
  pipe?.stop();
  await pipe?.served;
  pipe = undefined;
});

const TRANSPORTS: readonly [string, string, "legacy" | "modern", () => Promise<AnyClient>][] = [
  ["HTTP in the newer era", "web", "modern", () => overHttp("auto")],
  ["HTTP in the older era", "web", "legacy", () => overHttp("legacy")],
  ["stdio with a token", "claude", "modern", () => overPipe(token)],
  ["stdio without one", "interactive", "modern", () => overPipe()],
];

const CALLS: readonly [string, string, Record<string, unknown>, string | null][] = [
  ["allowed", "qoc_status", {}, null],
  ["refused", "qoc_approve", { id: "20260101-001" }, "human only"],
  ["refused", "qoc_files_read", { path: "../../etc/passwd" }, "must not contain"],
  ["invalid", "qoc_quotes_get", { symbol: 7 }, "symbol"],
  ["failed", "qoc_files_read", { path: "research/nothing.md" }, "does not exist"],
];

describe.each(TRANSPORTS)("over %s", (_transport, run, era, connect) => {
  it.each(CALLS)("S2 a call that is %s is one line in the log (%s)", async (decision, tool, input, reason) => {
    const client = await connect();
    lines.length = 0;
    const call = client.callTool({ name: tool, arguments: input, _meta: { "claudecode/toolUseId": "toolu_7" } });
    if (decision === "refused") await failureOf(call);
    else await call;
    await expect.poll(() => lines.length).toBe(1);
    expect(lines[0]).toMatchObject({
      ...{ run, actor: `agent:${run}`, era, client: "newer 2.0.0", tool, toolUseId: "toolu_7", decision },
      ...{ inputDigest: digestOf(canonicalJson(input)), inputBytes: Buffer.byteLength(canonicalJson(input)) },
      reason: reason === null ? null : (expect.stringContaining(reason) as string),
      ts: expect.stringMatching(/Z$/) as string,
    });
    await client.close();
    expect(lines).toHaveLength(1);
  });
});

describe("over stdio", () => {
  it.each<[string, () => string]>([
    ["unknown", () => token.replace(/.$/, (last) => (last === "0" ? "1" : "0"))],
    ["made for HTTP", () => httpToken],
  ])("a token that is %s is refused with a clear message, and audited", async (_what, refused) => {
    const client = await overPipe(refused());
    const result = (await client.callTool({ name: "qoc_status", arguments: {} })) as {
      isError: boolean;
      content: { text: string }[];
    };
    expect(result.isError).toBe(true);
    expect(JSON.parse(result.content[0]?.text ?? "{}")).toEqual({
      code: "TOKEN_REFUSED",
      message: "the agent's token is unknown or revoked, or was made for HTTP",
      hint: "ask the human for a new token: qoc help agents setup",
      retrySafe: false,
    });
    expect(lines).toMatchObject([{ run: "unknown", tool: "qoc_status", decision: "refused" }]);
  });

  const TERMS = { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "never asked for" };

  it("S2 a command's name is not a tool name: the call is refused and audited, and creates no proposal", async () => {
    const client = await overPipe();
    const { seq } = desk.open.desk.state;
    expect(await failureOf(client.callTool({ name: "orders propose", arguments: TERMS }))).toContain(
      "Unknown tool: orders propose",
    );
    await expect.poll(() => lines.length).toBe(1);
    expect(lines).toMatchObject([{ tool: "orders propose", decision: "refused", reason: "unknown or human only" }]);
    expect([...desk.open.desk.state.orders.values()]).toEqual([]);
    expect(desk.open.desk.state.seq).toBe(seq);
  });

  it("the desk runs no command for a reported refusal", async () => {
    const caller = { tool: "qoc_orders_propose", isRefused: true };
    const result = callAsAgent(desk, { command: "orders propose", input: TERMS, caller });
    await expect(result).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    expect([...desk.open.desk.state.orders.values()]).toEqual([]);
  });

  it("the desk decides on a call, independently of the `qoc mcp` process", async () => {
    const ask = (command: string, input: unknown = {}, own?: string): Promise<unknown> =>
      callAsAgent(desk, { command, input, token: own, caller: { tool: "qoc_status", client: "liar" } });
    await expect(ask("approve", { id: "x" }, token)).rejects.toMatchObject({
      code: "NOT_PERMITTED",
      message: "unknown command: approve",
    });
    await expect(ask("approxe", { id: "x" }, token)).rejects.toMatchObject({
      code: "NOT_PERMITTED",
      message: "unknown command: approxe",
    });
    await expect(ask("run approve", { id: "x" })).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    await expect(ask("logs", {}, token)).rejects.toMatchObject({ code: "NOT_PERMITTED" });
    expect(lines.map(({ decision }) => decision)).toEqual(["refused", "refused", "refused", "refused"]);
  });

  it("a line of the log names the command that was called, whatever tool the client states", async () => {
    const caller = { tool: "qoc_status", client: "liar" };
    const wanted = { name: "note", text: "x" };
    await callAsAgent(desk, { command: "research write", input: wanted, token, caller });
    expect(await codeOf(callAsAgent(desk, { command: "approve", token, caller }))).toBe("NOT_PERMITTED");
    expect(lines).toMatchObject([
      { tool: "qoc_research_write", client: "liar", decision: "allowed" },
      { tool: "approve", client: "liar", decision: "refused" },
    ]);
  });

  it("S7 counts an agent's calls by its token, over all of its connections", async () => {
    const own = await setup("busy", false);
    const { HOURLY_LIMITS } = await import("../../src/mcp/tokens.ts");
    const text = "x".repeat(190_000);
    let code = "";
    for (let n = 0; code === "" && n < HOURLY_LIMITS.bytes / text.length + 1; n++) {
      const call = { command: "research write", input: { name: `note-${n}`, text }, token: own };
      code = await codeOf(callAsAgent(desk, call));
    }
    expect(code).toBe("AGENT_LIMIT");
    expect(lines.at(-1)).toMatchObject({ decision: "refused", reason: expect.stringContaining("an hour") as string });
  });
});

function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "",
    (error: { code: string }) => error.code,
  );
}

describe("an agent that is refused without end", () => {
  it("S7 is refused unread for the rest of the hour", async () => {
    const own = await setup("stubborn", false);
    const { HOURLY_LIMITS } = await import("../../src/mcp/tokens.ts");
    const code = (command: string): Promise<string> => codeOf(callAsAgent(desk, { command, token: own }));
    for (let n = 0; n < HOURLY_LIMITS.calls; n++) await code("approve");
    expect([await code("approve"), await code("status")]).toEqual(["AGENT_LIMIT", "AGENT_LIMIT"]);
  });
});

describe("an agent that repeats refused calls", () => {
  it("gets one inbox item and one event for each tool, over HTTP and stdio together; the log has each attempt", async () => {
    const own = await tempDesk();
    const attempt = (command: string): Promise<unknown> => codeOf(callAsAgent(own, { command, caller: { tool: "x" } }));
    for (const command of ["approve", "approve", "halt"]) expect(await attempt(command)).toBe("NOT_PERMITTED");
    // The journal gets them at the end of the minute; the list has them at once.
    const refused = { agent: "interactive", reason: expect.any(String) as string };
    const list = [
      { ...refused, count: 1, untrusted: { source: "agent:interactive", text: "halt" } },
      { ...refused, count: 2, untrusted: { source: "agent:interactive", text: "approve" } },
    ];
    expect(await own.call("refusals list")).toMatchObject(list);
    await own.stop();
    const again = await tempDesk({ again: own });
    const events = (await again.services.readEvents())
      .map(({ event }) => event)
      .filter(({ type }) => type === "command.refused");
    expect(events).toMatchObject([
      { command: "approve", actor: "agent:interactive", count: 2 },
      { command: "halt", actor: "agent:interactive", count: 1 },
    ]);
    expect(await again.call("refusals list")).toMatchObject(list);
    expect(await again.call("refusals list", { limit: 1 })).toMatchObject(list.slice(0, 1));
    const items = await again.call<{ kind: string; path: string }[]>("inbox list", { status: "new" });
    expect(items).toMatchObject([
      { kind: "alert", path: expect.stringContaining("alert-refused-interactive") as string },
    ]);
    expect(again.read(items[0]?.path ?? "")).toContain("- `approve`: 2 times\n- `halt`: once");
    const lines = (await again.services.readLogs({ tail: 200 })).filter(({ decision }) => decision === "refused");
    expect(lines).toHaveLength(3);
    await again.stop();
    await discard(again);
  });
});

describe("the log of calls", () => {
  const record = (more: Partial<AuditRecord> = {}): AuditRecord => ({
    ...{
      run: "r",
      actor: "agent:r",
      era: "modern",
      client: "c",
      tool: "t",
      toolUseId: null,
      decision: "refused",
      reason: "no",
    },
    ...{ inputDigest: "sha256:", inputBytes: 2, ms: 0 },
    ...more,
  });

  it("is not flooded by an agent with many refusals: the remaining refusals of a minute are one line", () => {
    const clock = fakeClock();
    const written: [string, LogFields | undefined][] = [];
    const say = (message: string, fields?: LogFields): void => void written.push([message, fields]);
    const log = { debug: say, info: say, warn: say, error: say, with: () => log };
    const audit = auditLogger(log, clock);
    for (let n = 0; n < 10_000; n++) audit(record({ tool: `t${n}` }));
    audit(record({ run: "other", actor: "agent:other" }));
    audit(record({ decision: "allowed", reason: null }));
    expect(written).toHaveLength(62);
    clock.advance(60_000);
    expect(written.at(-1)).toEqual([
      "mcp: refused 9940 more calls of agent:r within a minute",
      expect.objectContaining({ run: "r", count: 9940 }),
    ]);
    audit(record());
    expect(written).toHaveLength(64);
    clock.advance(60_000);
    expect([written.length, clock.waiting]).toEqual([64, 0]);
  });
});
