/**
 * The command table as an MCP server, for both protocol eras of the SDK. A server is created for each HTTP request or
 * stdio connection and serves one session: it lists the session's tools, and all calls use `callTool`.
 */
import {
  type AuthInfo,
  CLIENT_INFO_META_KEY,
  type McpRequestContext,
  McpServer,
  type McpServerFactory,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { toolErrorOf } from "./tool-result.ts";
import { type CallMetadata, startAudit, decisionOf } from "./audit.ts";
import { type CallPorts, type McpClient, callTool, callMetadata } from "./call.ts";
import { listPrompts, promptNamed } from "./prompts.ts";
import { type RunRead, RESOURCES, truncateToFit, findResource, isTemplate } from "./resources.ts";
import type { AgentSession } from "./tokens.ts";
import { escapeInvisible, escapeInvisibleInValue } from "../lib/invisible-characters.ts";
import { ownText } from "../lib/own-text.ts";

/** Data that changed, so that clients may read it again. */
export type Change =
  | { readonly kind: "tools" }
  | { readonly kind: "resources" }
  | { readonly kind: "resource"; readonly uri: string };

/** Subscribes a listener. Returns the function that unsubscribes it. */
export type Changes = (listener: (change: Change) => void) => () => void;

export interface McpOptions extends CallPorts {
  readonly version: string;
  /** The session that the transport has authenticated; undefined refuses the request. */
  sessionOf(authInfo: AuthInfo | undefined): AgentSession | undefined;
  /** Called at each `tools/list`. */
  onToolsListed?(session: AgentSession): void;
  /** Whether the transport sends change notifications. They are declared only to clients of the newer era. */
  readonly sendsNotifications: boolean;
}

const INSTRUCTIONS =
  "Qoc is a trading desk. You can read the book, quotes and notes, write research, and write draft orders for a human. " +
  "No tool executes an order: a human approves or rejects each draft. Amounts are decimal strings, times are ISO 8601 UTC.";

export function mcpFactory(options: McpOptions): McpServerFactory {
  // A client of the older era over HTTP sends its name in its first request only, so the name is kept by session.
  const clientNames = new WeakMap<AgentSession, string>();
  return (context) => {
    const session = options.sessionOf(context.authInfo);
    if (session === undefined) throw new Error("no session for this caller");
    // A client of the older era has no stream for notifications.
    const isNotified = options.sendsNotifications && context.era === "modern";
    const mcp = new McpServer(
      { name: "qoc", title: "Qoc trading desk", version: options.version },
      {
        capabilities: {
          tools: { listChanged: isNotified },
          resources: { listChanged: isNotified, subscribe: isNotified },
          prompts: {},
        },
        instructions: INSTRUCTIONS,
      },
    );
    const caller = callerOf(mcp, context, session, clientNames);
    serveTools(mcp, options, caller);
    serveResources(mcp, options, caller);
    servePrompts(mcp);
    // The SDK has a callback property for this, not an event.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    mcp.server.onclose = () => {
      const version = mcp.server.getClientVersion();
      if (version !== undefined) clientNames.set(session, clientName(version));
    };
    return mcp;
  };
}

const CLIENT_CHARS_MAX = 100;

function clientName({ name, version }: { readonly name: string; readonly version: string }): string {
  return ownText(`${name} ${version}`, CLIENT_CHARS_MAX);
}

function callerOf(
  mcp: McpServer,
  { era }: McpRequestContext,
  session: AgentSession,
  clientNames: WeakMap<AgentSession, string>,
): McpClient {
  return {
    session,
    era,
    client: (context: ServerContext) => {
      const envelope: Readonly<Record<string, unknown>> = context.mcpReq.envelope ?? {};
      const clientInfo = (envelope[CLIENT_INFO_META_KEY] ?? mcp.server.getClientVersion()) as
        | { name: string; version: string }
        | undefined;
      return clientInfo === undefined ? (clientNames.get(session) ?? "unknown") : clientName(clientInfo);
    },
  };
}

