/**
 * Sessions of runs and of agents that the operator granted access. A bearer token, or the proof of a token's key,
 * selects the session, and the session has its allowed tools. The store keeps no token. Revoking takes effect at once:
 * running calls are aborted, too.
 */
import { setMaxListeners } from "node:events";
import { newToken, tokenDigest } from "../domain/authority/agent-access.ts";
import type { Actor } from "../domain/event.ts";
import type { Clock, Ids } from "../domain/ports.ts";
import { Slots } from "../lib/slots.ts";
import { tokenKey } from "../trading/keys/token-key.ts";

/** What a call or a session uses, or may use. */
export interface Usage {
  readonly calls: number;
  /** Bytes of input to commands that write, and of long input to others. */
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
/**
 * The calls of one session that run at once. A call yields between its steps, and all calls that run take a step before
 * a command of the human has its turn.
 */
export const CALLS_AT_ONCE = 4;

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
  /** Runs a call once fewer than {@link CALLS_AT_ONCE} others run. Rejects if the signal aborts before. */
  inTurn<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T>;
}

export interface SessionRequest {
  readonly run: string;
  readonly allowedTools: Iterable<string>;
  readonly limits?: Partial<RunLimits>;
}

/** An agent that the operator granted access. */
export interface Grant {
  readonly agent: string;
  /** The agent's program. */
  readonly client: string;
  /** Of a token for HTTP, ms. */
  readonly expiresAt: number | undefined;
  /** Command names. */
  readonly allowedTools: Iterable<string>;
}

export interface TokenStore {
  /** Creates a token. It is returned once and not stored. */
  mint(request: SessionRequest): { readonly token: string; readonly session: AgentSession };
  /** The session of a token that was sent over HTTP; undefined if the token is unknown, revoked or expired. */
  find(token: string): AgentSession | undefined;
  /** The session of a client that proved the key of its token. */
  findByKey(publicPem: string): AgentSession | undefined;
  /** The grant of a token that has expired. */
  expired(token: string): Grant | undefined;
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
 * A credential is the digest of a token, or the public half of its key. `granted` returns the agent of a credential. It
 * is called at each request, so a revoked agent has no access any more. Credentials need no constant-time comparison:
 * its duration reveals nothing about the token behind a credential.
 */
export function createTokenStore(
  clock: Clock,
  ids: Ids,
  granted: (credential: string) => Grant | undefined = () => undefined,
): TokenStore {
  const mintedSessions = new Map<string, OpenSession>();
  const grantedSessions = new Map<string, OpenSession>();
  const lastUsed = new Map<string, number>();
  const drop = (entries: Map<string, OpenSession>, credential: string): void => {
    const entry = entries.get(credential);
    entries.delete(credential);
    entry?.end();
  };
  const isOver = ({ expiresAt }: Grant): boolean => expiresAt !== undefined && expiresAt <= clock.now();
  const findGranted = (credential: string): AgentSession | undefined => {
    const grant = granted(credential);
    const existing = grantedSessions.get(credential)?.session;
    if (grant !== undefined && !isOver(grant)) {
      if (existing !== undefined && existing.run === grant.agent) return existing;
      drop(grantedSessions, credential);
      const entry = openGranted(clock, grant, () => drop(grantedSessions, credential));
      grantedSessions.set(credential, entry);
      return entry.session;
    }
    drop(grantedSessions, credential);
    return undefined;
  };
  const find = (credential: string): AgentSession | undefined => {
    const session = mintedSessions.get(credential)?.session ?? findGranted(credential);
    if (session !== undefined) lastUsed.set(session.run, clock.now());
    return session;
  };
  return {
    mint: (request) => {
      const limits = { ...RUN_LIMITS, ...request.limits };
      const token = newToken(ids);
      const credentials = [tokenDigest(token), tokenKey(token).publicPem];
      const cancel = clock.after(limits.wallMs, () => {
        for (const credential of credentials) drop(mintedSessions, credential);
      });
      const entry = createOpenSession((signal) => openSession(request, limits, signal), cancel);
      for (const credential of credentials) mintedSessions.set(credential, entry);
      return { token, session: entry.session };
    },
    find: (token) => find(tokenDigest(token)),
    findByKey: find,
    expired: (token) => {
      const grant = granted(tokenDigest(token));
      return grant !== undefined && isOver(grant) ? grant : undefined;
    },
    revoke: (run) => {
      lastUsed.delete(run);
      let isRevoked = false;
      for (const entries of [mintedSessions, grantedSessions]) {
        for (const [credential, { session }] of entries) {
          if (session.run !== run) continue;
          drop(entries, credential);
          isRevoked = true;
        }
      }
      return isRevoked;
    },
    seenAt: (run) => lastUsed.get(run),
  };
}

/** The session of a granted agent; `end` is called when its token expires. */
function openGranted(clock: Clock, { agent, allowedTools, expiresAt }: Grant, end: () => void): OpenSession {
  const cancel = expiresAt === undefined ? undefined : clock.after(expiresAt - clock.now(), end);
  return createOpenSession(
    (signal) => rateLimitedSession(clock, { run: agent, allowedTools }, HOURLY_LIMITS, signal),
    cancel,
  );
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
  const turns = new Slots(CALLS_AT_ONCE);
  return {
    run,
    actor: `agent:${run}`,
    allowedTools: new Set(allowedTools),
    signal,
    inTurn: async (aborted, call) => {
      const endTurn = await turns.take(aborted);
      try {
        return await call();
      } finally {
        endTurn();
      }
    },
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
