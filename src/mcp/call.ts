/**
 * One tool call: palette, limits, the command, the answer, and one audit record whatever happens. The command table decides;
 * a word outside the palette gets the same answer whether it exists or not.
 */
import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
} from "@modelcontextprotocol/server";
import type { CommandEntry } from "../commands/command-entry.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Clock } from "../domain/ports.ts";
import { type ToolError, answerOf, errorAnswer, pageOf, toolErrorOf } from "./answer.ts";
import { type AuditPorts, type AuditRecord, type CallMetadata, auditOf, decisionOf } from "./audit.ts";
import type { LimitExceeded, AgentSession, Usage } from "./tokens.ts";
import type { CommandTool } from "./tools.ts";
import { escapeInvisible, escapeInvisibleInText } from "../lib/invisible-characters.ts";
import type { Refusal } from "../domain/refusal.ts";

/** Runs a command as a session, through the command table's one entrance. */
export type Invoke = (
  command: string,
  input: Readonly<Record<string, unknown>>,
  session: AgentSession,
  signal: AbortSignal,
  note: (line: string) => void,
  facts: CallMetadata,
) => Promise<unknown>;

/** A refused call, with what the client sent. */
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
  /** Name and version of the program that calls, as it tells them. */
  client(context: ServerContext): string;
}

export interface CallPorts extends AuditPorts {
  readonly tools: ReadonlyMap<string, CommandTool>;
  readonly invoke: Invoke;
  /** For the journal. */
  readonly refusals: RefusedCallLog;
}

interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

type Outcome = Pick<AuditRecord, "decision" | "reason"> & { readonly answer: CallToolResult };

/** @throws ProtocolError for a tool that the session does not have. */
export async function callTool(
  ports: CallPorts,
  caller: McpClient,
  call: ToolCall,
  context: ServerContext,
): Promise<CallToolResult> {
  const { session } = caller;
  const facts = callMetadata(caller, call.name, context);
  const { audit, refuseUnread, inputBytes } = auditOf(ports, session, facts, call.input);
  const gone = session.signal.aborted ? REVOKED : limitOf(session.exhausted());
  if (gone !== undefined) {
    refuseUnread(gone.message);
    return errorAnswer(gone);
  }
  const tool = ports.tools.get(call.name);
  if (tool === undefined || !session.allowedTools.has(tool.command)) {
    const reason = tool === undefined ? "unknown or human only" : "outside the palette";
    session.refuse();
    audit("refused", reason);
    ports.refusals.record({ actor: session.actor, command: call.name, reason, input: call.input, metadata: facts });
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      `Unknown tool: ${escapeInvisible(call.name.slice(0, NAME_CHARS_MAX))}`,
    );
  }
  const over = limitOf(session.spend(usageOf(tool.entry, call.input, inputBytes)));
  if (over !== undefined) {
    session.refuse();
    audit("refused", over.message);
    return errorAnswer(over);
  }
  const outcome = await attempt(ports, session, tool, { ...call, facts }, context);
  audit(outcome.decision, outcome.reason);
  return outcome.answer;
}

const NAME_CHARS_MAX = 100;

/** What this client tells of this call. */
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
  { input, facts }: ToolCall & { readonly facts: CallMetadata },
  context: ServerContext,
): Promise<Outcome> {
  const { cursor, ...plain } = input;
  const signal = AbortSignal.any([context.mcpReq.signal, session.signal]);
  try {
    const value = await ports.invoke(
      tool.command,
      tool.isList ? plain : input,
      session,
      signal,
      progressOf(context, ports.clock),
      facts,
    );
    const answer = answerOf(
      tool.isList ? pageOf(value as readonly unknown[], cursor, tool.command) : value,
      tool.lists,
    );
    if (answer.isError === true) return { decision: "failed", reason: "the answer is too large", answer };
    return { decision: "allowed", reason: null, answer };
  } catch (thrown) {
    // The record keeps what the agent is not told.
    return {
      decision: decisionOf(thrown),
      reason: messageOf(thrown),
      answer: errorAnswer(toolErrorOf(thrown, ports.clock.now())),
    };
  }
}

function isOrders(path: unknown): boolean {
  return typeof path === "string" && path.startsWith("orders/");
}

/** What one call of a command takes of its caller's limits. Where a call names the file, that says whether it is a proposal. */
export function usageOf({ writes }: Pick<CommandEntry, "writes">, input: unknown, inputBytes: () => number): Usage {
  const { path } = (input ?? {}) as { readonly path?: unknown };
  const isProposal = writes.some(isOrders) && (path === undefined || isOrders(path));
  return { calls: 1, bytes: writes.length === 0 ? 0 : inputBytes(), proposals: isProposal ? 1 : 0 };
}

const REVOKED: ToolError = { code: "RUN_OVER", message: "this session is over", hint: "stop", retrySafe: false };

function limitOf(over: LimitExceeded | undefined): ToolError | undefined {
  if (over === undefined) return undefined;
  const { limit, of, per } = over;
  if (per === "hour") return toolErrorOf(new QocError("AGENT_LIMIT", { agent: "this agent", limit, of }), 0);
  return {
    code: "RUN_LIMIT",
    message: `this run may use ${of} ${limit} in all, and this call goes over`,
    hint: "finish with what you have; say at the end what is missing",
    retrySafe: false,
  };
}

/** Claude Code names its tool use so. */
const TOOL_USE_ID = "claudecode/toolUseId";

function toolUseIdOf({ mcpReq }: ServerContext): string | null {
  const id = mcpReq._meta?.[TOOL_USE_ID];
  return typeof id === "string" ? id : null;
}

const PROGRESS_MS = 200;

/** Tells progress to a client that asked for it, a few times a second at most. */
function progressOf({ mcpReq }: ServerContext, clock: Clock): (line: string) => void {
  const progressToken = mcpReq._meta?.progressToken;
  let progress = 0;
  let last = Number.NEGATIVE_INFINITY;
  return (line) => {
    const now = clock.monotonic();
    if (progressToken === undefined || now - last < PROGRESS_MS) return;
    last = now;
    progress += 1;
    // A client that went away is no failure of the command.
    mcpReq
      .notify({
        method: "notifications/progress",
        params: { progressToken, progress, message: escapeInvisibleInText(line) },
      })
      .catch(() => undefined);
  };
}
