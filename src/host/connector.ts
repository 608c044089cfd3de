/**
 * One connector and its lives: start, hand over secrets, connect, watch, restart with back-off, give up after three crashes in
 * five minutes. What it does wrong stays here.
 */
import type { Envelope, Method } from "../../sandbox/protocol.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { Digest } from "../domain/ids.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { Bundle } from "./bundle.ts";
import { Latency } from "./latency.ts";
import { Life } from "./life.ts";
import { stackMapper } from "./stack-map.ts";
import type { Transport } from "./transport.ts";

export interface ConnectorOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Between 0 and 1, for jitter. */
  readonly random: () => number;
  readonly bundle: () => Promise<Bundle>;
  readonly secrets: () => Promise<Readonly<Record<string, string>>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly hosts?: readonly string[];
  readonly tcp: readonly string[];
  readonly transport: () => Transport;
  /** Fills of one life, in order; resolves when they are on disk. */
  readonly onFills: (generation: number, fills: readonly unknown[]) => Promise<void>;
  readonly onAsk: (what: "get" | "put" | "bars", key: string, value: unknown) => Promise<unknown>;
  readonly onState: (state: ConnectorState, reason: string | undefined) => void;
}

/** Deadlines per method, ms. */
const DEADLINES: Partial<Record<Method, number>> = { connect: 10_000, placeOrder: 10_000, replaceOrder: 10_000, disconnect: 2_000 };
const DEADLINE_MS = 5_000;
const BACKOFF_MS = { first: 500, most: 30_000 };
const BREAKER = { crashes: 3, withinMs: 5 * 60_000 };
/** An unresponsive thread is ended after this long. */
const GIVE_UP_MS = 7_000;
/** Trying again cannot help before a human has changed something. */
const LASTING = new Set(["ADAPTER_MISSING", "ADAPTER_BUNDLE", "ADAPTER_SHAPE", "SDK_MISMATCH", "SECRET_MISSING"]);

