/** The MCP server over standard input and output, with both client libraries and both protocol eras. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type McpPipe, mcpPipe, newPipeClient, oldPipeClient } from "../support/mcp-pipe.ts";
import { type AnyClient, failureOf } from "../support/mcp-harness.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
beforeAll(async () => {
  desk = await tempDesk();
});
afterAll(async () => {
  await desk.stop();
  await discard(desk);
});

let pipe: McpPipe;
const commands: string[] = [];
const reported: string[] = [];
function atDesk(): Promise<McpPipe> {
  return mcpPipe(
    (command, input) => {
      commands.push(command);
      return desk.call(command, input, { actor: "agent:interactive", channel: "mcp" });
    },
    async ({ metadata }) => void reported.push(metadata.tool),
  );
}
afterEach(async () => {
  pipe.stop();
  await pipe.served;
});

const WAYS: readonly [string, () => Promise<AnyClient>][] = [
  ["the older client", async () => (await oldPipeClient(pipe)) as unknown as AnyClient],
  ["the newer client in the older era", async () => (await newPipeClient(pipe, "legacy")) as unknown as AnyClient],
  ["the newer client in the newer era", async () => (await newPipeClient(pipe, "auto")) as unknown as AnyClient],
];

describe.each(WAYS)("%s over stdio", (way, connect) => {
  it("works with the desk, and writes only protocol messages to standard output", async () => {
    pipe = await atDesk();
    const client = await connect();
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("qoc_orders_propose");
    expect(await client.callTool({ name: "qoc_status", arguments: {} })).toMatchObject({
      structuredContent: { up: true },
    });
    const terms = { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: way };
    const draft = await client.callTool({ name: "qoc_orders_propose", arguments: terms });
    const { id } = (draft as { structuredContent: { id: string } }).structuredContent;
    expect(desk.open.desk.state.orders.get(id as never)).toMatchObject({
      state: "proposed",
      proposedBy: "agent:interactive",
    });
    for (const line of pipe.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
    expect(pipe.logs.at(-1)).toMatch(/^allowed qoc_orders_propose for (older|newer) \d/);
  });

  it("S2 refuses a human's command with the error of an unknown one, and reports the attempt to the desk", async () => {
    pipe = await atDesk();
    const client = await connect();
    commands.length = 0;
    reported.length = 0;
    const approve = await failureOf(client.callTool({ name: "qoc_approve", arguments: { id: "1" } }));
    const unknown = await failureOf(client.callTool({ name: "qoc_approxe", arguments: { id: "1" } }));
    expect(approve).toContain("Unknown tool: qoc_approve");
    expect(unknown).toBe(approve.replace("approve", "approxe"));
    expect(commands).toEqual([]);
    expect(reported).toEqual(["qoc_approve", "qoc_approxe"]);
  });

  it("L4 ends when its client closes standard input", async () => {
    pipe = await atDesk();
    await connect();
    pipe.stdin.end();
    await pipe.served;
  });
});

it("L4 the stdio server answers the requests that were sent before the end of input", async () => {
  pipe = await atDesk();
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "script", version: "1" } };
  const messages = [
    { id: 1, method: "initialize", params },
    { method: "notifications/initialized" },
    { id: 2, method: "tools/call", params: { name: "qoc_status", arguments: {} } },
  ];
  pipe.stdin.end(messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""));
  await pipe.served;
  expect(pipe.lines.map((line) => (JSON.parse(line) as { id: number }).id)).toEqual([1, 2]);
  expect(pipe.logs.at(-1)).toMatch(/^allowed qoc_status for script 1/);
});

describe("change notifications over stdio", () => {
  it.each(["legacy", "auto"] as const)("L1 are not declared, since the process sends none (%s)", async (mode) => {
    pipe = await atDesk();
    const client = await newPipeClient(pipe, mode);
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: false },
      resources: { listChanged: false, subscribe: false },
    });
  });
});
