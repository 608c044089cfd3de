/** The door over standard input and output, with both client libraries in both eras. */
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
const asked: string[] = [];
const told: string[] = [];
function atDesk(): Promise<McpPipe> {
  return mcpPipe(
    (command, input) => {
      asked.push(command);
      return desk.call(command, input, { actor: "agent:interactive", channel: "mcp" });
    },
    async ({ metadata: facts }) => void told.push(facts.tool),
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

describe.each(WAYS)("%s over the pipes", (way, connect) => {
  it("works with the desk, and writes nothing but messages on standard output", async () => {
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

  it("S2 refuses a human's command with an unknown one's words, and lets the desk write the attempt down", async () => {
    pipe = await atDesk();
    const client = await connect();
    asked.length = 0;
    told.length = 0;
    const approve = await failureOf(client.callTool({ name: "qoc_approve", arguments: { id: "1" } }));
    const unknown = await failureOf(client.callTool({ name: "qoc_approxe", arguments: { id: "1" } }));
    expect(approve).toContain("Unknown tool: qoc_approve");
    expect(unknown).toBe(approve.replace("approve", "approxe"));
    expect(asked).toEqual([]);
    expect(told).toEqual(["qoc_approve", "qoc_approxe"]);
  });

  it("L4 ends when its client closes the pipe", async () => {
    pipe = await atDesk();
    await connect();
    pipe.stdin.end();
    await pipe.served;
  });
});

it("L4 answers what was asked before input ended, as where calls are piped in", async () => {
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

describe("notices over the pipes", () => {
  it.each(["legacy", "auto"] as const)("L1 are promised to nobody, since none would come (%s)", async (mode) => {
    pipe = await atDesk();
    const client = await newPipeClient(pipe, mode);
    expect(client.getServerCapabilities()).toMatchObject({
      tools: { listChanged: false },
      resources: { listChanged: false, subscribe: false },
    });
  });
});