export class Connector {
  readonly #options: ConnectorOptions;
  readonly #latency = new Latency();
  #state: ConnectorState = "stopped";
  #life: Life | undefined;
  #generation = 0;
  #restarts = 0;
  #crashes: number[] = [];
  #backoffMs = BACKOFF_MS.first;
  #cancelRestart: (() => void) | undefined;
  #isStopping = false;
  #lastError: string | undefined;
  #methods: readonly Method[] = [];
  #capabilities: Capabilities = {};
  #digest: Digest | undefined;
  #readyInMs: number | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
  }

  /** What the order path asks: no cost beyond a small object. */
  get facts() {
    return {
      state: this.#state,
      restarts: this.#restarts,
      methods: this.#methods,
      capabilities: this.#capabilities,
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.#digest === undefined ? {} : { digest: this.#digest }),
    };
  }

  /** What people ask besides. */
  get measures() {
    const latencyMs = this.#latency.percentiles();
    return {
      queueDepth: this.#life?.pending ?? 0,
      ...(this.#readyInMs === undefined ? {} : { readyInMs: this.#readyInMs }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    };
  }

  /** Resolves when the first attempt is over, ready or not. Never rejects. */
  async start(): Promise<void> {
    this.#isStopping = false;
    await this.#attempt();
  }

  /** Disconnects in two seconds at most, then ends the life. Fills emitted meanwhile are kept. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#cancelRestart?.();
    const life = this.#life;
    if (life !== undefined) {
      if (this.#state === "ready" || this.#state === "degraded") await this.#timed(life, "disconnect", []).catch(() => undefined);
      await this.#end(life);
    }
    if (this.#state !== "zombie") this.#become("stopped", undefined);
  }

  /** A new life from the file as it is now; an earlier quarantine is forgotten. */
  async restart(): Promise<void> {
    await this.stop();
    this.#crashes = [];
    this.#backoffMs = BACKOFF_MS.first;
    this.#lastError = undefined;
    await this.start();
  }

  /** @throws CONNECTOR_NOT_READY and what a life's call throws. */
  call(method: Method, args: readonly unknown[]): Promise<Envelope> {
    const life = this.#life;
    if (life === undefined || (this.#state !== "ready" && this.#state !== "degraded")) {
      const reason = this.#lastError === undefined ? "" : `: ${this.#lastError.split("\n")[0] ?? ""}`;
      return Promise.reject(new QocError("CONNECTOR_NOT_READY", { connector: this.#options.name, state: this.#state, reason }));
    }
    if (!this.#methods.includes(method)) return Promise.reject(new QocError("NOT_SUPPORTED", { connector: this.#options.name, method }));
    return this.#timed(life, method, args);
  }

  async #timed(life: Life, method: Method, args: readonly unknown[]): Promise<Envelope> {
    const { clock } = this.#options;
    const started = clock.monotonic();
    const answer = await life.call(method, args, DEADLINES[method] ?? DEADLINE_MS);
    this.#latency.add(clock.monotonic() - started);
    return answer;
  }

  async #attempt(): Promise<void> {
    const { clock, log } = this.#options;
    const started = clock.monotonic();
    this.#generation += 1;
    this.#become("starting", undefined);
    try {
      await this.#live(this.#generation);
      this.#readyInMs = clock.monotonic() - started;
      this.#become("ready", undefined);
    } catch (error) {
      if (this.#isStopping) return;
      this.#lastError = messageOf(error);
      log.error(this.#lastError);
      const isLasting = error instanceof QocError && LASTING.has(error.code);
      const life = this.#life;
      this.#life = undefined;
      if (life !== undefined) await this.#end(life);
      if (isLasting) this.#become("quarantined", this.#lastError);
      else this.#crashed(this.#lastError);
    }
  }

  async #live(generation: number): Promise<void> {
    const { name, clock, log, options, hosts, tcp, onFills, onAsk } = this.#options;
    const [bundle, secrets] = await Promise.all([this.#options.bundle(), this.#options.secrets()]);
    this.#digest = bundle.digest;
    const filename = `qoc:${name}`;
    const life = new Life({
      name,
      transport: this.#options.transport(),
      clock,
      log,
      mapStack: stackMapper(filename, bundle.map),
      onFills: (fills) => onFills(generation, fills),
      onAsk,
      onResponsive: (isResponsive) => this.#responsive(life, isResponsive),
    });
    this.#life = life;
    void life.ended.then((reason) => this.#ended(life, reason));
    const hello = await life.begin({ name, code: bundle.code, filename, secrets, options, tcp, ...(hosts === undefined ? {} : { hosts }) });
    this.#methods = hello.methods;
    this.#capabilities = hello.capabilities;
    const connected = await this.#timed(life, "connect", []);
    if (!connected.ok) throw new QocError("ADAPTER_THREW", { connector: name, message: `connect: ${connected.stack ?? connected.message}` });
  }

  #responsive(life: Life, isResponsive: boolean): void {
    if (life !== this.#life) return;
    if (!isResponsive && this.#state === "ready") {
      this.#become("unresponsive", "its thread has not answered for 3 s");
      this.#options.clock.after(GIVE_UP_MS, () => void this.#giveUp(life));
    }
    if (isResponsive && this.#state === "unresponsive") this.#become("ready", undefined);
  }

  /** Still no word: the thread is ended and the connector starts anew. */
  async #giveUp(life: Life): Promise<void> {
    if (life !== this.#life || this.#state !== "unresponsive") return;
    this.#lastError = `its thread did not answer for ${(GIVE_UP_MS + 3_000) / 1000} s`;
    await this.#end(life);
    if (this.#state === "unresponsive" && !this.#isStopping) this.#crashed(this.#lastError);
  }

  #ended(life: Life, reason: string): void {
    if (life !== this.#life) return;
    const wasStarting = this.#state === "starting";
    this.#life = undefined;
    if (this.#isStopping || wasStarting) return;
    this.#lastError = reason;
    this.#options.log.error(`its worker ended: ${reason}`);
    if (life.refusal !== undefined) this.#become("quarantined", reason);
    else this.#crashed(reason);
  }

  #crashed(reason: string): void {
    const { clock, random } = this.#options;
    const now = clock.monotonic();
    this.#crashes = [...this.#crashes.filter((at) => now - at < BREAKER.withinMs), now];
    if (this.#crashes.length >= BREAKER.crashes) {
      this.#become("quarantined", `${this.#crashes.length} crashes in 5 minutes, the last: ${reason.split("\n")[0] ?? ""}`);
      return;
    }
    if (this.#crashes.length === 1) this.#backoffMs = BACKOFF_MS.first;
    const wait = this.#backoffMs * (0.75 + random() / 2);
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS.most);
    this.#become("restarting", reason);
    this.#cancelRestart = clock.after(wait, () => {
      this.#restarts += 1;
      void this.#attempt();
    });
  }

  /** A thread that cannot be ended is a zombie: nothing is sent to it, and the operator is told. */
  async #end(life: Life): Promise<void> {
    if (this.#life === life) this.#life = undefined;
    if (await life.stop()) return;
    this.#lastError = "its thread could not be ended in 5 s; restart the desk when it suits you";
    this.#become("zombie", this.#lastError);
  }

  #become(state: ConnectorState, reason: string | undefined): void {
    if (this.#state === state && reason === undefined) return;
    this.#state = state;
    this.#options.onState(state, reason);
  }
}
