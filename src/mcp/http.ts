/**
 * POST /mcp: the bearer token selects the session. A request without a valid token is refused before its body is read,
 * and revoking a token closes its open streams. Host and Origin are checked here too, for callers that do not use
 * `src/http`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from "@modelcontextprotocol/node";
import { type AuthInfo, createMcpHandler } from "@modelcontextprotocol/server";
import { type Changes, type McpOptions, mcpFactory } from "./server.ts";
import { QocError } from "../domain/errors/error.ts";
import { tryParseJson } from "../lib/json.ts";
import { RateWindow } from "../lib/rate-window.ts";
import { iso } from "../lib/time.ts";
import type { AgentSession, TokenStore } from "./tokens.ts";

export const REQUEST_BYTES_MAX = 1024 * 1024;
/** Open requests of one session, event streams included. */
export const CONCURRENT_REQUESTS_MAX = 16;
/** Requests of one session, also those that no other limit counts, such as lists of tools. */
const HOURLY_REQUESTS_MAX = 20_000;
const HOUR_MS = 3_600_000;
/** Messages of one request. They are read in one turn of the event loop. */
const BATCH_MAX = 4;

export interface McpHttpOptions extends Omit<McpOptions, "sessionOf" | "sendsNotifications"> {
  readonly tokens: Pick<TokenStore, "find" | "expired">;
  readonly changes: Changes;
  /** The most requests of one session in an hour, 20,000 by default. */
  readonly hourlyRequests?: number | undefined;
  /** Gets transport errors, for the desk's log. */
  onError(error: Error): void;
}

export interface McpHttp {
  /** Handles one request to `/mcp`. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Closes the open requests. */
  close(): Promise<void>;
}

export function mcpHttpHandler(options: McpHttpOptions): McpHttp {
  const { tokens, changes, onError, hourlyRequests: limit = HOURLY_REQUESTS_MAX, ...ports } = options;
  const { clock } = ports;
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
  const node = toNodeHandler(
    {
      fetch: (request, options) =>
        refuseBatch(request, (parsedBody) => handler.fetch(request, { ...options, parsedBody })),
    },
    { maxRequestBodySize: REQUEST_BYTES_MAX, onerror: onError },
  );
  const unsubscribe = changes((change) => {
    if (change.kind === "tools") handler.notify.toolsChanged();
    else if (change.kind === "resources") handler.notify.resourcesChanged();
    else handler.notify.resourceUpdated(change.uri);
  });
  const isLocalHost = localhostHostValidation();
  const isLocalOrigin = localhostOriginValidation();
  const open = new WeakMap<AgentSession, number>();
  const hourly = new WeakMap<AgentSession, RateWindow>();
  const spend = (session: AgentSession): boolean => {
    const requests = hourly.get(session) ?? new RateWindow({ clock, limit, windowMs: HOUR_MS });
    hourly.set(session, requests);
    return requests.spend();
  };
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
        return refuse(response, 405, "only POST is answered here", { allow: "POST", ...keepAlive(request) });
      const token = bearerToken(request);
      const session = token === undefined ? undefined : tokens.find(token);
      if (session === undefined)
        return refuse(response, 401, tokenProblem(tokens, token), { "www-authenticate": challenge(token) });
      if ((open.get(session) ?? 0) >= CONCURRENT_REQUESTS_MAX)
        return refuse(response, 429, "too many requests at once", { "retry-after": "1" });
      if (!spend(session))
        return refuse(response, 429, `more than ${limit} requests an hour`, { "retry-after": "600" });
      if (Number(request.headers["content-length"] ?? 0) > REQUEST_BYTES_MAX)
        return refuse(response, 413, "the request is too large");
      // A client that takes anything takes both types; the SDK looks for their names.
      if (acceptsAnything(request.headers.accept)) request.headers.accept = BOTH_TYPES;
      serve(request, response, session).catch(onError);
    },
    close: async () => {
      unsubscribe();
      await handler.close();
    },
  };
}

/** Passes the body on, parsed; undefined: the SDK states what is wrong with it. */
async function refuseBatch(request: Request, answer: (body: unknown) => Promise<Response>): Promise<Response> {
  const body = tryParseJson(await request.clone().text());
  if (!Array.isArray(body) || body.length <= BATCH_MAX) return answer(body);
  const message = `a request has at most ${BATCH_MAX} messages`;
  return Response.json({ jsonrpc: "2.0", id: null, error: { code: -32600, message } }, { status: 400 });
}

/** The SDK passes this to the server factory. It contains the session instead of the token. */
function authOf(session: AgentSession): AuthInfo {
  return { token: "", clientId: session.run, scopes: [], extra: { session } };
}

const BOTH_TYPES = "application/json, text/event-stream";

/** No header, or a range of all types that is not excluded by `q=0`. */
function acceptsAnything(accept = "*/*"): boolean {
  return accept.split(",").some((range) => {
    const [type, ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    return type === "*/*" && !parameters.some((parameter) => /^q=0(?:\.0+)?$/.test(parameter));
  });
}

function bearerToken(request: IncomingMessage): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i.exec(request.headers.authorization ?? "")?.[1];
}

/** Names the command that renews an expired token; a client that has the token may know its agent. */
function tokenProblem(tokens: Pick<TokenStore, "expired">, token: string | undefined): string {
  const grant = token === undefined ? undefined : tokens.expired(token);
  if (grant === undefined) return "a token of this desk is needed";
  const { agent, client, expiresAt = 0 } = grant;
  const { message, hint } = new QocError("TOKEN_EXPIRED", { agent, client, at: iso(expiresAt) });
  return `${message}; ${hint}`;
}

function challenge(token: string | undefined): string {
  return token === undefined
    ? 'Bearer realm="qoc"'
    : 'Bearer realm="qoc", error="invalid_token", error_description="unknown, revoked or over its time"';
}

/**
 * Clients of the older protocol era first request a stream with GET and then use the same connection for `tools/list`.
 * Some of them lose the second request if the connection is closed. A request without a body leaves no unread bytes on
 * it.
 */
function keepAlive({ method, headers }: IncomingMessage): Readonly<Record<string, string>> {
  return method === "GET" && headers["content-length"] === undefined && headers["transfer-encoding"] === undefined
    ? { connection: "keep-alive" }
    : {};
}

/** Closes the connection after the response, since the request's body is not read. */
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
