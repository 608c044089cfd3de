/** Agents that were let in, as the door asks for them: the record says who holds a token, and when one is sent away. */
import type { DeskState } from "../domain/desk-state.ts";
import type { Digest } from "../domain/ids.ts";
import type { Grant } from "../mcp/tokens.ts";
import type { OpenDesk } from "./open-desk.ts";

/** `palette`: the commands that stand for the palette `default`. */
export function grantedIn(state: Readonly<DeskState>, palette: readonly string[]) {
  return (digest: Digest): Grant | undefined => {
    for (const [agent, record] of state.agents)
      if (record.tokenDigest === digest) return { agent, allowedTools: palette };
    return undefined;
  };
}

/** Hears of each agent that is sent away; the answer stops listening. */
export function onRevoked({ onCommit }: Pick<OpenDesk, "onCommit">, revoked: (agent: string) => void): () => void {
  return onCommit(({ event }) => {
    if (event.type === "agent.revoked") revoked(event.agent);
  });
}
