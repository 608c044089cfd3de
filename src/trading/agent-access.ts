/** Grants and revokes the access of an agent. The token is shown once; the journal keeps its digest. */
import { agentNameProblem, tokenDigest } from "../domain/agent-access.ts";
import { QocError } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import { suggestion } from "../domain/ids.ts";
import type { Desk } from "./desk.ts";

export interface AgentAccess {
  readonly agent: string;
  readonly client: string;
  readonly token: string;
  readonly actor: Actor;
}

/** Resolves when the grant is on disk: the token is valid from then on. @throws INVALID_INPUT, AGENT_EXISTS. */
export async function grantAgent(
  { state, commit }: Pick<Desk, "state" | "commit">,
  { agent, client, token, actor }: AgentAccess,
): Promise<void> {
  const problem = agentNameProblem(agent);
  if (problem !== undefined) throw new QocError("INVALID_INPUT", { command: "agents setup", message: problem });
  if (state.agents.has(agent)) throw new QocError("AGENT_EXISTS", { agent });
  const event = {
    type: "agent.granted",
    agent,
    client,
    tokenDigest: tokenDigest(token),
    palette: "default",
    actor,
  } as const;
  await commit(event);
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
