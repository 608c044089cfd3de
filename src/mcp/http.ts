/**
 * POST /mcp: a bearer token is a session. Who has none is told so before anything is read; a revoked one loses its open
 * streams too. Host and Origin are checked here as well as by the port's own server, so that no other mount opens a way in.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from "@modelcontextprotocol/node";
import { type AuthInfo, createMcpHandler } from "@modelcontextprotocol/server";
import { type Changes, type McpOptions, mcpFactory } from "./server.ts";
import type { AgentSession, TokenStore } from "./tokens.ts";

export const MCP_PATH = "/mcp";
export const REQUEST_BYTES_MAX = 1024 * 1024;
/** Requests of one session that may be open at once, listening streams among them. */
export const REQUESTS_AT_ONCE = 16;

export interface McpHttpOptions extends Omit<McpOptions, "sessionOf" | "sendsNotifications"> {
  readonly tokens: Pick<TokenStore, "find">;
  readonly changes: Changes;
  /** What went wrong on the wire, for the desk's log. */
  onError(error: Error): void;
}

export interface McpHttp {
  /** Answers one request to `/mcp`. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Ends what is open. */
  close(): Promise<void>;
}

export function mcpHttpHandler(options: McpHttpOptions): McpHttp {
  const { tokens, changes, onError, ...ports } = options;
  const handler = createMcpHandler(
    mcpFactory({
      ...ports,
      sendsNotifications: true,
      sessionOf: (auth) => auth?.extra?.["session"] as AgentSession | undefined,
    }),
    {
      maxRequestBodySize: REQUEST_BYTES_MAX,
      onerror: onError,
    },
  );
  const node = toNodeHandler(handler, { maxRequestBodySize: REQUEST_BYTES_MAX, onerror: onError });
  const stopTelling = changes((change) => {
    if (change.kind === "tools") handler.notify.toolsChanged();
    else if (change.kind === "resources") handler.notify.resourcesChanged();
    else handler.notify.resourceUpdated(change.uri);
  });
  const isLocalHost = localhostHostValidation();
  const isLocalOrigin = localhostOriginValidation();
  const open = new WeakMap<AgentSession, number>();
  const serve = async (request: IncomingMessage, response: ServerResponse, session: AgentSession): Promise<void> => {
    open.set(session, (open.get(session) ?? 0) + 1);
    const cut = (): void => void response.destroy();
    session.signal.addEventListener("abort", cut, { once: true });
    response.once("close", () => {
      session.signal.removeEventListener("abort", cut);
      open.set(session, (open.get(session) ?? 1) - 1);
    });
    await node(Object.assign(request, { auth: authOf(session) }) as Parameters<typeof node>[0], response);
  };
  return {
    handle: (request, response) => {
      if (!isLocalHost(request, response) || !isLocalOrigin(request, response)) return;
      if (request.method !== "POST")
        return refuse(response, 405, "only POST is answered here", { allow: "POST", ...keptOpen(request) });
      const given = bearerOf(request);
      const session = given === undefined ? undefined : tokens.find(given);
      if (session === undefined)
        return refuse(response, 401, "a token of this desk is needed", { "www-authenticate": challenge(given) });
      if ((open.get(session) ?? 0) >= REQUESTS_AT_ONCE)
        return refuse(response, 429, "too many requests at once", { "retry-after": "1" });
      if (Number(request.headers["content-length"] ?? 0) > REQUEST_BYTES_MAX)
        return refuse(response, 413, "the request is too large");
      serve(request, response, session).catch(onError);
    },
    close: async () => {
      stopTelling();
      await handler.close();
    },
  };
}

/** The SDK hands this to the factory; the token itself goes no further. */
function authOf(session: AgentSession): AuthInfo {
  return { token: "", clientId: session.run, scopes: [], extra: { session } };
}

function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i.exec(request.headers.authorization ?? "")?.[1];
}

function challenge(given: string | undefined): string {
  return given === undefined
    ? 'Bearer realm="qoc"'
    : 'Bearer realm="qoc", error="invalid_token", error_description="unknown, revoked or over its time"';
}

/**
 * Clients of the older era ask so for a stream before they ask for the tools, over one connection, and some of them lose
 * the second question where that ends. A question without a body leaves nothing unread on it.
 */
function keptOpen({ method, headers }: IncomingMessage): Readonly<Record<string, string>> {
  return method === "GET" && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined
    ? { connection: "keep-alive" }
    : {};
}

/** The body is not read: the connection ends with the answer. */
function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    connection: "close",
    ...headers,
  });
  response.end(`${JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32000, message } })}\n`);
}
