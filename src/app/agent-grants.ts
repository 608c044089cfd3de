/** The agents with a grant, from the desk's state: which agent has a credential, and when its grant is revoked. */
import type { DeskState } from "../domain/desk-state.ts";
import type { Grant } from "../mcp/tokens.ts";
import type { OpenDesk } from "./open-desk.ts";

/**
 * Returns a function that finds the grant of a credential. `commandNames` are the commands of the palette `default`.
 */
export function findGrant(state: Readonly<DeskState>, commandNames: readonly string[]) {
  return (credential: string): Grant | undefined => {
    for (const [agent, granted] of state.agents) {
      const { client, expiresAt } = granted;
      if (granted.credential === credential) return { agent, client, expiresAt, allowedTools: commandNames };
    }
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
