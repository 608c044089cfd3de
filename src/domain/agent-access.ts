/** Agents with access to the desk: a name and a token each. The desk stores only the digest of the token. */
import { digestOf } from "./digest.ts";
import type { AgentGranted } from "./event.ts";
import type { Digest } from "./ids.ts";
import type { Ids } from "./ports.ts";

export interface AgentRecord {
  readonly client: string;
  readonly tokenDigest: Digest;
  readonly palette: AgentGranted["palette"];
  readonly grantedAt: number;
}

export function grantedAgent({ client, tokenDigest, palette }: AgentGranted, at: number): AgentRecord {
  return { client, tokenDigest, palette, grantedAt: at };
}

/** The name of an agent that connects over the operator's socket, without a token. */
export const INTERACTIVE = "interactive";

const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * The reason why an agent cannot have this name, or undefined. Names of runs and of the agent without a token are
 * reserved.
 */
export function agentNameProblem(name: string): string | undefined {
  if (!NAME.test(name)) return "a name starts with a letter and has at most 32 of a-z, 0-9 and -";
  return name === INTERACTIVE || name.startsWith("run-") ? "this name is reserved" : undefined;
}

/** 256 random bits, so that a token cannot be guessed. */
const TOKEN_BYTES = 32;

export function newToken(ids: Ids): string {
  return `qoc_${ids.random(TOKEN_BYTES)}`;
}

/** The stored form of a token. A plain hash is enough, because the token has 256 random bits. */
export function tokenDigest(token: string): Digest {
  return digestOf(token);
}
