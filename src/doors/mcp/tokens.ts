/**
 * Who may call: a run is a bearer token is a palette. The book keeps hashes, never the tokens, and forgets a run at once:
 * its next request is a stranger's, and what it has under way is told to stop.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Actor } from "../../domain/event.ts";
import type { Clock, Ids } from "../../domain/ports.ts";

/** What one run may use up. */
export interface RunLimits {
  readonly calls: number;
  /** Bytes of input to commands that write. */
  readonly bytes: number;
  readonly proposals: number;
  readonly wallMs: number;
}

export const RUN_LIMITS: RunLimits = { calls: 500, bytes: 2_000_000, proposals: 20, wallMs: 3_600_000 };

/** One call's share of the limits. */
export interface Use {
  readonly calls: number;
  readonly bytes: number;
  readonly proposals: number;
}

/** Someone who may call: a run with its token, or the operator's own agent. */
export interface Session {
  readonly run: string;
  readonly actor: Actor;
  /** Command names. */
  readonly palette: ReadonlySet<string>;
  /** Aborts once the session is revoked or its time is over. */
  readonly signal: AbortSignal;
  /** Takes a share; where it would go over, nothing is taken and the limit is named. */
  spend(use: Use): { readonly limit: keyof Use; readonly of: number } | undefined;
}

export interface SessionRequest {
  readonly run: string;
  readonly palette: Iterable<string>;
  readonly limits?: Partial<RunLimits>;
}

export interface TokenBook {
  /** The token is in this answer and nowhere else. */
  mint(request: SessionRequest): { readonly token: string; readonly session: Session };
  /** The session of a token; undefined where it is unknown, revoked or over its time. */
  find(token: string): Session | undefined;
  /** Ends every session of a run. Says whether there was one. */
  revoke(run: string): boolean;
}

/** 256 random bits, so that guessing is no way in. */
const TOKEN_BYTES = 32;

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

interface Entry {
  readonly hash: Buffer;
  readonly session: Session;
  readonly end: () => void;
}

export const tokenBook = (clock: Clock, ids: Ids): TokenBook => {
  let entries: readonly Entry[] = [];
  const drop = (gone: (entry: Entry) => boolean): boolean => {
    const ended = entries.filter(gone);
    entries = entries.filter((entry) => !ended.includes(entry));
    for (const { end } of ended) end();
    return ended.length > 0;
  };
  return {
    mint: (request) => {
      const limits = { ...RUN_LIMITS, ...request.limits };
      const token = `qoc_${ids.random(TOKEN_BYTES)}`;
      const stop = new AbortController();
      // One listener for each open request of the session, and those are bounded elsewhere.
      setMaxListeners(0, stop.signal);
      const session = openSession(request, limits, stop.signal);
      const deadline = clock.after(limits.wallMs, () => drop((entry) => entry.session === session));
      const end = (): void => {
        deadline();
        stop.abort(new Error(`run ${request.run} is over`));
      };
      entries = [...entries, { hash: hashOf(token), session, end }];
      return { token, session };
    },
    find: (token) => {
      const hash = hashOf(token);
      // Every entry is compared, so that the time taken tells nothing of which one fits.
      let found: Session | undefined;
      for (const entry of entries) if (timingSafeEqual(entry.hash, hash)) found = entry.session;
      return found;
    },
    revoke: (run) => drop((entry) => entry.session.run === run),
  };
};

/** A session without a token: the caller is known by the way it came in. */
export const openSession = (request: SessionRequest, limits: Omit<RunLimits, "wallMs">, signal: AbortSignal): Session => {
  const spent = { calls: 0, bytes: 0, proposals: 0 };
  return {
    run: request.run,
    actor: `agent:${request.run}`,
    palette: new Set(request.palette),
    signal,
    spend: (use) => {
      for (const limit of ["calls", "bytes", "proposals"] as const) {
        if (spent[limit] + use[limit] > limits[limit]) return { limit, of: limits[limit] };
      }
      spent.calls += use.calls;
      spent.bytes += use.bytes;
      spent.proposals += use.proposals;
      return undefined;
    },
  };
};

/** The operator's own agent, on this machine, with no token. */
export const INTERACTIVE = "interactive";
