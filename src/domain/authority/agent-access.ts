/**
 * Agents with access to the desk: a name and a token each. The desk does not store the token. A program that starts
 * `qoc mcp` proves that it has the token; a program that connects over HTTP sends it, so that token soon expires.
 */
import { digestOf } from "../digest.ts";
import type { AgentGranted } from "./agent-event.ts";
import type { Digest } from "../ids.ts";
import type { Ids } from "../ports.ts";

export interface AgentRecord {
  readonly client: string;
  /** The public half of the token's key, or the digest of a token for HTTP. */
  readonly credential: string;
  readonly palette: AgentGranted["palette"];
  readonly grantedAt: number;
  /** Of a token for HTTP, ms. */
  readonly expiresAt: number | undefined;
}

/** The longest validity of a token that is sent over HTTP: another program that listens on the desk's port gets it. */
export const HTTP_TOKEN_MS = 12 * 60 * 60 * 1000;

/** A token of an earlier version has no end in its record, and expires like every other token for HTTP. */
export function grantedAgent(granted: AgentGranted, at: number): AgentRecord {
  const { client, publicPem, tokenDigest = "", palette, expiresAt = Number.POSITIVE_INFINITY } = granted;
  return {
    client,
    credential: publicPem ?? tokenDigest,
    palette,
    grantedAt: at,
    expiresAt: publicPem === undefined ? Math.min(expiresAt, at + HTTP_TOKEN_MS) : undefined,
  };
}

/** The name of an agent that connects over the agents' socket, without a token. */
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

/** The stored form of a token for HTTP. A plain hash is enough, because the token has 256 random bits. */
export function tokenDigest(token: string): Digest {
  return digestOf(token);
}
