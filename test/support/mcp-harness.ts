/** Serves MCP on a real port of 127.0.0.1, and records audits, refusals and errors. */
import { type IncomingHttpHeaders, createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { Client as NewClient, StreamableHTTPClientTransport as NewHttp } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { CommandRegistry } from "../../src/commands/command.ts";
import { REGISTRY } from "./commands.ts";
import type { AuditRecord } from "../../src/mcp/audit.ts";
import type { Invoke } from "../../src/mcp/call.ts";
import { MCP_PATH } from "../../src/http/server.ts";
import { mcpHttpHandler } from "../../src/mcp/http.ts";
import type { Change } from "../../src/mcp/server.ts";
import { type RunLimits, type TokenStore, createTokenStore } from "../../src/mcp/tokens.ts";
import { loadTools } from "../../src/mcp/tools.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import type { TempDesk } from "./temp-desk.ts";

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The methods that both client libraries have, as far as the tests use them. */
export interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: {
    name: string;
    arguments?: Record<string, unknown>;
    _meta?: Record<string, unknown>;
  }): Promise<unknown>;
  readResource(params: { uri: string }): Promise<unknown>;
  close(): Promise<void>;
}

export interface McpHarness {
  readonly url: URL;
  readonly port: number;
  readonly tokens: TokenStore;
  readonly audits: AuditRecord[];
  readonly refusals: string[];
  readonly errors: Error[];
  /** A token of a new run with these commands; defaults to all agent commands. */
  token(run?: string, palette?: readonly string[], limits?: Partial<RunLimits>): string;
  change(change: Change): void;
  raw(request: RawRequest): Promise<RawAnswer>;
  close(): Promise<void>;
}

/** Runs commands on a desk as the session's actor. */
export function invokeAt(desk: TempDesk): Invoke {
  return (command, input, session) => desk.call(command, input, { actor: session.actor, channel: "mcp" });
}

export async function mcpHarness(
  invoke: Invoke,
  table: CommandRegistry = REGISTRY,
  hourlyRequests?: number,
): Promise<McpHarness> {
  const tokens = createTokenStore(systemClock, systemIds);
  const listeners = new Set<(change: Change) => void>();
  const [audits, refusals, errors]: [AuditRecord[], string[], Error[]] = [[], [], []];
  const tools = await loadTools(table);
  const mcp = mcpHttpHandler({
    version: "0.0.0",
    tools,
    clock: systemClock,
    tokens,
    hourlyRequests,
    invoke,
    audit: (record) => void audits.push(record),
    refusals: { record: ({ actor, command, reason }) => void refusals.push(`${command} ${actor} ${reason}`) },
    changes: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onError: (error) => void errors.push(error),
  });
  const server = createServer((request, response) => {
    if (request.url === MCP_PATH) mcp.handle(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}${MCP_PATH}`),
    port,
    tokens,
    audits,
    refusals,
    errors,
    token: (run = "r1", palette = [...tools.values()].map(({ command }) => command), limits = {}) =>
      tokens.mint({ run, allowedTools: palette, limits }).token,
    change: (change) => listeners.forEach((listener) => listener(change)),
    raw: (request) => rawRequest(port, request),
    close: async () => {
      await mcp.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function rawRequest(
  port: number,
  { method = "POST", path = MCP_PATH, headers = {}, body = "" }: RawRequest,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString() }),
      );
      response.once("error", reject);
    });
    request.once("error", reject);
    request.end(body);
  });
}

function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** The older library, which supports only the older protocol era. */
export async function oldClient(harness: McpHarness, token: string): Promise<OldClient> {
  const client = new OldClient({ name: "older", version: "1.0.0" });
  await client.connect(new OldHttp(harness.url, { requestInit: bearer(token) }) as Parameters<OldClient["connect"]>[0]);
  return client;
}

/** The newer library, in either protocol era. */
export async function newClient(harness: McpHarness, token: string, mode: "legacy" | "auto"): Promise<NewClient> {
  const client = new NewClient({ name: "newer", version: "2.0.0" }, { versionNegotiation: { mode } });
  await client.connect(new NewHttp(harness.url, { requestInit: bearer(token) }));
  return client;
}

/** Each way in which a client connects over HTTP. */
export const WAYS: readonly [
  name: string,
  era: "legacy" | "modern",
  connect: (harness: McpHarness, token: string) => Promise<AnyClient>,
][] = [
  ["the older client", "legacy", async (harness, token) => (await oldClient(harness, token)) as unknown as AnyClient],
  [
    "the newer client in the older era",
    "legacy",
    async (harness, token) => (await newClient(harness, token, "legacy")) as unknown as AnyClient,
  ],
  [
    "the newer client in the newer era",
    "modern",
    async (harness, token) => (await newClient(harness, token, "auto")) as unknown as AnyClient,
  ],
];

/** Returns the result of a refused call as text: the message of a protocol error, or the tool's error result. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    (answer) => JSON.stringify(answer),
    (error: Error) => error.message,
  );
}
