/**
 * One connector and its lives: start, hand over secrets, connect, watch, restart with back-off, give up after three crashes in
 * five minutes. What it does wrong stays here.
 */
import type { Envelope, Method } from "../protocol/messages.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { Digest } from "../domain/ids.ts";
import type { Capabilities } from "../domain/sdk.ts";
import type { ConnectorOptions } from "./connector-options.ts";
import { SecretMask } from "./secret-mask.ts";
import { KILL_AFTER_MS, TIMEOUTS_MAX, callTimeout } from "./call-timeouts.ts";
import { Latency } from "./latency.ts";
import { WorkerSession } from "./worker-session.ts";
import { RestartPolicy } from "./restart-policy.ts";
import { bundleMapper } from "./stack-map.ts";
import { VenueOutage, needsOperator, toOutage } from "./start-failure.ts";
import { SerialQueue } from "../lib/serial-queue.ts";

export class Connector {
  readonly #options: ConnectorOptions;
  readonly #latency = new Latency();
  readonly #policy: RestartPolicy;
  #state: ConnectorState = "stopped";
  #reason: string | undefined;
  #life: WorkerSession | undefined;
  /** A life whose thread could not be ended. */
  #zombie: WorkerSession | undefined;
  #generation = 0;
  #restarts = 0;
  #timeouts = 0;
  #wish = 0;
  readonly #queue = new SerialQueue();
  #ending: Promise<boolean> = Promise.resolve(true);
  #cancelNext: () => void = () => undefined;
  #lastError: string | undefined;
  #methods: readonly Method[] = [];
  #capabilities: Capabilities = {};
  #digest: Digest | undefined;
  #accepted: Digest | undefined;
  #readyInMs: number | undefined;
  readonly #mapperFor = bundleMapper();
  readonly #cover: SecretMask;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#policy = new RestartPolicy(options.random);
    this.#cover = new SecretMask(options.redact);
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
    return this.#inTurn(async (isLatest) => {
      const held = this.#options.quarantineReason();
      if (held === undefined) await this.#attempt("starting", false, isLatest);
      else this.#become("quarantined", held);
    });
  }

  /** Disconnects in two seconds at most, then ends the life. Fills emitted meanwhile are kept. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#halt();
      if (this.#zombie === undefined) this.#become("stopped", undefined);
    });
  }

  /** Stopped until a human starts it anew. */
  quarantine(reason: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#halt();
      if (this.#zombie !== undefined) return;
      this.#lastError = reason;
      this.#become("quarantined", reason);
    });
  }

  /** A new life from the file as it is now, which is accepted by this; an earlier quarantine is forgotten. @throws CONNECTOR_ZOMBIE. */
  restart(): Promise<void> {
    return this.#inTurn(async (isLatest) => {
      await this.#halt();
      // Its thread may still act: a second life beside it would be one too many.
      if (this.#zombie !== undefined) throw new QocError("CONNECTOR_ZOMBIE", { connector: this.#options.name });
      this.#policy.forget();
      [this.#lastError, this.#accepted] = [undefined, undefined];
      await this.#attempt("starting", true, isLatest);
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
    if (!this.#methods.includes(method))
      return Promise.reject(new QocError("NOT_SUPPORTED", { connector: name, method }));
    return this.#timed(life, method, args);
  }

  async #timed(life: WorkerSession, method: Method, args: readonly unknown[]): Promise<Envelope> {
    const { clock } = this.#options;
    const started = clock.monotonic();
    try {
      const answer = await life.call(method, args, callTimeout(method));
      this.#latency.add(clock.monotonic() - started);
      this.#answered(life, true);
      return answer;
    } catch (error) {
      if (error instanceof QocError && error.code === "CALL_TIMEOUT") this.#answered(life, false);
      throw error;
    }
  }

  /** One that keeps people waiting takes no new orders until it answers again. */
  #answered(life: WorkerSession, inTime: boolean): void {
    this.#timeouts = inTime ? 0 : this.#timeouts + 1;
    if (life !== this.#life) return;
    const late = `${this.#timeouts} calls in a row had no answer in time`;
    if (this.#state === "ready" && this.#timeouts >= TIMEOUTS_MAX) this.#become("degraded", late);
    if (this.#state === "degraded" && inTime) this.#become("ready", undefined);
  }

  /** One after the other. A new wish ends an attempt under way, so that nobody waits for a venue that does not answer. */
  #inTurn(work: (isLatest: () => boolean) => Promise<void>): Promise<void> {
    this.#cancelNext();
    this.#wish += 1;
    const wish = this.#wish;
    if (this.#state === "starting" || this.#state === "restarting") void this.#life?.stop();
    return this.#queue.run(() => work(() => wish === this.#wish));
  }

  async #attempt(as: "starting" | "restarting", isByHand: boolean, isLatest: () => boolean): Promise<void> {
    const { clock, log } = this.#options;
    const started = clock.monotonic();
    if (!isLatest()) return;
    if (as === "starting") this.#become("starting", undefined);
    try {
      await this.#live((this.#generation += 1), isByHand, isLatest);
      this.#readyInMs = clock.monotonic() - started;
      this.#timeouts = 0;
      this.#policy.cameUp(clock.monotonic());
      this.#become("ready", undefined);
    } catch (error) {
      const life = this.#life;
      this.#life = undefined;
      const reason = life?.refusal ?? messageOf(error);
      if (isLatest()) log.error((this.#lastError = reason));
      if ((life !== undefined && !(await this.#end(life))) || !isLatest()) return;
      if (life?.refusal !== undefined || needsOperator(error)) this.#become("quarantined", reason);
      else if (error instanceof VenueOutage) this.#again(this.#policy.unreachable().afterMs, reason);
      else this.#crashed(reason);
    }
  }

  async #live(generation: number, isByHand: boolean, isLatest: () => boolean): Promise<void> {
    const { name, clock, log, options, hosts, tcp, onFills, onRequest: onAsk, redact } = this.#options;
    const [bundle, secrets] = await Promise.all([this.#options.bundle(), this.#options.secrets()]);
    if (!isLatest()) throw new Error("it was stopped, or started anew, before it had begun");
    this.#accept(bundle.digest, isByHand);
    const filename = `qoc:${name}`;
    const mapped = this.#mapperFor(filename, bundle);
    let isAwake = true;
    const life = new WorkerSession({
      name,
      transport: this.#options.transport(),
      clock,
      log,
      clean: (text) => redact(mapped(text)),
      cover: this.#cover,
      onFills: (fills) => onFills(generation, fills),
      onAsk,
      onResponsive: (isResponsive) => this.#responsive(life, (isAwake = isResponsive)),
    });
    this.#life = life;
    void life.ended.then((reason) => this.#ended(life, reason));
    const hello = await life.begin({
      name,
      code: bundle.code,
      filename,
      secrets,
      options,
      tcp,
      ...(hosts === undefined ? {} : { hosts }),
    });
    [this.#methods, this.#capabilities] = [hello.methods, hello.capabilities];
    const connected = await this.#timed(life, "connect", []).catch((error: unknown) => {
      throw toOutage(error, isAwake);
    });
    if (!connected.ok) throw new VenueOutage(`connect: ${connected.stack ?? connected.message}`);
  }

  /** A file that is not the one last accepted asks a human; a restart by hand is the answer. */
  #accept(digest: Digest, isByHand: boolean): void {
    const trusted = this.#accepted ?? this.#options.acceptedDigest();
    this.#digest = digest;
    if (!isByHand && trusted !== undefined && trusted !== digest)
      throw new QocError("ADAPTER_CHANGED", { connector: this.#options.name, trusted, found: digest });
    this.#accepted = digest;
  }

  #responsive(life: WorkerSession, isResponsive: boolean): void {
    if (life !== this.#life) return;
    if (!isResponsive && (this.#state === "ready" || this.#state === "degraded")) {
      this.#become("unresponsive", "its thread has not answered for 3 s");
      this.#cancelNext = this.#options.clock.after(KILL_AFTER_MS, () => void this.#giveUp(life));
    }
    if (isResponsive && this.#state === "unresponsive") {
      this.#cancelNext();
      this.#become("ready", undefined);
    }
  }

  /** Still no word: the thread is ended and the connector starts anew. */
  async #giveUp(life: WorkerSession): Promise<void> {
    if (life !== this.#life || this.#state !== "unresponsive") return;
    const wish = this.#wish;
    this.#life = undefined;
    this.#lastError = `its thread did not answer for ${(KILL_AFTER_MS + 3_000) / 1000} s`;
    if ((await this.#end(life)) && wish === this.#wish) this.#crashed(this.#lastError);
  }

  /** An end that nobody here asked for, of a life that had come up; an attempt that fails tells its own. */
  #ended(life: WorkerSession, reason: string): void {
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
    if ("gaveUp" in decision)
      this.#become("quarantined", `${decision.gaveUp}, the last: ${reason.split("\n")[0] ?? ""}`);
    else this.#again(decision.afterMs, reason);
  }

  #again(afterMs: number, reason: string): void {
    this.#become("restarting", reason);
    this.#cancelNext = this.#options.clock.after(afterMs, () => {
      this.#restarts += 1;
      void this.#inTurn((isLatest) => this.#attempt("restarting", false, isLatest));
    });
  }

  async #halt(): Promise<void> {
    await this.#ending;
    this.#cancelNext();
    const life = this.#life;
    if (life === undefined) return;
    // From here on nothing more is sent to it, and its end is expected.
    this.#life = undefined;
    if (this.#state === "ready" || this.#state === "degraded")
      await this.#timed(life, "disconnect", []).catch(() => undefined);
    await this.#end(life);
  }

  /** A thread that cannot be ended is a zombie: nothing is sent to it, and the operator is told. */
  async #end(life: WorkerSession): Promise<boolean> {
    this.#ending = life.stop();
    if (await this.#ending) return true;
    this.#lastError = "its thread could not be ended in 5 s; restart the desk when it suits you";
    this.#zombie = life;
    void life.ended.then(() => (this.#zombie = undefined));
    this.#become("zombie", this.#lastError);
    return false;
  }

  #become(state: ConnectorState, reason: string | undefined): void {
    if (this.#state === state && this.#reason === reason) return;
    this.#state = state;
    this.#reason = reason;
    try {
      this.#options.onState(state, reason);
    } catch (error) {
      // Whoever listens may fail; the connector's own life goes on.
      this.#options.log.error(`${state} could not be told: ${messageOf(error)}`);
    }
  }
}
