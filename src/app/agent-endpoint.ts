/**
 * The MCP door of the running desk, on its one port: a token for each run and for each agent that the operator let in. What
 * comes through it is invoked as that agent, and leaves one line in the log.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RunEndpoint } from "../agents/runtime.ts";
import type { ToolDescription } from "../agents/context-bundle.ts";
import { commandRegistry } from "./command-registry.ts";
import type { ReadLog } from "../runs/read-log.ts";
import { createReadLog } from "../runs/read-log.ts";
import { INTERACTIVE } from "../domain/agent-access.ts";
import type { Recorded } from "../domain/event.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { McpCaller, Request } from "../cli/ipc-protocol.ts";
import { auditTo } from "../mcp/audit.ts";
import type { CallPorts } from "../mcp/call.ts";
import { MCP_PATH, mcpHttpHandler } from "../mcp/http.ts";
import { answerSocketCall } from "../mcp/socket-calls.ts";
import type { Change } from "../mcp/server.ts";
import {
  HOURLY_LIMITS,
  type AgentSession,
  type TokenStore,
  rateLimitedSession,
  createTokenStore,
} from "../mcp/tokens.ts";
import { type CommandTool, loadTools, toolName } from "../mcp/tools.ts";
import { LAYOUT } from "../workspace/layout.ts";
import type { AgentCommands } from "./agent-commands.ts";
import { grantedIn, onRevoked } from "./agent-grants.ts";
import type { OpenDesk } from "./open-desk.ts";
import { LruMap } from "../lib/lru-map.ts";
import { isInside } from "../lib/path-containment.ts";
import type { RefusalLog } from "../domain/refusal.ts";

export interface AgentEndpoint {
  /** The tools of a run, in words for its bundle. */
  readonly tools: readonly ToolDescription[];
  /** Opens the way in for one run; it closes with the run. */
  open(run: string, wallMs: number, sources?: ReadLog): RunEndpoint;
  /** When an agent that was let in last showed its token, ms. */
  lastSeen(agent: string): number | undefined;
  /** Answers one request to `/mcp`. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Answers one call of `qoc mcp`. @throws what the call came to. */
  overSocket(request: Request, signal: AbortSignal, note: (line: string) => void): Promise<unknown>;
  close(): Promise<void>;
}

export interface AgentEndpointOptions {
  readonly open: OpenDesk;
  readonly commands: AgentCommands;
  readonly refusals: RefusalLog;
  /** Where the port listens, once it does. */
  readonly port: () => number;
}

export async function openAgentEndpoint({
  open,
  commands,
  refusals,
  port,
}: AgentEndpointOptions): Promise<AgentEndpoint> {
  const { desk } = open;
  const tools = await loadTools(await commandRegistry());
  const palette = [...tools.values()].map(({ command }) => command);
  const tokens = createTokenStore(desk.clock, desk.ids, grantedIn(desk.state, palette));
  const stopWatching = onRevoked(open, (agent) => tokens.revoke(agent));
  const lists = new WeakMap<AgentSession, number>();
  /** Who watches the calls of a run. */
  const listeners = new WeakMap<AgentSession, (tool: string) => void>();
  /** What each session has read: its proposals carry it. */
  const memories = new WeakMap<AgentSession, ReadLog>();
  const underWay = new Map<AgentSession, Set<Promise<unknown>>>();
  const watched = async <T>(session: AgentSession, work: Promise<T>): Promise<T> => {
    const calls = underWay.get(session) ?? new Set();
    underWay.set(session, calls.add(work));
    try {
      return await work;
    } finally {
      calls.delete(work);
      if (calls.size === 0) underWay.delete(session);
    }
  };
  const memoryOf = (session: AgentSession): ReadLog => {
    const sources = memories.get(session) ?? createReadLog();
    memories.set(session, sources);
    return sources;
  };
  const calls = {
    tools,
    tokens,
    clock: desk.clock,
    refusals,
    audit: auditTo(desk.log, desk.clock),
    invoke: async (command, input, session, signal, note) => {
      const { actor } = session;
      listeners.get(session)?.(toolName(command));
      try {
        const call = { actor, sources: memoryOf(session), signal, note };
        return await watched(session, commands.invoke(command, input, call));
      } catch (error) {
        // A path that is not an agent's is an attempt, as a word is that is not.
        if (error instanceof QocError && error.code === "PATH_REFUSED")
          refusals.record({ actor, command, reason: "a path that is not an agent's" });
        throw error;
      }
    },
  } satisfies CallPorts & { readonly tokens: TokenStore };
  const closing = new AbortController();
  const interactive = rateLimitedSession(
    desk.clock,
    { run: INTERACTIVE, allowedTools: palette },
    HOURLY_LIMITS,
    closing.signal,
  );
  const interactiveOf = connections(interactive);
  const http = mcpHttpHandler({
    ...calls,
    version: desk.version,
    changes: changesOf(open),
    onToolsListed: (session) => void lists.set(session, (lists.get(session) ?? 0) + 1),
    onError: (error) => desk.log.warn(`mcp: ${messageOf(error)}`),
  });
  return {
    tools: [...tools.values()].map(({ wire }) => ({ name: wire.name, description: wire.description ?? "" })),
    open: (run, wallMs, sources = createReadLog()) => {
      const { token, session } = tokens.mint({ run, allowedTools: palette, limits: { wallMs } });
      memories.set(session, sources);
      return {
        url: `http://127.0.0.1:${port()}${MCP_PATH}`,
        token,
        tools: namesIn(tools, session),
        hasListed: () => lists.has(session),
        onCall: (listener) => void listeners.set(session, listener),
        close: async () => {
          tokens.revoke(run);
          await Promise.allSettled(underWay.get(session) ?? []);
        },
      };
    },
    lastSeen: (agent) => tokens.seenAt(agent),
    handle: http.handle,
    overSocket: ({ command, input, caller }, signal, note) => {
      const {
        token,
        connection = "",
        isRefused = false,
        ...metadata
      }: McpCaller = caller ?? { tool: command, client: "unknown", era: "modern", toolUseId: null };
      const call = { command, input, metadata, isRefused, ...(token === undefined ? {} : { token }) };
      return answerSocketCall({ ...calls, interactive: interactiveOf(connection) }, call, signal, note);
    },
    close: async () => {
      stopWatching();
      closing.abort();
      await http.close();
    },
  };
}

const CONNECTIONS_KEPT = 100;

/** One session for each connection without a token: the limits are shared, the memory is each one's own. Those used last are kept. */
function connections(shared: AgentSession): (connection: string) => AgentSession {
  const sessions = new LruMap<string, AgentSession>(CONNECTIONS_KEPT);
  return (connection) => {
    const session = sessions.get(connection) ?? { ...shared };
    sessions.set(connection, session);
    return session;
  };
}

function namesIn(tools: ReadonlyMap<string, CommandTool>, { allowedTools: palette }: AgentSession): readonly string[] {
  return [...tools.values()].filter(({ command }) => palette.has(command)).map(({ wire }) => wire.name);
}

/** What the record says that a client may want to look at anew. */
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
