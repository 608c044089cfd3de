/**
 * Sessions of runs and of agents that the operator granted access. A bearer token selects the session, and the session
 * has its allowed tools. The store keeps digests of tokens only. Revoking takes effect at once: running calls are
 * aborted, too.
 */
import { setMaxListeners } from "node:events";
import { newToken, tokenDigest } from "../domain/agent-access.ts";
import type { Actor } from "../domain/event.ts";
import type { Digest } from "../domain/ids.ts";
import type { Clock, Ids } from "../domain/ports.ts";

/** What a call or a session uses, or may use. */
export interface Usage {
  readonly calls: number;
  /** Bytes of input to commands that write. */
  readonly bytes: number;
  readonly proposals: number;
}

/** The limits of one run. */
export interface RunLimits extends Usage {
  readonly wallMs: number;
}

export const RUN_LIMITS: RunLimits = { calls: 500, bytes: 2_000_000, proposals: 20, wallMs: 3_600_000 };
/** The limits in one hour of an agent whose session does not expire. */
export const HOURLY_LIMITS: Usage = { calls: 2_000, bytes: 5_000_000, proposals: 60 };
const HOUR_MS = 3_600_000;

/** The limit that a call would exceed. */
export interface LimitExceeded {
  readonly limit: keyof Usage | "refused calls";
  readonly of: number;
  readonly per: "run" | "hour";
}

/** A run with its token, or the operator's own agent. */
export interface AgentSession {
  readonly run: string;
  readonly actor: Actor;
  /** Command names. */
  readonly allowedTools: ReadonlySet<string>;
  /** Aborts once the session is revoked or its time is over. */
  readonly signal: AbortSignal;
  /** Counts the usage. If it would exceed a limit, counts nothing and returns that limit. */
  spend(usage: Usage): LimitExceeded | undefined;
  /** Counts a call that was refused. */
  refuse(): void;
  /**
   * Returns the limit if the session was refused too often: then its calls are not read, since refusing them takes
   * time, too.
   */
  exhausted(): LimitExceeded | undefined;
}

export interface SessionRequest {
  readonly run: string;
  readonly allowedTools: Iterable<string>;
  readonly limits?: Partial<RunLimits>;
}

/** An agent that the operator granted access. */
export interface Grant {
  readonly agent: string;
  /** Command names. */
  readonly allowedTools: Iterable<string>;
}

export interface TokenStore {
  /** Creates a token. It is returned once and not stored. */
  mint(request: SessionRequest): { readonly token: string; readonly session: AgentSession };
  /** The session of a token; undefined if the token is unknown, revoked or expired. */
  find(token: string): AgentSession | undefined;
  /** Ends every session of a run or agent. Returns whether there was one. */
  revoke(run: string): boolean;
  /** When the token of this run or agent was last used since the desk started. */
  seenAt(run: string): number | undefined;
}

interface OpenSession {
  readonly session: AgentSession;
  readonly end: () => void;
}

/**
 * `granted` returns the agent of a digest. It is called at each request, so a revoked agent has no access any more.
 * Digests need no constant-time comparison: its duration reveals nothing about the token behind a digest.
 */
export function createTokenStore(
  clock: Clock,
  ids: Ids,
  granted: (digest: Digest) => Grant | undefined = () => undefined,
): TokenStore {
  const mintedSessions = new Map<Digest, OpenSession>();
  const grantedSessions = new Map<Digest, OpenSession>();
  const lastUsed = new Map<string, number>();
  const drop = (entries: Map<Digest, OpenSession>, digest: Digest): void => {
    const entry = entries.get(digest);
    entries.delete(digest);
    entry?.end();
  };
  const findGranted = (digest: Digest): AgentSession | undefined => {
    const grant = granted(digest);
    const existing = grantedSessions.get(digest)?.session;
    if (existing !== undefined && existing.run === grant?.agent) return existing;
    drop(grantedSessions, digest);
    if (grant === undefined) return undefined;
    const entry = createOpenSession((signal) =>
      rateLimitedSession(clock, { run: grant.agent, allowedTools: grant.allowedTools }, HOURLY_LIMITS, signal),
    );
    grantedSessions.set(digest, entry);
    return entry.session;
  };
  return {
    mint: (request) => {
      const limits = { ...RUN_LIMITS, ...request.limits };
      const token = newToken(ids);
      const digest = tokenDigest(token);
      const cancel = clock.after(limits.wallMs, () => drop(mintedSessions, digest));
      const entry = createOpenSession((signal) => openSession(request, limits, signal), cancel);
      mintedSessions.set(digest, entry);
      return { token, session: entry.session };
    },
    find: (token) => {
      const digest = tokenDigest(token);
      const session = mintedSessions.get(digest)?.session ?? findGranted(digest);
      if (session !== undefined) lastUsed.set(session.run, clock.now());
      return session;
    },
    revoke: (run) => {
      lastUsed.delete(run);
      let isRevoked = false;
      for (const entries of [mintedSessions, grantedSessions]) {
        for (const [digest, { session }] of entries) {
          if (session.run !== run) continue;
          drop(entries, digest);
          isRevoked = true;
        }
      }
      return isRevoked;
    },
    seenAt: (run) => lastUsed.get(run),
  };
}

function createOpenSession(
  open: (signal: AbortSignal) => AgentSession,
  cancel: () => void = () => undefined,
): OpenSession {
  const controller = new AbortController();
  // Each open request adds a listener; `src/mcp/http.ts` limits their number.
  setMaxListeners(0, controller.signal);
  const session = open(controller.signal);
  const end = (): void => {
    cancel();
    controller.abort(new Error(`the session of ${session.run} is over`));
  };
  return { session, end };
}

/** A session with limits on its total usage. */
export function openSession(request: SessionRequest, limits: Usage, signal: AbortSignal): AgentSession {
  return sessionOf(request, signal, meterOf(limits, "run"));
}

/** A session without an end, with limits on its usage in each hour. */
export function rateLimitedSession(
  clock: Clock,
  request: SessionRequest,
  limits: Usage,
  signal: AbortSignal,
): AgentSession {
  let meter = meterOf(limits, "hour");
  let endsAt = clock.monotonic() + HOUR_MS;
  const currentMeter = (): Meter => {
    if (clock.monotonic() >= endsAt) {
      meter = meterOf(limits, "hour");
      endsAt = clock.monotonic() + HOUR_MS;
    }
    return meter;
  };
  return sessionOf(request, signal, {
    spend: (usage) => currentMeter().spend(usage),
    refuse: () => currentMeter().refuse(),
    exhausted: () => currentMeter().exhausted(),
  });
}

type Meter = Pick<AgentSession, "spend" | "refuse" | "exhausted">;

function sessionOf({ run, allowedTools }: SessionRequest, signal: AbortSignal, meter: Meter): AgentSession {
  return {
    run,
    actor: `agent:${run}`,
    allowedTools: new Set(allowedTools),
    signal,
    ...meter,
  };
}

function meterOf(limits: Usage, per: LimitExceeded["per"]): Meter {
  const spent = { calls: 0, bytes: 0, proposals: 0 };
  let refused = 0;
  return {
    spend: (usage) => {
      for (const limit of ["calls", "bytes", "proposals"] as const) {
        if (spent[limit] + usage[limit] > limits[limit]) return { limit, of: limits[limit], per };
      }
      spent.calls += usage.calls;
      spent.bytes += usage.bytes;
      spent.proposals += usage.proposals;
      return undefined;
    },
    refuse: () => void (refused += 1),
    exhausted: () => (refused < limits.calls ? undefined : { limit: "refused calls", of: limits.calls, per }),
  };
}
