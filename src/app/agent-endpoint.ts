/**
 * The MCP endpoint of the running desk, on the desk's port: one token for each run and for each agent with a grant.
 * Each call runs a command as that agent and writes one line to the log.
 */
import type { Progress } from "../domain/ports.ts";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RunEndpoint } from "../agents/runtime.ts";
import type { ToolDescription } from "../agents/context-bundle.ts";
import { commandRegistry } from "./command-registry.ts";
import type { ReadLog } from "../runs/read-log.ts";
import { createReadLog } from "../runs/read-log.ts";
import { INTERACTIVE } from "../domain/authority/agent-access.ts";
import type { Recorded } from "../domain/event.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { ProvenClient } from "../cli/handshake.ts";
import type { McpCaller, IpcRequest } from "../cli/ipc-protocol.ts";
import { auditLogger } from "../mcp/audit.ts";
import type { CallPorts } from "../mcp/call.ts";
import { MCP_PATH } from "../http/server.ts";
import type { McpHttp, McpHttpOptions } from "../mcp/http.ts";
import { answerSocketCall } from "../mcp/socket-calls.ts";
import type { Change } from "../mcp/server.ts";
import { HOURLY_LIMITS, type AgentSession, rateLimitedSession, createTokenStore } from "../mcp/tokens.ts";
import { type ListedTool, listTools, loadTools, toolName } from "../mcp/tools.ts";
import { LAYOUT } from "../workspace/layout.ts";
import type { AgentCommands } from "./agent-commands.ts";
import { findGrant, onAgentRevoked } from "./agent-grants.ts";
import type { OpenDesk } from "./open-desk.ts";
import { LruMap } from "../lib/lru-map.ts";
import { isInside } from "../lib/path-containment.ts";
import type { PriorityGate } from "../lib/priority-gate.ts";
import type { RefusalLog } from "../domain/authority/refusal.ts";

export interface AgentEndpoint {
  /** Names and descriptions of a run's tools, for its context bundle. */
  readonly tools: readonly ToolDescription[];
  /** Creates the token of one run. Closing the result revokes the token. */
  open(run: string, wallMs: number, sources?: ReadLog): RunEndpoint;
  /** When an agent with a grant last used its token, ms. */
  lastSeen(agent: string): number | undefined;
  /** Answers one HTTP request to `/mcp`. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Answers one request on the agents' socket. @throws the error of the command, or of a refused call. */
  overSocket(request: IpcRequest, client: ProvenClient, options: CallOptions): Promise<unknown>;
  close(): Promise<void>;
}

interface CallOptions {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export interface AgentEndpointOptions {
  readonly open: OpenDesk;
  readonly commands: AgentCommands;
  readonly refusals: RefusalLog;
  /** Commands of the human go first. */
  readonly gate: PriorityGate;
  /** Returns the port on which the desk listens. */
  readonly port: () => number;
}

export async function openAgentEndpoint(options: AgentEndpointOptions): Promise<AgentEndpoint> {
  const { open, refusals, port } = options;
  const { desk } = open;
  const tools = listTools(await commandRegistry());
  const commandNames = tools.map(({ command }) => command);
  const tokens = createTokenStore(desk.clock, desk.ids, findGrant(desk.state, commandNames));
  const removeListener = onAgentRevoked(open, (agent) => tokens.revoke(agent));
  const records = new SessionRecords();
  const calls: Omit<CallPorts, "tools"> = {
    clock: desk.clock,
    refusals,
    audit: auditLogger(desk.log, desk.clock),
    invoke: createInvoke(options, records),
  };
  const closing = new AbortController();
  const interactive = rateLimitedSession(
    desk.clock,
    { run: INTERACTIVE, allowedTools: commandNames },
    HOURLY_LIMITS,
    closing.signal,
  );
  const sessionOf = connectionSessions(interactive);
  const http = openAtFirstRequest({
    ...calls,
    tokens,
    version: desk.version,
    changes: changesOf(open),
    onToolsListed: (session) => void (records.of(session).hasListedTools = true),
    onError: (error) => desk.log.warn(`mcp: ${messageOf(error)}`),
  });
  return {
    tools: tools.map(({ name, description }) => ({ name, description })),
    open: (run, wallMs, sources = createReadLog()) => {
      const { token, session } = tokens.mint({ run, allowedTools: commandNames, limits: { wallMs } });
      const record = records.of(session);
      record.sources = sources;
      return {
        url: `http://127.0.0.1:${port()}${MCP_PATH}`,
        token,
        tools: toolNames(tools, session),
        hasListed: () => record.hasListedTools,
        onCall: (listener) => void (record.onCall = listener),
        close: async () => {
          tokens.revoke(run);
          await Promise.allSettled(record.pendingCalls);
        },
      };
    },
    lastSeen: (agent) => tokens.seenAt(agent),
    handle: http.handle,
    overSocket: ({ command, input, caller }, { publicPem }, { signal, progress }) => {
      const {
        connection = "",
        isRefused = false,
        ...metadata
      }: McpCaller = caller ?? { tool: command, client: "unknown", era: "modern", toolUseId: null };
      const call = { command, input, metadata, isRefused, publicPem };
      return answerSocketCall({ ...calls, tools, tokens, interactive: sessionOf(connection) }, call, signal, progress);
    },
    close: async () => {
      removeListener();
      closing.abort();
      await http.close();
    },
  };
}

/**
 * The SDK of the protocol and the files of the tools' commands are more than a third of what a start would load, so the
 * first request loads them.
 */
function openAtFirstRequest(options: Omit<McpHttpOptions, "tools">): McpHttp {
  let opened: Promise<McpHttp> | undefined;
  const open = async (): Promise<McpHttp> => {
    const [{ mcpHttpHandler }, registry] = await Promise.all([import("../mcp/http.ts"), commandRegistry()]);
    return mcpHttpHandler({ ...options, tools: await loadTools(registry) });
  };
  return {
    handle: (request, response) => {
      opened ??= open();
      opened
        .then((http) => http.handle(request, response))
        .catch((error: Error) => {
          options.onError(error);
          response.destroy();
        });
    },
    close: async () => (await opened)?.close(),
  };
}

interface SessionRecord {
  /** The sources that the session has read; its proposals list them. */
  sources: ReadLog;
  /** Whether the client has requested `tools/list`. */
  hasListedTools: boolean;
  /** Gets the tool's name at the start of each call. */
  onCall: (tool: string) => void;
  readonly pendingCalls: Set<Promise<unknown>>;
}

/** One record for each session, as long as the session exists. */
class SessionRecords {
  readonly #records = new WeakMap<AgentSession, SessionRecord>();

