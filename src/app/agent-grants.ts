/** The agents with a grant, from the desk's state: which agent holds a token, and when its grant is revoked. */
import type { DeskState } from "../domain/desk-state.ts";
import type { Digest } from "../domain/ids.ts";
import type { Grant } from "../mcp/tokens.ts";
import type { OpenDesk } from "./open-desk.ts";

/**
 * Returns a function that finds the grant of a token's digest. `commandNames` are the commands of the palette
 * `default`.
 */
export function findGrant(state: Readonly<DeskState>, commandNames: readonly string[]) {
  return (digest: Digest): Grant | undefined => {
    for (const [agent, { tokenDigest }] of state.agents)
      if (tokenDigest === digest) return { agent, allowedTools: commandNames };
    return undefined;
  };
}

/** Calls the listener for each agent whose grant is revoked. Returns a function that removes the listener. */
export function onAgentRevoked(
  { onCommit }: Pick<OpenDesk, "onCommit">,
  listener: (agent: string) => void,
): () => void {
  return onCommit(({ event }) => {
    if (event.type === "agent.revoked") listener(event.agent);
  });
}
