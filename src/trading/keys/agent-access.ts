/** Grants and revokes the access of an agent. The token is shown once, and the journal does not keep it. */
import { HTTP_TOKEN_MS, agentNameProblem, tokenDigest } from "../../domain/authority/agent-access.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import { suggestion } from "../../domain/ids.ts";
import type { Desk } from "../desk.ts";
import { tokenKey } from "./token-key.ts";

export interface AgentAccess {
  readonly agent: string;
  readonly client: string;
  readonly token: string;
  /** true: the token is sent over HTTP, and expires. false: the agent proves that it has the token. */
  readonly http: boolean;
  readonly actor: Actor;
}

/**
 * Resolves when the grant is on disk: the token is valid from then on. Returns the end of a token for HTTP, ms. An
 * agent whose token has expired gets the new one. @throws INVALID_INPUT, AGENT_EXISTS.
 */
export async function grantAgent(
  { state, commit, clock }: Pick<Desk, "state" | "commit" | "clock">,
  { agent, client, token, http, actor }: AgentAccess,
): Promise<number | undefined> {
  const problem = agentNameProblem(agent);
  if (problem !== undefined) throw new QocError("INVALID_INPUT", { command: "agents setup", message: problem });
  const existing = state.agents.get(agent);
  const now = clock.now();
  if (existing !== undefined && (existing.expiresAt ?? Number.POSITIVE_INFINITY) > now)
    throw new QocError("AGENT_EXISTS", { agent });
  const expiresAt = http ? now + HTTP_TOKEN_MS : undefined;
  const credential = http ? { tokenDigest: tokenDigest(token), expiresAt } : { publicPem: tokenKey(token).publicPem };
  await commit({ type: "agent.granted", agent, client, ...credential, palette: "default", actor });
  return expiresAt;
}

/** Revokes the token immediately. @throws AGENT_UNKNOWN. */
export async function revokeAgent(
  { state, commit }: Pick<Desk, "state" | "commit">,
  agent: string,
  actor: Actor,
): Promise<void> {
  if (!state.agents.has(agent))
    throw new QocError("AGENT_UNKNOWN", { agent, suggestion: suggestion(agent, [...state.agents.keys()]) });
  await commit({ type: "agent.revoked", agent, actor });
}
