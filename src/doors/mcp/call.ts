/**
 * One tool call: palette, limits, the command, the answer, and one audit record whatever happens. The command table decides;
 * a word outside the palette gets the same answer whether it exists or not.
 */
import { type CallToolResult, ProtocolError, ProtocolErrorCode, type ServerContext } from "@modelcontextprotocol/server";
import { canonicalJson, digestOf } from "../../domain/digest.ts";
import type { Actor } from "../../domain/event.ts";
import { messageOf } from "../../domain/error.ts";
import type { Clock } from "../../domain/ports.ts";
import { type ToolError, answerOf, errorAnswer, pageOf, toolErrorOf } from "./answer.ts";
import type { Session, Use } from "./tokens.ts";
import type { CommandTool } from "./tools.ts";

/** What is written down of every call: who, what, and how it ended. The input itself is not kept, its digest is. */
export interface AuditRecord {
  readonly run: string;
  readonly actor: Actor;
  readonly era: "legacy" | "modern";
  readonly client: string;
  readonly tool: string;
  /** The client's own name for this call, where it tells it. */
  readonly toolUseId: string | null;
  readonly decision: "allowed" | "refused" | "invalid" | "failed";
  readonly reason: string | null;
  readonly inputDigest: string;
  readonly inputBytes: number;
  readonly ms: number;
}

/** Runs a command as a session, through the command table's one entrance. */
export type Invoke = (
  command: string,
  input: Readonly<Record<string, unknown>>,
  session: Session,
  signal: AbortSignal,
  note: (line: string) => void,
) => Promise<unknown>;

export interface Caller {
  readonly session: Session;
  readonly era: "legacy" | "modern";
  /** Name and version of the program that calls, as it tells them. */
  client(context: ServerContext): string;
}

export interface CallPorts {
  readonly tools: ReadonlyMap<string, CommandTool>;
  readonly clock: Clock;
  readonly invoke: Invoke;
  audit(record: AuditRecord): void;
  /** A refused attempt, for the journal: the tool's name, and whose it was. */
  refused(tool: string, actor: Actor, reason: string): void;
}

interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

type Outcome = Pick<AuditRecord, "decision" | "reason"> & { readonly answer: CallToolResult };

/** @throws ProtocolError for a tool that the session does not have. */
export const callTool = async (ports: CallPorts, caller: Caller, call: ToolCall, context: ServerContext): Promise<CallToolResult> => {
  const { session } = caller;
  const { audit, inputBytes } = auditOf(ports, caller, call, context);
  const tool = ports.tools.get(call.name);
  if (tool === undefined || !session.palette.has(tool.command)) {
    const reason = tool === undefined ? "unknown or human only" : "outside the palette";
    audit("refused", reason);
    ports.refused(call.name, session.actor, reason);
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${call.name.slice(0, NAME_CHARS_MAX)}`);
  }
  const over = session.signal.aborted ? REVOKED : limitOf(session.spend(useOf(tool, inputBytes)));
  if (over !== undefined) {
    audit("refused", over.message);
    return errorAnswer(over);
  }
  const outcome = await attempt(ports, session, tool, call.input, context);
  audit(outcome.decision, outcome.reason);
  return outcome.answer;
};

const NAME_CHARS_MAX = 100;

export interface Audit {
  readonly inputBytes: number;
  audit(decision: AuditRecord["decision"], reason: string | null): void;
}

/** Starts the record of one call; it is written once its end is known. */
export const auditOf = (ports: Pick<CallPorts, "audit" | "clock">, caller: Caller, call: ToolCall, context: ServerContext): Audit => {
  const { run, actor } = caller.session;
  const started = ports.clock.monotonic();
  const inputText = canonicalJson(call.input);
  const inputBytes = Buffer.byteLength(inputText);
  return {
    inputBytes,
    audit: (decision, reason) =>
      ports.audit({
        run,
        actor,
        era: caller.era,
        client: caller.client(context),
        tool: call.name.slice(0, NAME_CHARS_MAX),
        toolUseId: toolUseIdOf(context),
        decision,
        reason,
        inputDigest: digestOf(inputText),
        inputBytes,
        ms: Math.round(ports.clock.monotonic() - started),
      }),
  };
};

const attempt = async (
  ports: CallPorts,
  session: Session,
  tool: CommandTool,
  input: ToolCall["input"],
  context: ServerContext,
): Promise<Outcome> => {
  const { cursor, ...plain } = input;
  const signal = AbortSignal.any([context.mcpReq.signal, session.signal]);
  try {
    const value = await ports.invoke(tool.command, tool.isList ? plain : input, session, signal, progressOf(context, ports.clock));
    const answer = answerOf(tool.isList ? pageOf(value as readonly unknown[], cursor, tool.row.name) : value);
    if (answer.isError === true) return { decision: "failed", reason: "the answer is too large", answer };
    return { decision: "allowed", reason: null, answer };
  } catch (thrown) {
    const error = toolErrorOf(thrown);
    // The record keeps what the agent is not told.
    return { decision: error.code === "INVALID_INPUT" ? "invalid" : "failed", reason: messageOf(thrown), answer: errorAnswer(error) };
  }
};

const useOf = (tool: CommandTool, inputBytes: number): Use => ({
  calls: 1,
  bytes: tool.row.writes.length === 0 ? 0 : inputBytes,
  proposals: tool.row.writes.some((folder) => folder.startsWith("orders/")) ? 1 : 0,
});

const REVOKED: ToolError = { code: "RUN_OVER", message: "this run is over", hint: "stop", retrySafe: false };

const limitOf = (over: ReturnType<Session["spend"]>): ToolError | undefined =>
  over && {
    code: "RUN_LIMIT",
    message: `this run may use ${over.of} ${over.limit} in all, and this call goes over`,
    hint: "finish with what you have, and say in the inbox what is missing",
    retrySafe: false,
  };

/** Claude Code names its tool use so. */
const TOOL_USE_ID = "claudecode/toolUseId";

const toolUseIdOf = ({ mcpReq }: ServerContext): string | null => {
  const id = mcpReq._meta?.[TOOL_USE_ID];
  return typeof id === "string" ? id.slice(0, NAME_CHARS_MAX) : null;
};

const PROGRESS_MS = 200;

/** Tells progress to a client that asked for it, a few times a second at most. */
const progressOf = ({ mcpReq }: ServerContext, clock: Clock): ((line: string) => void) => {
  const progressToken = mcpReq._meta?.progressToken;
  let progress = 0;
  let last = Number.NEGATIVE_INFINITY;
  return (message) => {
    const now = clock.monotonic();
    if (progressToken === undefined || now - last < PROGRESS_MS) return;
    last = now;
    progress += 1;
    // A client that went away is no failure of the command.
    mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, message } }).catch(() => undefined);
  };
};
