/**
 * The desk's side of `qoc mcp`: one call over the agents' socket. A client that proved the key of a token acts as the
 * token's agent, any other client as `agent:interactive`. The desk itself checks the allowed tools and the limits, and
 * writes the audit record.
 */
import type { Progress } from "../domain/ports.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { type AuditPorts, type CallMetadata, startAudit, decisionOf } from "./audit.ts";
import type { Invoke, RefusedCallLog } from "./call.ts";
import type { LimitExceeded, AgentSession, TokenStore } from "./tokens.ts";
import type { ListedTool } from "./tools.ts";
import { usageOf } from "./usage.ts";

export interface SocketCall {
  readonly command: string;
  readonly input: unknown;
  /** The public half of the key that the client proved. */
  readonly publicPem?: string | undefined;
  readonly metadata: CallMetadata;
  /** The call was refused by `qoc mcp`: it is only recorded, and no command runs. */
  readonly isRefused?: boolean;
}

export interface SocketPorts extends AuditPorts {
  readonly tools: readonly ListedTool[];
  readonly tokens: Pick<TokenStore, "findByKey">;
  /** The session of calls without a token. */
  readonly interactive: AgentSession;
  readonly invoke: Invoke;
  readonly refusals: RefusedCallLog;
}

/** @throws TOKEN_REFUSED, NOT_PERMITTED, AGENT_LIMIT, and the errors of the command. */
export async function answerSocketCall(
  ports: SocketPorts,
  call: SocketCall,
  signal: AbortSignal,
  progress: Progress,
): Promise<unknown> {
  const { input } = call;
  const name = call.isRefused === true ? call.metadata.tool : call.command;
  const tool = call.isRefused === true ? undefined : ports.tools.find(({ command }) => command === name);
  // A client may state the name of another tool than that of the command that it calls.
  const metadata = { ...call.metadata, tool: tool?.name ?? name };
  const session = call.publicPem === undefined ? ports.interactive : ports.tokens.findByKey(call.publicPem);
  const { audit, refuseUnread, inputBytes } = startAudit(ports, session ?? UNKNOWN_CALLER, metadata, input);
  const refuse = (error: QocError, reason: string): never => {
    session?.refuse();
    audit("refused", reason);
    throw error;
  };
  if (session === undefined) return refuse(new QocError("TOKEN_REFUSED"), "unknown or revoked token");
  const exhausted = session.exhausted();
  if (exhausted !== undefined) {
    refuseUnread(`over ${exhausted.of} ${exhausted.limit} an hour`);
    throw limitError(session, exhausted);
  }
  if (tool === undefined || !session.allowedTools.has(tool.command)) {
    const reason = tool === undefined ? "unknown or human only" : "not allowed for this session";
    ports.refusals.record({ actor: session.actor, command: name, reason, input: {}, metadata });
    // The same error for a human's command and for a name that is not a command.
    return refuse(new QocError("NOT_PERMITTED", { name: name.slice(0, NAME_CHARS_MAX) }), reason);
  }
  const exceeded = session.spend(usageOf(tool.entry, input, inputBytes));
  if (exceeded !== undefined)
    return refuse(limitError(session, exceeded), `over ${exceeded.of} ${exceeded.limit} an hour`);
  try {
    const eitherSignal = AbortSignal.any([signal, session.signal]);
    const fields = input as Readonly<Record<string, unknown>>;
    const result = await session.inTurn(eitherSignal, () =>
      ports.invoke(tool.command, fields, session, eitherSignal, progress, metadata),
    );
    audit("allowed", null);
    return result;
  } catch (error) {
    audit(decisionOf(error), messageOf(error));
    throw error;
  }
}

function limitError({ actor }: AgentSession, { limit, of }: LimitExceeded): QocError {
  return new QocError("AGENT_LIMIT", { agent: actor, limit, of });
}

const UNKNOWN_CALLER = { run: "unknown", actor: "agent:unknown" } as const;
const NAME_CHARS_MAX = 100;
