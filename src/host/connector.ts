/**
 * One connector and its lives: start, hand over secrets, connect, watch, restart with back-off, give up after three crashes in
 * five minutes. What it does wrong stays here.
 */
import type { Envelope, Method } from "../../sandbox/protocol.ts";
import { type ErrorCode, QocError, messageOf } from "../domain/error.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { Digest } from "../domain/ids.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { ConnectorOptions } from "./connector-options.ts";
import { deadlineOf } from "./deadlines.ts";
import { Latency } from "./latency.ts";
import { Life } from "./life.ts";
import { RestartPolicy } from "./restart-policy.ts";
import { stackMapper } from "./stack-map.ts";

/** Calls in a row without an answer in time that make it degraded. */
const TIMEOUTS_MAX = 3;
/** An unresponsive thread is ended after this long. */
const GIVE_UP_MS = 7_000;
/** Trying again cannot help before a human has changed something. */
const LASTING = new Set<ErrorCode>(["ADAPTER_MISSING", "ADAPTER_BUNDLE", "ADAPTER_SHAPE", "ADAPTER_CHANGED", "SDK_MISMATCH", "SECRET_MISSING"]);

export class Connector {
  readonly #options: ConnectorOptions;
  readonly #latency = new Latency();
  readonly #policy: RestartPolicy;
  #state: ConnectorState = "stopped";
  #reason: string | undefined;
  #life: Life | undefined;
  #generation = 0;
  #restarts = 0;
  #timeouts = 0;
  #wish = 0;
  #turn: Promise<void> = Promise.resolve();
  #ending: Promise<boolean> = Promise.resolve(true);
  #cancelNext: () => void = () => undefined;
  #lastError: string | undefined;
  #methods: readonly Method[] = [];
  #capabilities: Capabilities = {};
  #digest: Digest | undefined;
  #accepted: Digest | undefined;
  #readyInMs: number | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#policy = new RestartPolicy(options.random);
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
    const memoryMb = this.#life?.heapMb;
    return {
      queueDepth: this.#life?.pending ?? 0,
      ...(memoryMb === undefined ? {} : { memoryMb }),
      ...(this.#readyInMs === undefined ? {} : { readyInMs: this.#readyInMs }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    };
  }

  /** Resolves when the first attempt is over, ready or not. Never rejects. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      const held = this.#options.held();
      if (held === undefined) await this.#attempt("starting", false);
      else this.#become("quarantined", held);
    });
  }

  /** Disconnects in two seconds at most, then ends the life. Fills emitted meanwhile are kept. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#halt();
      if (this.#state !== "zombie") this.#become("stopped", undefined);
    });
  }

  /** Stopped until a human starts it anew. */
  quarantine(reason: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#halt();
      this.#lastError = reason;
      this.#become("quarantined", reason);
    });
  }

  /** A new life from the file as it is now, which is accepted by this; an earlier quarantine is forgotten. */
  restart(): Promise<void> {
    return this.#inTurn(async (isLatest) => {
      await this.#halt();
      this.#policy.forget();
      this.#lastError = undefined;
      this.#accepted = undefined;
      if (isLatest()) await this.#attempt("starting", true);
    });
  }

  /** @throws CONNECTOR_NOT_READY and what a life's call throws. */
  call(method: Method, args: readonly unknown[]): Promise<Envelope> {
    const { name } = this.#options;
    const life = this.#life;
    if (life === undefined || (this.#state !== "ready" && this.#state !== "degraded")) {
      const reason = this.#lastError === undefined ? "" : `: ${this.#lastError.split("\n")[0] ?? ""}`;
      return Promise.reject(new QocError("CONNECTOR_NOT_READY", { connector: name, state: this.#state, reason }));
    }
    if (!this.#methods.includes(method)) return Promise.reject(new QocError("NOT_SUPPORTED", { connector: name, method }));
    return this.#timed(life, method, args);
  }

  async #timed(life: Life, method: Method, args: readonly unknown[]): Promise<Envelope> {
    const { clock } = this.#options;
    const started = clock.monotonic();
    try {
      const answer = await life.call(method, args, deadlineOf(method));
      this.#latency.add(clock.monotonic() - started);
      this.#answered(life, true);
      return answer;
    } catch (error) {
      if (error instanceof QocError && error.code === "CALL_TIMEOUT") this.#answered(life, false);
      throw error;
    }
  }

  /** One that keeps people waiting takes no new orders until it answers again. */
  #answered(life: Life, inTime: boolean): void {
    this.#timeouts = inTime ? 0 : this.#timeouts + 1;
    if (life !== this.#life) return;
    if (this.#state === "ready" && this.#timeouts >= TIMEOUTS_MAX) this.#become("degraded", `${this.#timeouts} calls in a row had no answer in time`);
    if (this.#state === "degraded" && inTime) this.#become("ready", undefined);
  }

  /** One after the other. A new wish ends an attempt under way, so that nobody waits for a venue that does not answer. */
  #inTurn(work: (isLatest: () => boolean) => Promise<void>): Promise<void> {
    this.#cancelNext();
    this.#wish += 1;
    const wish = this.#wish;
    if (this.#state === "starting" || this.#state === "restarting") void this.#life?.stop();
    this.#turn = this.#turn.then(() => work(() => wish === this.#wish));
    return this.#turn;
  }

  async #attempt(as: "starting" | "restarting", isByHand: boolean): Promise<void> {
    const { clock, log } = this.#options;
    const [started, wish] = [clock.monotonic(), this.#wish];
    this.#generation += 1;
    if (as === "starting") this.#become("starting", undefined);
    try {
      await this.#live(this.#generation, isByHand);
      this.#readyInMs = clock.monotonic() - started;
      this.#timeouts = 0;
      this.#policy.cameUp();
      this.#become("ready", undefined);
    } catch (error) {
      const life = this.#life;
      this.#life = undefined;
      this.#lastError = life?.refusal ?? messageOf(error);
      log.error(this.#lastError);
      if ((life !== undefined && !(await this.#end(life))) || wish !== this.#wish) return;
      if (life?.refusal !== undefined || (error instanceof QocError && LASTING.has(error.code))) this.#become("quarantined", this.#lastError);
      else if (error instanceof Unreachable) this.#again(this.#policy.unreachable().afterMs, this.#lastError);
      else this.#crashed(this.#lastError);
    }
  }

  async #live(generation: number, isByHand: boolean): Promise<void> {
    const { name, clock, log, options, hosts, tcp, onFills, onAsk, redact } = this.#options;
    const [bundle, secrets] = await Promise.all([this.#options.bundle(), this.#options.secrets()]);
    this.#accept(bundle.digest, isByHand);
    const filename = `qoc:${name}`;
    const mapped = stackMapper(filename, bundle.map);
    const life = new Life({
      name,
      transport: this.#options.transport(),
      clock,
      log,
      clean: (text) => redact(mapped(text)),
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
    if (!connected.ok) throw new Unreachable(`connect: ${connected.stack ?? connected.message}`);
  }

  /** A file that is not the one last accepted asks a human; a restart by hand is the answer. */
  #accept(digest: Digest, isByHand: boolean): void {
    const trusted = this.#accepted ?? this.#options.trusted();
    this.#digest = digest;
    if (!isByHand && trusted !== undefined && trusted !== digest)
      throw new QocError("ADAPTER_CHANGED", { connector: this.#options.name, trusted, found: digest });
    this.#accepted = digest;
  }

  #responsive(life: Life, isResponsive: boolean): void {
    if (life !== this.#life) return;
    if (!isResponsive && (this.#state === "ready" || this.#state === "degraded")) {
      this.#become("unresponsive", "its thread has not answered for 3 s");
      this.#cancelNext = this.#options.clock.after(GIVE_UP_MS, () => void this.#giveUp(life));
    }
    if (isResponsive && this.#state === "unresponsive") {
      this.#cancelNext();
      this.#become("ready", undefined);
    }
  }

  /** Still no word: the thread is ended and the connector starts anew. */
  async #giveUp(life: Life): Promise<void> {
    if (life !== this.#life || this.#state !== "unresponsive") return;
    const wish = this.#wish;
    this.#life = undefined;
    this.#lastError = `its thread did not answer for ${(GIVE_UP_MS + 3_000) / 1000} s`;
    if ((await this.#end(life)) && wish === this.#wish) this.#crashed(this.#lastError);
  }

  /** An end that nobody here asked for, of a life that had come up; an attempt that fails tells its own. */
  #ended(life: Life, reason: string): void {
    if (life !== this.#life || this.#state === "starting" || this.#state === "restarting") return;
    this.#life = undefined;
    this.#cancelNext();
    this.#lastError = reason;
    this.#options.log.error(`its worker ended: ${reason}`);
    if (life.refusal !== undefined) this.#become("quarantined", reason);
    else this.#crashed(reason);
  }

  #crashed(reason: string): void {
    const decision = this.#policy.crashed(this.#options.clock.monotonic());
    if ("gaveUp" in decision) this.#become("quarantined", `${decision.gaveUp}, the last: ${reason.split("\n")[0] ?? ""}`);
    else this.#again(decision.afterMs, reason);
  }

  #again(afterMs: number, reason: string): void {
    this.#become("restarting", reason);
    this.#cancelNext = this.#options.clock.after(afterMs, () => {
      this.#restarts += 1;
      void this.#inTurn(() => this.#attempt("restarting", false));
    });
  }

  async #halt(): Promise<void> {
    await this.#ending;
    const life = this.#life;
    if (life === undefined) return;
    // From here on nothing more is sent to it, and its end is expected.
    this.#life = undefined;
    if (this.#state === "ready" || this.#state === "degraded") await this.#timed(life, "disconnect", []).catch(() => undefined);
    await this.#end(life);
    this.#cancelNext();
  }

  /** A thread that cannot be ended is a zombie: nothing is sent to it, and the operator is told. */
  async #end(life: Life): Promise<boolean> {
    const ending = life.stop();
    this.#ending = ending;
    if (await ending) return true;
    this.#lastError = "its thread could not be ended in 5 s; restart the desk when it suits you";
    this.#become("zombie", this.#lastError);
    return false;
  }

  #become(state: ConnectorState, reason: string | undefined): void {
    if (this.#state === state && this.#reason === reason) return;
    this.#state = state;
    this.#reason = reason;
    this.#options.onState(state, reason);
  }
}

/** The adapter loaded, and its venue did not let it in. */
class Unreachable extends Error {}
