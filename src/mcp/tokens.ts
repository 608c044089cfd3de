/**
 * Who may call: a run, or an agent that the operator let in, is a bearer token is a palette. The book keeps digests, never the
 * tokens, and forgets at once: the next request is a stranger's, and what is under way is told to stop.
 */
import { setMaxListeners } from "node:events";
import { newToken, tokenDigest } from "../domain/agent-access.ts";
import type { Actor } from "../domain/event.ts";
import type { Digest } from "../domain/ids.ts";
import type { Clock, Ids } from "../domain/ports.ts";

/** One call's share of the limits, and the limits themselves. */
export interface Usage {
  readonly calls: number;
  /** Bytes of input to commands that write. */
  readonly bytes: number;
  readonly proposals: number;
}

/** What one run may use up in all. */
export interface RunLimits extends Usage {
  readonly wallMs: number;
}

export const RUN_LIMITS: RunLimits = { calls: 500, bytes: 2_000_000, proposals: 20, wallMs: 3_600_000 };
/** What an agent without an end may use up in an hour. */
export const HOURLY_LIMITS: Usage = { calls: 2_000, bytes: 5_000_000, proposals: 60 };
const HOUR_MS = 3_600_000;

/** A limit that a call would pass. */
export interface LimitExceeded {
  readonly limit: keyof Usage | "refused calls";
  readonly of: number;
  readonly per: "run" | "hour";
}

/** Someone who may call: a run with its token, or the operator's own agent. */
export interface AgentSession {
  readonly run: string;
  readonly actor: Actor;
  /** Command names. */
  readonly allowedTools: ReadonlySet<string>;
  /** Aborts once the session is revoked or its time is over. */
  readonly signal: AbortSignal;
  /** Takes a share; where it would go over, nothing is taken and the limit is named. */
  spend(use: Usage): LimitExceeded | undefined;
  /** Counts a call that was refused. */
  refuse(): void;
  /** Has it been refused as often as it may call? Then it is not listened to any more, for being refused takes time too. */
  exhausted(): LimitExceeded | undefined;
}

export interface SessionRequest {
  readonly run: string;
  readonly allowedTools: Iterable<string>;
  readonly limits?: Partial<RunLimits>;
}

/** An agent that the operator let in. */
export interface Grant {
  readonly agent: string;
  /** Command names. */
  readonly allowedTools: Iterable<string>;
}

export interface TokenStore {
  /** The token is in this answer and nowhere else. */
  mint(request: SessionRequest): { readonly token: string; readonly session: AgentSession };
  /** The session of a token; undefined where it is unknown, revoked or over its time. */
  find(token: string): AgentSession | undefined;
  /** Ends every session of a run, or of an agent. Says whether there was one. */
  revoke(run: string): boolean;
  /** When the token of this run or agent was last shown, in this life of the desk. */
  seenAt(run: string): number | undefined;
}

interface Entry {
  readonly session: AgentSession;
  readonly end: () => void;
}

/**
 * `granted` says who holds a token with this digest; it is asked at each request, so that who was sent away is out. Digests
 * are compared as they are: how long that takes tells a guesser nothing of the token behind one.
 */
export function createTokenStore(
  clock: Clock,
  ids: Ids,
  granted: (digest: Digest) => Grant | undefined = () => undefined,
): TokenStore {
  const minted = new Map<Digest, Entry>();
  const admitted = new Map<Digest, Entry>();
  const seen = new Map<string, number>();
  const drop = (entries: Map<Digest, Entry>, digest: Digest): void => {
    const entry = entries.get(digest);
    entries.delete(digest);
    entry?.end();
  };
  const admit = (digest: Digest): AgentSession | undefined => {
    const grant = granted(digest);
    const known = admitted.get(digest)?.session;
    if (known !== undefined && known.run === grant?.agent) return known;
    drop(admitted, digest);
    if (grant === undefined) return undefined;
    const entry = entryOf((signal) =>
      rateLimitedSession(clock, { run: grant.agent, allowedTools: grant.allowedTools }, HOURLY_LIMITS, signal),
    );
    admitted.set(digest, entry);
    return entry.session;
  };
  return {
    mint: (request) => {
      const limits = { ...RUN_LIMITS, ...request.limits };
      const token = newToken(ids);
      const digest = tokenDigest(token);
      const cancel = clock.after(limits.wallMs, () => drop(minted, digest));
      const entry = entryOf((signal) => openSession(request, limits, signal), cancel);
      minted.set(digest, entry);
      return { token, session: entry.session };
    },
    find: (token) => {
      const digest = tokenDigest(token);
      const session = minted.get(digest)?.session ?? admit(digest);
      if (session !== undefined) seen.set(session.run, clock.now());
      return session;
    },
    revoke: (run) => {
      seen.delete(run);
      let isKnown = false;
      for (const entries of [minted, admitted]) {
        for (const [digest, { session }] of entries) {
          if (session.run !== run) continue;
          drop(entries, digest);
          isKnown = true;
        }
      }
      return isKnown;
    },
    seenAt: (run) => seen.get(run),
  };
}

function entryOf(open: (signal: AbortSignal) => AgentSession, cancel: () => void = () => undefined): Entry {
  const stop = new AbortController();
  // One listener for each open request of the session, and those are bounded elsewhere.
  setMaxListeners(0, stop.signal);
  const session = open(stop.signal);
  const end = (): void => {
    cancel();
    stop.abort(new Error(`the session of ${session.run} is over`));
  };
  return { session, end };
}

/** A session with what it may use up in all. */
export function openSession(request: SessionRequest, limits: Usage, signal: AbortSignal): AgentSession {
  return sessionOf(request, signal, meterOf(limits, "run"));
}

/** A session that may go on for ever, and so much in each hour. */
export function rateLimitedSession(
  clock: Clock,
  request: SessionRequest,
  limits: Usage,
  signal: AbortSignal,
): AgentSession {
  let meter = meterOf(limits, "hour");
  let until = clock.monotonic() + HOUR_MS;
  const ofThisHour = (): Meter => {
    if (clock.monotonic() >= until) {
      meter = meterOf(limits, "hour");
      until = clock.monotonic() + HOUR_MS;
    }
    return meter;
  };
  return sessionOf(request, signal, {
    spend: (use) => ofThisHour().spend(use),
    refuse: () => ofThisHour().refuse(),
    exhausted: () => ofThisHour().exhausted(),
  });
}

type Meter = Pick<AgentSession, "spend" | "refuse" | "exhausted">;

function sessionOf({ run, allowedTools: palette }: SessionRequest, signal: AbortSignal, meter: Meter): AgentSession {
  return {
    run,
    actor: `agent:${run}`,
    allowedTools: new Set(palette),
    signal,
    ...meter,
  };
}

function meterOf(limits: Usage, per: LimitExceeded["per"]): Meter {
  const spent = { calls: 0, bytes: 0, proposals: 0 };
  let refused = 0;
  return {
    spend: (use) => {
      for (const limit of ["calls", "bytes", "proposals"] as const) {
        if (spent[limit] + use[limit] > limits[limit]) return { limit, of: limits[limit], per };
      }
      spent.calls += use.calls;
      spent.bytes += use.bytes;
      spent.proposals += use.proposals;
      return undefined;
    },
    refuse: () => void (refused += 1),
    exhausted: () => (refused < limits.calls ? undefined : { limit: "refused calls", of: limits.calls, per }),
  };
}
