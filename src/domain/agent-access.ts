/** Agents of the operator's own, each let in by name with a token of its own. The desk keeps the token's digest alone. */
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

/** Who comes with no token, over the operator's own socket. */
export const INTERACTIVE = "interactive";

const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** Why an agent may not bear this name; undefined where it may. Runs and the agent without a token have names of their own. */
export function agentNameProblem(name: string): string | undefined {
  if (!NAME.test(name)) return "a name has small letters, digits and -, at most 32, and begins with a letter";
  return name === INTERACTIVE || name.startsWith("run-") ? "this name is the desk's own" : undefined;
}

/** 256 random bits, so that guessing is no way in. */
const TOKEN_BYTES = 32;

export function newToken(ids: Ids): string {
  return `qoc_${ids.random(TOKEN_BYTES)}`;
}

/** What the desk keeps of a token: of so many random bits a plain hash tells nothing. */
export function tokenDigest(token: string): Digest {
  return digestOf(token);
}