  of(session: AgentSession): SessionRecord {
    const record = this.#records.get(session) ?? {
      sources: createReadLog(),
      hasListedTools: false,
      onCall: () => undefined,
      pendingCalls: new Set(),
    };
    this.#records.set(session, record);
    return record;
  }
}

/** Runs a command as the session's agent and keeps the session's record. */
function createInvoke(
  { commands, refusals, gate }: AgentEndpointOptions,
  records: SessionRecords,
): CallPorts["invoke"] {
  return async (command, input, session, signal, progress) => {
    const { actor } = session;
    const { sources, onCall, pendingCalls } = records.of(session);
    onCall(toolName(command));
    const call = gate.behind(signal, () => commands.invoke(command, input, { actor, sources, signal, progress }));
    pendingCalls.add(call);
    try {
      return await call;
    } catch (error) {
      // A path that agents may not use counts as a refused call, like a command that they may not run.
      if (error instanceof QocError && error.code === "PATH_REFUSED")
        refusals.record({ actor, command, reason: "a path that agents may not use" });
      throw error;
    } finally {
      pendingCalls.delete(call);
    }
  };
}

const CONNECTIONS_KEPT = 100;

/**
 * One session for each connection without a token. Connections share the limits, but each has its own log of what its
 * agent has read. The sessions used last are kept.
 */
function connectionSessions(shared: AgentSession): (connection: string) => AgentSession {
  const sessions = new LruMap<string, AgentSession>(CONNECTIONS_KEPT);
  return (connection) => {
    const session = sessions.get(connection) ?? { ...shared };
    sessions.set(connection, session);
    return session;
  };
}

function toolNames(tools: readonly ListedTool[], { allowedTools }: AgentSession): readonly string[] {
  return tools.filter(({ command }) => allowedTools.has(command)).map(({ name }) => name);
}

/** The changes of resources that clients subscribe to, from the records of the journal. */
function changesOf({ onCommit }: OpenDesk) {
  return (listener: (change: Change) => void): (() => void) =>
    onCommit((recorded) => {
      for (const change of changesIn(recorded)) listener(change);
    });
}

const BASE = "desk://workspace";
const LISTED_FOLDERS: readonly string[] = [LAYOUT.research, LAYOUT.entities];

function changesIn({ event }: Recorded): readonly Change[] {
  switch (event.type) {
    case "file.written": {
      const folder = LISTED_FOLDERS.find((name) => isInside(name, event.path));
      if (folder === undefined || !event.path.endsWith(".md")) return [];
      const name = encodeURIComponent(event.path.slice(folder.length + 1, -3));
      return [{ kind: "resource", uri: `${BASE}/${folder}/${name}` }, { kind: "resources" }];
    }
    case "snapshot.taken":
      return [{ kind: "resource", uri: `${BASE}/${LAYOUT.snapshots}/latest` }];
    case "proposal.seen":
    case "order.approved":
    case "order.rejected":
    case "order.denied":
      return [{ kind: "resource", uri: `${BASE}/${LAYOUT.ordersPending}` }];
    default:
      return [];
  }
}
