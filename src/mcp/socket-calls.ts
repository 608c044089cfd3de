/**
 * The desk's end of `qoc mcp`: one call, as it comes over the operator's own socket by the agent's door. Who shows a token acts
 * as its agent, who shows none as `agent:interactive`; palette, limits and the audit are the desk's, whatever the other end did.
 */
import { QocError, messageOf } from "../domain/error.ts";
import { type AuditPorts, type CallMetadata, auditOf, decisionOf } from "./audit.ts";
import { type Invoke, type RefusedCallLog, usageOf } from "./call.ts";
import type { LimitExceeded, AgentSession, TokenStore } from "./tokens.ts";
import type { CommandTool } from "./tools.ts";

export interface SocketCall {
  readonly command: string;
  readonly input: unknown;
  readonly token?: string | undefined;
  readonly metadata: CallMetadata;
  /** For the record alone: nothing of it is run, whatever it names. */
  readonly isRefused?: boolean;
}

export interface SocketPorts extends AuditPorts {
  readonly tools: ReadonlyMap<string, CommandTool>;
  readonly tokens: Pick<TokenStore, "find">;
  /** Who comes without a token. */
  readonly interactive: AgentSession;
  readonly invoke: Invoke;
  readonly refusals: RefusedCallLog;
}

/** @throws TOKEN_REFUSED, NOT_PERMITTED, AGENT_LIMIT, and what the command throws. */
export async function answerSocketCall(
  ports: SocketPorts,
  call: SocketCall,
  signal: AbortSignal,
  note: (line: string) => void,
): Promise<unknown> {
  const { metadata: facts, input } = call;
  const session = call.token === undefined ? ports.interactive : ports.tokens.find(call.token);
  const { audit, refuseUnread, inputBytes } = auditOf(ports, session ?? NOBODY, facts, input);
  const refuse = (error: QocError, reason: string): never => {
    session?.refuse();
    audit("refused", reason);
    throw error;
  };
  if (session === undefined) return refuse(new QocError("TOKEN_REFUSED"), "unknown or revoked token");
  const worn = session.exhausted();
  if (worn !== undefined) {
    refuseUnread(`over ${worn.of} ${worn.limit} an hour`);
    throw limitError(session, worn);
  }
  const name = call.isRefused === true ? facts.tool : call.command;
  const tool = call.isRefused === true ? undefined : [...ports.tools.values()].find(({ command }) => command === name);
  if (tool === undefined || !session.allowedTools.has(tool.command)) {
    const reason = tool === undefined ? "unknown or human only" : "outside the palette";
    ports.refusals.record({ actor: session.actor, command: name, reason, input: {}, metadata: facts });
    // One answer for a word that is a human's and for one that is none.
    return refuse(new QocError("NOT_PERMITTED", { name: name.slice(0, NAME_CHARS_MAX) }), reason);
  }
  const over = session.spend(usageOf(tool.entry, input, inputBytes));
  if (over !== undefined) return refuse(limitError(session, over), `over ${over.of} ${over.limit} an hour`);
  try {
    const both = AbortSignal.any([signal, session.signal]);
    const answer = await ports.invoke(
      tool.command,
      input as Readonly<Record<string, unknown>>,
      session,
      both,
      note,
      facts,
    );
    audit("allowed", null);
    return answer;
  } catch (error) {
    audit(decisionOf(error), messageOf(error));
    throw error;
  }
}

function limitError({ actor }: AgentSession, { limit, of }: LimitExceeded): QocError {
  return new QocError("AGENT_LIMIT", { agent: actor, limit, of });
}

const NOBODY = { run: "unknown", actor: "agent:unknown" } as const;
const NAME_CHARS_MAX = 100;