function serveTools(mcp: McpServer, options: McpOptions, caller: McpClient): void {
  mcp.server.setRequestHandler("tools/list", () => {
    options.onToolsListed?.(caller.session);
    return {
      tools: [...options.tools.values()]
        .filter(({ command }) => caller.session.allowedTools.has(command))
        .map(({ wire }) => wire),
    };
  });
  mcp.server.setRequestHandler("tools/call", ({ params }, context) =>
    callTool(options, caller, { name: params.name, input: params.arguments ?? {} }, context),
  );
}

function serveResources(mcp: McpServer, options: McpOptions, caller: McpClient): void {
  const { allowedTools } = caller.session;
  const toolCommands = new Set([...options.tools.values()].map(({ command }) => command));
  const readable = RESOURCES.filter(({ readCommands }) =>
    readCommands.every((command) => toolCommands.has(command) && allowedTools.has(command)),
  );
  mcp.server.setRequestHandler("resources/list", () => ({
    resources: readable
      .filter((resource) => !isTemplate(resource))
      .map(({ uri, name, description, mimeType }) => ({ uri, name, description, mimeType })),
  }));
  mcp.server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: readable
      .filter((resource) => isTemplate(resource))
      .map(({ uri, name, description, mimeType }) => ({ uriTemplate: uri, name, description, mimeType })),
  }));
  mcp.server.setRequestHandler("resources/read", async ({ params: { uri } }, context) => {
    const metadata = callMetadata(caller, uri, context);
    const { audit, refuseUnread } = startAudit(options, caller.session, metadata, {});
    if (caller.session.exhausted() !== undefined) {
      refuseUnread("refused too often");
      throw notFound(uri);
    }
    const match = findResource(uri);
    if (match === undefined || !readable.includes(match.resource)) {
      const reason = match === undefined ? "unknown resource" : "not allowed for this session";
      caller.session.refuse();
      audit("refused", reason);
      options.refusals.record({ actor: caller.session.actor, command: uri, reason, input: {}, metadata });
      throw notFound(uri);
    }
    try {
      const text = await match.resource.read(createRunRead(options, caller.session, metadata, context), match.name);
      if (text === undefined) throw new Error("nothing is there yet");
      audit("allowed", null);
      return { contents: [{ uri, mimeType: match.resource.mimeType, text: truncateToFit(text) }] };
    } catch (error) {
      audit(decisionOf(error), messageOf(error));
      const toolError = toolErrorOf(error, options.clock.now());
      if (CALLER_ERRORS.has(toolError.code))
        throw new ProtocolError(
          ProtocolErrorCode.InternalError,
          escapeInvisible(`${toolError.code}: ${toolError.message}`),
          escapeInvisibleInValue(toolError),
        );
      // The same error whether the file does not exist or may not be read.
      throw notFound(uri);
    }
  });
}

const URI_CHARS_MAX = 1_000;

/** The URI is shortened: it may be as long as a request. */
function notFound(uri: string): ResourceNotFoundError {
  return new ResourceNotFoundError(uri.slice(0, URI_CHARS_MAX));
}

/** Errors that depend on the caller or the desk only, so they reveal nothing about files. */
const CALLER_ERRORS: ReadonlySet<string> = new Set(["DESK_DOWN", "TOKEN_REFUSED", "RUN_OVER"]);

function createRunRead(
  options: McpOptions,
  session: AgentSession,
  metadata: CallMetadata,
  { mcpReq }: ServerContext,
): RunRead {
  return (command, input) => {
    const exceeded = session.spend({ calls: 1, bytes: 0, proposals: 0 });
    if (exceeded !== undefined)
      throw new QocError("AGENT_LIMIT", { agent: session.actor, limit: exceeded.limit, of: exceeded.of });
    const signal = AbortSignal.any([mcpReq.signal, session.signal]);
    const progress = { line: () => undefined };
    return session.inTurn(signal, () => options.invoke(command, input, session, signal, progress, metadata));
  };
}

function servePrompts(mcp: McpServer): void {
  mcp.server.setRequestHandler("prompts/list", () => ({ prompts: [...listPrompts()] }));
  mcp.server.setRequestHandler("prompts/get", ({ params }) => {
    const prompt = promptNamed(params.name, params.arguments ?? {});
    if (prompt === undefined) {
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        `Unknown prompt, or an argument is missing: ${escapeInvisible(params.name.slice(0, 100))}`,
      );
    }
    return prompt;
  });
}
