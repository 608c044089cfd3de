/** Keeps a connection to the gateway: opens another one after each end, with longer and longer pauses. */
import { ConnectRefused, NotSent } from "@qoc-app/sdk";
import type { SessionEvents } from "./rows.ts";
import { GatewaySession } from "./session.ts";
import type { Settings } from "./settings.ts";

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A connection that ends sooner counts as a failure. */
const STABLE_MS = 30_000;
/** Calls wait for the end of a gap that is not older than this, such as that of a reset connection. */
const SHORT_GAP_MS = 2_000;
/** Longer than the desk's usual pause between two reads of the account, which are a sign of life as well. */
const HEARTBEAT_MS = 75_000;
const HEARTBEAT_CHECK_MS = 15_000;

export interface LinkOptions {
  readonly settings: Settings;
  readonly events: Omit<SessionEvents, "onEnd" | "onSilence">;
  /** Checks a new session before it is used. A session that it rejects is closed. */
  readonly accept: (session: GatewaySession) => Promise<void>;
  readonly onDown: (reason: string) => void;
  readonly onRestored: () => void;
}

export class GatewayLink {
  readonly #options: LinkOptions;
  #session: GatewaySession | undefined;
  #opening: GatewaySession | undefined;
  #downReason = "the gateway is not connected yet";
  #downAt = 0;
  #connectedAt = 0;
  #isClosed = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** The session that is asked for a sign of life. */
  #probed: GatewaySession | undefined;
  readonly #waiters = new Set<() => void>();

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Opens the first connection. @throws as `accept`, and Error if the gateway does not greet. */
  async open(): Promise<GatewaySession> {
    const session = await this.#connect();
    this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_CHECK_MS);
    return session;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    clearInterval(this.#heartbeat);
    this.#opening?.end("the connector is stopped");
    this.#session?.end("the connector is stopped");
  }

  /**
   * The session, after a wait if a short gap is under way.
   * @throws NotSent if there is still none, or if it cannot reach IBKR.
   */
  async ready(): Promise<GatewaySession> {
    const wait = this.#downAt + SHORT_GAP_MS - Date.now();
    if (this.#session === undefined && wait > 0 && !this.#isClosed) await this.#reconnected(wait);
    const session = this.#session;
    if (session === undefined) throw new NotSent(this.#downReason);
    if (session.linkProblem !== undefined) throw new NotSent(session.linkProblem);
    return session;
  }

  #reconnected(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiters.add(done);
    });
  }

  async #connect(): Promise<GatewaySession> {
    const { settings, events, accept } = this.#options;
    const session: GatewaySession = new GatewaySession(settings, {
      ...events,
      onSilence: () => this.#probe(session),
      onEnd: (reason) => this.#ended(session, reason),
    });
    this.#opening = session;
    try {
      await session.open();
      await accept(session);
    } catch (error) {
      session.end("the connection was not accepted");
      throw error;
    } finally {
      this.#opening = undefined;
    }
    if (session.hasEnded) throw new Error("the gateway closed the connection");
    this.#session = session;
    this.#connectedAt = Date.now();
    for (const done of [...this.#waiters]) done();
    return session;
  }

  #ended(session: GatewaySession, reason: string): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#downReason = reason;
    this.#downAt = Date.now();
    if (this.#downAt - this.#connectedAt > STABLE_MS) this.#failures = 0;
    if (this.#isClosed) return;
    this.#options.onDown(reason);
    this.#later();
  }

  #later(): void {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.#retry = setTimeout(() => void this.#reopen(), pause);
  }

  async #reopen(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // The gateway came back with another login: a person must look.
      if (error instanceof ConnectRefused || message !== this.#downReason) this.#options.onDown(message);
      this.#downReason = message;
      if (!this.#isClosed) this.#later();
      return;
    }
    this.#options.onRestored();
  }

  #beat(): void {
    const session = this.#session;
    if (session !== undefined && Date.now() - session.lastReceived >= HEARTBEAT_MS) this.#probe(session);
  }

  /** A gateway can accept bytes and answer nothing. */
  #probe(session: GatewaySession): void {
    if (session !== this.#session || session === this.#probed) return;
    this.#probed = session;
    session
      .alive()
      .then(() => (this.#probed = undefined))
      .catch(() => session.end("the gateway accepts bytes and answers nothing: restart it"));
  }
}
