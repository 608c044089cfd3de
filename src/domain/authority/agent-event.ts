/** Events about the agents that have access. */
import type { Actor } from "./actor.ts";
import type { Digest } from "../ids.ts";

/**
 * The operator granted an agent access. Instead of the token: the public half of its key, which the agent proves over
 * the agents' socket, or the digest of a token that is sent over HTTP.
 */
export interface AgentGranted {
  readonly type: "agent.granted";
  readonly agent: string;
  /** The program of the agent, for example `claude` or `codex`. */
  readonly client: string;
  readonly publicPem?: string | undefined;
  readonly tokenDigest?: Digest | undefined;
  /** The end of a token for HTTP, ms; absent in records of earlier versions. */
  readonly expiresAt?: number | undefined;
  readonly palette: "default";
  readonly actor: Actor;
}
export interface AgentRevoked {
  readonly type: "agent.revoked";
  readonly agent: string;
  readonly actor: Actor;
}
