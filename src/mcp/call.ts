/**
 * One tool call: checks the allowed tools and the limits, runs the command, and always writes one audit record. A tool
 * that the session may not call gets the same error as a tool that does not exist.
 */
import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Clock, Progress } from "../domain/ports.ts";
import { type ToolError, toolResult, errorResult, pageOf, toolErrorOf } from "./tool-result.ts";
import { type AuditPorts, type AuditRecord, type CallMetadata, startAudit, decisionOf } from "./audit.ts";
import type { LimitExceeded, AgentSession } from "./tokens.ts";
import type { CommandTool } from "./tools.ts";
import { usageOf } from "./usage.ts";
import { escapeInvisible, escapeInvisibleInText } from "../lib/invisible-characters.ts";
import type { Refusal } from "../domain/authority/refusal.ts";

/** Runs a command for a session, through the command table. */
export type Invoke = (
  command: string,
  input: Readonly<Record<string, unknown>>,
  session: AgentSession,
  signal: AbortSignal,
  progress: Progress,
  metadata: CallMetadata,
) => Promise<unknown>;

/** A refused call and its input. */
export interface RefusedCall extends Refusal {
  readonly input: Readonly<Record<string, unknown>>;
  readonly metadata: CallMetadata;
}

export interface RefusedCallLog {
  record(call: RefusedCall): void;
}

export interface McpClient {
  readonly session: AgentSession;
  readonly era: "legacy" | "modern";
  /** Name and version of the client program, as it reports them. */
  client(context: ServerContext): string;
}

export interface CallPorts extends AuditPorts {
  readonly tools: ReadonlyMap<string, CommandTool>;
  readonly invoke: Invoke;
  /** Records refused calls in the journal. */
  readonly refusals: RefusedCallLog;
}

interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

type Outcome = Pick<AuditRecord, "decision" | "reason"> & { readonly result: CallToolResult };

/** @throws ProtocolError if the session does not have the tool. */
export async function callTool(
  ports: CallPorts,
  caller: McpClient,
  call: ToolCall,
  context: ServerContext,
): Promise<CallToolResult> {
  const { session } = caller;
  const metadata = callMetadata(caller, call.name, context);
  const { audit, refuseUnread, inputBytes } = startAudit(ports, session, metadata, call.input);
  const ended = session.signal.aborted ? REVOKED : limitOf(session.exhausted());
  if (ended !== undefined) {
    refuseUnread(ended.message);
    return errorResult(ended);
  }
  const tool = ports.tools.get(call.name);
  if (tool === undefined || !session.allowedTools.has(tool.command)) {
    const reason = tool === undefined ? "unknown or human only" : "not allowed for this session";
    session.refuse();
    audit("refused", reason);
    ports.refusals.record({ actor: session.actor, command: call.name, reason, input: call.input, metadata });
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Unknown tool: ${escapeInvisible(call.name.slice(0, NAME_CHARS_MAX))}`,
    );
  }
  const exceeded = limitOf(session.spend(usageOf(tool.entry, call.input, inputBytes)));
  if (exceeded !== undefined) {
    session.refuse();
    audit("refused", exceeded.message);
    return errorResult(exceeded);
  }
  const outcome = await attempt(ports, session, tool, { ...call, metadata }, context);
  audit(outcome.decision, outcome.reason);
  return outcome.result;
}

const NAME_CHARS_MAX = 100;

/** The metadata of a call, for the audit. */
export function callMetadata(caller: McpClient, tool: string, context: ServerContext): CallMetadata {
  return {
    tool,
    client: caller.client(context),
    era: caller.era,
    toolUseId: toolUseIdOf(context),
  };
}

async function attempt(
  ports: CallPorts,
  session: AgentSession,
  tool: CommandTool,
  { input, metadata }: ToolCall & { readonly metadata: CallMetadata },
  context: ServerContext,
): Promise<Outcome> {
  const { cursor, ...commandInput } = input;
  const signal = AbortSignal.any([context.mcpReq.signal, session.signal]);
  const progress = progressOf(context, ports.clock);
  try {
    const value = await session.inTurn(signal, () =>
      ports.invoke(tool.command, tool.isList ? commandInput : input, session, signal, progress, metadata),
    );
    const result = toolResult(
      tool.isList ? pageOf(value as readonly unknown[], cursor, tool.command) : value,
      tool.lists,
    );
    if (result.isError === true) return { decision: "failed", reason: "the answer is too large", result };
    return { decision: "allowed", reason: null, result };
  } catch (thrown) {
    // Only the audit record contains the whole message.
    return {
      decision: decisionOf(thrown),
      reason: messageOf(thrown),
      result: errorResult(toolErrorOf(thrown, ports.clock.now())),
    };
  }
}

const REVOKED: ToolError = { code: "RUN_OVER", message: "this session is over", hint: "stop", retrySafe: false };

function limitOf(exceeded: LimitExceeded | undefined): ToolError | undefined {
  if (exceeded === undefined) return undefined;
  const { limit, of, per } = exceeded;
  if (per === "hour") return toolErrorOf(new QocError("AGENT_LIMIT", { agent: "this agent", limit, of }), 0);
  return {
    code: "RUN_LIMIT",
    message: `this run may use ${of} ${limit} in all, and this call goes over`,
    hint: "finish with what you have; say at the end what is missing",
    retrySafe: false,
  };
}

/** The metadata key under which Claude Code sends its id of the call. */
const TOOL_USE_ID = "claudecode/toolUseId";

function toolUseIdOf({ mcpReq }: ServerContext): string | null {
  const id = mcpReq._meta?.[TOOL_USE_ID];
  return typeof id === "string" ? id : null;
}

const PROGRESS_MS = 200;

/** Sends progress to a client that requested it, at most a few times a second. */
function progressOf({ mcpReq }: ServerContext, clock: Clock): Progress {
  const progressToken = mcpReq._meta?.progressToken;
  let progress = 0;
  let last = Number.NEGATIVE_INFINITY;
  const line = (text: string): void => {
    const now = clock.monotonic();
    if (progressToken === undefined || now - last < PROGRESS_MS) return;
    last = now;
    progress += 1;
    // The command goes on if the client has disconnected.
    mcpReq
      .notify({
        method: "notifications/progress",
        params: { progressToken, progress, message: escapeInvisibleInText(text) },
      })
      .catch(() => undefined);
  };
  return { line };
}
