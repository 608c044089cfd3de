/**
 * The MCP face of the command table, for both protocol eras. A server is made for each request (HTTP) or connection (stdio)
 * and sees one session: what it lists is that session's palette, and what it calls goes through one dispatcher.
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
import { QocError, messageOf } from "../domain/error.ts";
import { toolErrorOf } from "./answer.ts";
import { type CallMetadata, auditOf, decisionOf } from "./audit.ts";
import { type CallPorts, type McpClient, callTool, callMetadata } from "./call.ts";
import { listPrompts, promptNamed } from "./prompts.ts";
import { type RunRead, RESOURCES, truncateToFit, findResource, isTemplate } from "./resources.ts";
import type { AgentSession } from "./tokens.ts";
import { escapeInvisible, escapeInvisibleInValue } from "../lib/invisible-characters.ts";

/** What clients may want to look at anew. */
export type Change =
  | { readonly kind: "tools" }
  | { readonly kind: "resources" }
  | { readonly kind: "resource"; readonly uri: string };

/** Where changes are heard of; the answer stops listening. */
export type Changes = (listener: (change: Change) => void) => () => void;

export interface McpOptions extends CallPorts {
  readonly version: string;
  /** Who calls, by what the transport made sure of; undefined refuses. */
  sessionOf(authInfo: AuthInfo | undefined): AgentSession | undefined;
  /** Hears of each look at the list of tools. */
  onToolsListed?(session: AgentSession): void;
  /** Are clients told of changes? Those of the newer era, by whoever serves the door; to others nothing is promised. */
  readonly sendsNotifications: boolean;
}

const INSTRUCTIONS =
  "Qoc is a trading desk. You can read the book, quotes and notes, write research, and write draft orders for a human. " +
  "Nothing here executes an order: a human approves or rejects each draft. Amounts are decimal text, times are ISO UTC.";

export function mcpFactory(options: McpOptions): McpServerFactory {
  // An older client over HTTP names itself once, in a request of its own; later ones are known by their session.
  const named = new WeakMap<AgentSession, string>();
  return (context) => {
    const session = options.sessionOf(context.authInfo);
    if (session === undefined) throw new Error("no session for this caller");
    // An older client has no stream that a notice could come on.
    const isTold = options.sendsNotifications && context.era === "modern";
    const mcp = new McpServer(
      { name: "qoc", title: "Qoc trading desk", version: options.version },
      {
        capabilities: {
          tools: { listChanged: isTold },
          resources: { listChanged: isTold, subscribe: isTold },
          prompts: {},
        },
        instructions: INSTRUCTIONS,
      },
    );
    const caller = callerOf(mcp, context, session, named);
    serveTools(mcp, options, caller);
    serveResources(mcp, options, caller);
    servePrompts(mcp);
    // The SDK has a member for this, and no events.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    mcp.server.onclose = () => {
      const version = mcp.server.getClientVersion();
      if (version !== undefined) named.set(session, clientName(version));
    };
    return mcp;
  };
}

const CLIENT_CHARS_MAX = 100;

function clientName(facts: { readonly name: string; readonly version: string }): string {
  return `${facts.name} ${facts.version}`.slice(0, CLIENT_CHARS_MAX);
}

function callerOf(
  mcp: McpServer,
  { era }: McpRequestContext,
  session: AgentSession,
  named: WeakMap<AgentSession, string>,
): McpClient {
  return {
    session,
    era,
    client: (context: ServerContext) => {
      const envelope: Readonly<Record<string, unknown>> = context.mcpReq.envelope ?? {};
      const facts = (envelope[CLIENT_INFO_META_KEY] ?? mcp.server.getClientVersion()) as
        | { name: string; version: string }
        | undefined;
      return facts === undefined ? (named.get(session) ?? "unknown") : clientName(facts);
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
  const { allowedTools: palette } = caller.session;
  const known = new Set([...options.tools.values()].map(({ command }) => command));
  const shown = RESOURCES.filter(({ readCommands: twins }) =>
    twins.every((twin) => known.has(twin) && palette.has(twin)),
  );
  mcp.server.setRequestHandler("resources/list", () => ({
    resources: shown
      .filter((resource) => !isTemplate(resource))
      .map(({ uri, name, description, mimeType }) => ({ uri, name, description, mimeType })),
  }));
  mcp.server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: shown
      .filter((resource) => isTemplate(resource))
      .map(({ uri, name, description, mimeType }) => ({ uriTemplate: uri, name, description, mimeType })),
  }));
  mcp.server.setRequestHandler("resources/read", async ({ params: { uri } }, context) => {
    const facts = callMetadata(caller, uri, context);
    const { audit, refuseUnread } = auditOf(options, caller.session, facts, {});
    if (caller.session.exhausted() !== undefined) {
      refuseUnread("refused too often");
      throw notFound(uri);
    }
    const found = findResource(uri);
    if (found === undefined || !shown.includes(found.resource)) {
      const reason = found === undefined ? "unknown resource" : "outside the palette";
      caller.session.refuse();
      audit("refused", reason);
      options.refusals.record({ actor: caller.session.actor, command: uri, reason, input: {}, metadata: facts });
      throw notFound(uri);
    }
    try {
      const text = await found.resource.read(askAs(options, caller.session, facts, context), found.name);
      if (text === undefined) throw new Error("nothing is there yet");
      audit("allowed", null);
      return { contents: [{ uri, mimeType: found.resource.mimeType, text: truncateToFit(text) }] };
    } catch (error) {
      audit(decisionOf(error), messageOf(error));
      const told = toolErrorOf(error, options.clock.now());
      if (NOT_OF_FILES.has(told.code))
        throw new ProtocolError(
          ProtocolErrorCode.InternalError,
          escapeInvisible(`${told.code}: ${told.message}`),
          escapeInvisibleInValue(told),
        );
      // A file that is absent, and one that may not be read, are the same to who asks.
      throw notFound(uri);
    }
  });
}

const URI_CHARS_MAX = 1_000;

/** An address may be as long as a request; no more of it is sent back than anybody needs to know it again. */
function notFound(uri: string): ResourceNotFoundError {
  return new ResourceNotFoundError(uri.slice(0, URI_CHARS_MAX));
}

/** What is said of the caller or of the desk, whatever was asked for: it tells nothing of a file. */
const NOT_OF_FILES: ReadonlySet<string> = new Set(["DESK_DOWN", "TOKEN_REFUSED", "RUN_OVER"]);

function askAs(options: McpOptions, session: AgentSession, facts: CallMetadata, { mcpReq }: ServerContext): RunRead {
  return (command, input) => {
    const over = session.spend({ calls: 1, bytes: 0, proposals: 0 });
    if (over !== undefined) throw new QocError("AGENT_LIMIT", { agent: session.actor, limit: over.limit, of: over.of });
    return options.invoke(
      command,
      input,
      session,
      AbortSignal.any([mcpReq.signal, session.signal]),
      () => undefined,
      facts,
    );
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
