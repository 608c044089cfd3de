/** A tool call through port, token, palette, command and desk, compared with a bare server of the same library. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, createMcpHandler } from "@modelcontextprotocol/server";
import { z } from "zod";
import { toolName } from "../../src/mcp/tools.ts";
import { discard, tempDesk } from "../support/temp-desk.ts";
import { type Row, SHORT, inTurn, median, ratioOf } from "./measure.ts";

/** A run may make 500 calls. */
const ROUNDS = SHORT ? 30 : 450;

/** `works`: the bare server runs the command too, which for the status means reading the workspace's files. */
const CALLS: readonly { readonly command: string; readonly input: Record<string, unknown>; readonly works: boolean }[] =
  [
    { command: "quotes get", input: { symbol: "SPX" }, works: false },
    { command: "status", input: {}, works: false },
    { command: "status", input: {}, works: true },
  ];

export async function mcpClient(url: string, headers: Record<string, string> = {}): Promise<Client> {
  const client = new Client({ name: "bench", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
}

/** A server with one tool that calls `answer` directly. */
async function bareServer(tool: string, answer: () => Promise<Record<string, unknown>>) {
  const handler = createMcpHandler(() => {
    const mcp = new McpServer({ name: "bare", version: "1" });
    const inputSchema = z.object({ symbol: z.string().optional() });
    mcp.registerTool(tool, { inputSchema }, async () => {
      const value = await answer();
      return { structuredContent: value, content: [{ type: "text", text: JSON.stringify(value) }] };
    });
    return mcp;
  });
  const node = toNodeHandler(handler);
  const server = createServer((request, response) => void node(request as Parameters<typeof node>[0], response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    close: async () => {
      await handler.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function mcpCalls(): Promise<readonly Row[]> {
  const desk = await tempDesk();
  const rows: Row[] = [];
  for (const { command, input, works } of CALLS) {
    const name = toolName(command);
    const door = desk.agents.endpoint.open(`run-${rows.length}`, 600_000);
    const client = await mcpClient(door.url, { authorization: `Bearer ${door.token}` });
    const call = { name, arguments: input };
    const value = (await client.callTool(call)).structuredContent as Record<string, unknown>;
    const bare = await bareServer(name, () =>
      works ? desk.call(command, input, { actor: "agent:bench", channel: "mcp" }) : Promise.resolve(value),
    );
    const floor = await mcpClient(bare.url);
    const times = await inTurn(
      ROUNDS,
      () => client.callTool(call),
      () => floor.callTool(call),
    );
    rows.push({
      n: 9,
      name: `${name}${works ? " with its work" : ""}`,
      what: `${name} over MCP, p50`,
      floor: `a bare server that ${works ? "does the same work" : "answers the same"}`,
      ours: `${median(times.a).toFixed(2)} ms`,
      base: `${median(times.b).toFixed(2)} ms`,
      ...ratioOf(times.a, times.b),
      target: "<= 1.5",
    });
    await client.close();
    await floor.close();
    await bare.close();
  }
  await desk.stop();
  await discard(desk);
  return rows;
}
