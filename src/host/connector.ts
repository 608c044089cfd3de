/**
 * Supervises one connector: starts its worker, passes secrets, connects, watches, restarts with back-off, and
 * quarantines it after three crashes in five minutes. A failure affects this connector only.
 */
import { ownWords } from "../domain/market/own-words.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { ConnectorState } from "../domain/event.ts";
import type { VenueConnection } from "../domain/market/venue.ts";
import type { Capabilities } from "../domain/sdk.ts";
import { unlessAborted } from "../lib/aborted.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { AcceptedAdapter } from "./accepted-adapter.ts";
import { CallHealth } from "./call-health.ts";
import type { Envelope, Method } from "../protocol/messages.ts";
import { readConnection, refuseSimulatedLive } from "./connection.ts";
import type { ConnectorOptions } from "./connector-options.ts";
import { FailureLog } from "./failure-log.ts";
import { LatencyWindow } from "./latency-window.ts";
import { LinkState } from "./link-state.ts";
import { ReadPause } from "./read-pause.ts";
import { RestartPolicy, VenueOutage, needsOperator, toOutage } from "./restart-policy.ts";
import { SecretMask } from "./secret-mask.ts";
import { createStackMapperCache } from "./source-map.ts";
import { RefusedFills } from "./refused-fills.ts";
import { UnknownMembers } from "./unknown-members.ts";
import { WorkerSession } from "./worker-session.ts";

/** A worker becomes unresponsive after this time (ping delay and ping timeout). */
const UNRESPONSIVE_AFTER_MS = 3_000;
/** An unresponsive worker is ended after this further time. */
const KILL_AFTER_MS = 7_000;

export class Connector {
  readonly #options: ConnectorOptions;
  readonly #latency = new LatencyWindow();
  #health = new CallHealth();
  readonly #link: LinkState;
  readonly #readPause: ReadPause;
  readonly refusedFills: RefusedFills;
  readonly unknownMembers: UnknownMembers;
  readonly #policy: RestartPolicy;
  readonly #stackMapper = createStackMapperCache();
  readonly #secretMask: SecretMask;
  #state: ConnectorState = "stopped";
  #reason: string | undefined;
  #session: WorkerSession | undefined;
  /** A session whose thread could not be ended. */
  #zombie: WorkerSession | undefined;
  #generation = 0;
  #restarts = 0;
  /** Aborts when an operation (start, stop, restart, quarantine) follows the latest one. */
  #superseded = new AbortController();
  readonly #operations = new SerialQueue();
  #ending: Promise<boolean> = Promise.resolve(true);
  #cancelTimer: () => void = () => undefined;
  #lastError: string | undefined;
  readonly #failures: FailureLog;
  #methods: readonly Method[] = [];
  #capabilities: Capabilities = {};
  #connection: VenueConnection | undefined;
  readonly #adapter: AcceptedAdapter;
  #readyInMs: number | undefined;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#policy = new RestartPolicy(options.random);
    this.#failures = new FailureLog(options.log, options.clock);
    this.#adapter = new AcceptedAdapter(options);
    this.#secretMask = new SecretMask(options);
    this.#link = new LinkState(options.clock, () => this.#judge(this.#session));
    this.#readPause = new ReadPause(options.clock);
    this.unknownMembers = new UnknownMembers(options.log, options.redact);
    this.refusedFills = new RefusedFills(options.name, options.log, this.unknownMembers);
  }

  /** Read for each order, so it computes nothing. */
  get status() {
    return {
      state: this.#state,
      restarts: this.#restarts,
      methods: this.#methods,
      capabilities: this.#capabilities,
      lastError: this.#state === "degraded" ? (this.#link.problem ?? this.#reason) : this.#lastError,
      digest: this.#adapter.found,
      failingCalls: this.#health.failing,
      connection: this.#connection,
    };
  }

  /** Measurements for status views. */
  get metrics() {
    return {
      queueDepth: this.#session?.pending ?? 0,
      memoryMb: this.#session?.heapMb,
      readyInMs: this.#readyInMs,
      latencyMs: this.#latency.percentiles(),
      refusedFills: this.refusedFills.count,
      unknownMembers: this.unknownMembers.list,
      readPause: this.#readPause.now,
    };
  }

  /** Resolves when the first attempt has ended, successful or not. Never rejects. */
  start(): Promise<void> {
    return this.#enqueue(async (superseded) => {
      const reason = this.#options.quarantineReason();
      if (reason === undefined) await this.#attempt({ state: "starting", isByOperator: false, superseded });
      else this.#changeState("quarantined", reason);
    });
  }

  /** Disconnects (at most 2 s), then ends the worker. Fills that it emits meanwhile are stored. */
  stop(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#stopSession();
      if (this.#zombie === undefined) this.#changeState("stopped", undefined);
    });
  }

  /** Stops the connector until the operator restarts it. */
  quarantine(reason: string): Promise<void> {
    return this.#enqueue(async () => {
      await this.#stopSession();
      if (this.#zombie !== undefined) return;
      this.#lastError = reason;
      this.#changeState("quarantined", reason);
    });
  }

  /** Starts again from the current file, accepts that file, and lifts a quarantine. @throws CONNECTOR_ZOMBIE. */
  restart(): Promise<void> {
    return this.#enqueue(async (superseded) => {
      await this.#stopSession();
      // The old thread may still send orders: a second session must not run beside it.
      if (this.#zombie !== undefined) throw new QocError("CONNECTOR_ZOMBIE", { connector: this.#options.name });
      this.#policy.reset();
      this.#lastError = undefined;
      this.#failures.forget();
      this.#adapter.forget();
      await this.#attempt({ state: "starting", isByOperator: true, superseded });
    });
  }

  /** @throws ADAPTER_CHANGED if a restart would refuse the current file; ADAPTER_MISSING, ADAPTER_BUNDLE. */
  async checkFile(): Promise<void> {
    const { digest } = await this.#options.bundle(new AbortController().signal);
    this.#adapter.check(digest, true);
  }

  /** Starts the current file again, at the level that now applies. Does nothing if no worker runs. */
  move(): Promise<void> {
    return this.#enqueue(async (superseded) => {
      if (this.#state === "stopped" || this.#state === "quarantined") return;
      await this.#stopSession();
      if (this.#zombie === undefined) await this.#attempt({ state: "starting", isByOperator: false, superseded });
    });
  }

  /** Calls a method of the adapter. @throws CONNECTOR_NOT_READY, and what `WorkerSession.request` throws. */
  invoke(method: Method, args: readonly unknown[]): Promise<Envelope> {
    const { name } = this.#options;
    const session = this.#session;
    if (session === undefined || (this.#state !== "ready" && this.#state !== "degraded")) {
      const reason = this.#lastError === undefined ? "" : `: ${ownWords(name, this.#lastError.split("\n")[0] ?? "")}`;
      return Promise.reject(new QocError("CONNECTOR_NOT_READY", { connector: name, state: this.#state, reason }));
    }
    if (!this.#methods.includes(method))
      return Promise.reject(new QocError("NOT_SUPPORTED", { connector: name, method }));
    return this.#timedRequest(session, method, args);
  }

  async #timedRequest(session: WorkerSession, method: Method, args: readonly unknown[]): Promise<Envelope> {
    const { clock } = this.#options;
    const paused = this.#readPause.answer(method);
    if (paused !== undefined) return paused;
    const started = clock.monotonic();
    try {
      const response = await session.request(method, args);
      this.#readPause.note(response);
      this.#latency.add(clock.monotonic() - started);
      this.#health.answered(method, response);
      this.#judge(session);
      return response;
    } catch (error) {
      if (error instanceof QocError && error.code === "CALL_TIMEOUT") {
        this.#health.timedOut(method);
        this.#judge(session);
      }
      throw error;
    }
  }

  /** A degraded connector accepts no orders. */
  #judge(session: WorkerSession | undefined): void {
    if (session !== this.#session) return;
    const problem = this.#link.problem ?? this.#health.problem;
    if (this.#state === "ready" && problem !== undefined) this.#changeState("degraded", problem);
    if (this.#state === "degraded" && problem === undefined) this.#changeState("ready", undefined);
  }

  /** Runs operations one after another. A new one ends an attempt to start: it does not wait for bundler or venue. */
  #enqueue(operation: (superseded: AbortSignal) => Promise<void>): Promise<void> {
    this.#cancelTimer();
    this.#superseded.abort(new Error("the start was canceled by a later stop or restart"));
    this.#superseded = new AbortController();
    const { signal } = this.#superseded;
    if (this.#state === "starting" || this.#state === "restarting") void this.#session?.stop();
    return this.#operations.run(() => operation(signal));
  }

  async #attempt({ state, isByOperator, superseded }: StartAttempt): Promise<void> {
    const { clock } = this.#options;
    const started = clock.monotonic();
    if (superseded.aborted) return;
    if (state === "starting") this.#changeState("starting", undefined);
    try {
      const endStart = await this.#options.starts?.take(superseded);
      await this.#startSession({ isByOperator, superseded, onHandshake: endStart }).finally(endStart);
      this.#readyInMs = clock.monotonic() - started;
      this.#health = new CallHealth();
      this.#policy.ready(clock.monotonic());
      this.#changeState("ready", undefined);
      // The adapter may have said during `connect` that its stream is down.
      this.#judge(this.#session);
    } catch (error) {
      const session = this.#session;
      this.#session = undefined;
      const reason = session?.cutOffReason ?? messageOf(error);
      if (!superseded.aborted) this.#failures.note((this.#lastError = reason));
      if ((session !== undefined && !(await this.#endSession(session))) || superseded.aborted) return;
      if (session?.cutOffReason !== undefined || needsOperator(error)) this.#changeState("quarantined", reason);
      else if (error instanceof VenueOutage)
        this.#scheduleRestart(Math.max(this.#policy.unreachable().afterMs, this.#readPause.now?.waitMs ?? 0), reason);
      else this.#handleCrash(reason);
    }
  }

  async #startSession({ isByOperator, superseded, onHandshake }: SessionStart): Promise<void> {
    const { name, clock, log, options, hosts, tcp, proxy, dataOnly } = this.#options;
    const { fillSink, pushSink, slices, requestHandler } = this.#options;
    const generation = (this.#generation += 1);
    const parts = [this.#options.bundle(superseded), this.#options.secrets(), this.#options.certificates?.()] as const;
    const [bundle, secrets, ca] = await unlessAborted(superseded, Promise.all(parts));
    this.#adapter.check(bundle.digest, isByOperator);
    if (isByOperator) [this.refusedFills, this.unknownMembers].forEach((counted) => counted.reset());
    const filename = `qoc:${name}`;
    const mapStack = this.#stackMapper(filename, bundle);
    let isResponsive = true;
    const transport = await this.#options.transport({ hosts, tcp, proxy, ca });
    if (superseded.aborted) {
      void transport.kill();
      throw superseded.reason;
    }
    const session = new WorkerSession({
      name,
      generation,
      transport,
      clock,
      log,
      redact: this.#options.redact,
      cleanText: (text) => this.#options.redact(mapStack(text)),
      secretMask: this.#secretMask,
      fillSink,
      pushSink,
      refusedFills: this.refusedFills,
      slices,
      requestHandler,
      onResponsiveChange: (value) => {
        isResponsive = value;
        this.#handleResponsiveChange(session, value);
      },
      onLink: (isUp, reason) => {
        if (session === this.#session) this.#link.change(isUp, reason);
      },
    });
    this.#link.reset();
    this.#session = session;
    void session.ended.then((reason) => this.#handleExit(session, reason));
    const start = { name, code: bundle.code, filename, secrets, options, tcp, hosts, dataOnly };
    const handshake = await session.start(start);
    onHandshake?.();
    const { capabilities } = handshake;
    this.unknownMembers.noteClass(handshake);
    refuseSimulatedLive(this.#options, capabilities);
    await unlessAborted(superseded, Promise.resolve(this.#options.admit?.(capabilities)));
    [this.#methods, this.#capabilities] = [handshake.methods, capabilities];
    const connected = await this.#timedRequest(session, "connect", []).catch((error: unknown) => {
      throw toOutage(error, isResponsive);
    });
    const { unknownMembers } = this;
    this.#connection = readConnection(this.#options, { result: connected, capabilities, unknownMembers });
    if (this.#connection === undefined || this.#connection.mode === capabilities.mode) return;
    this.#capabilities = { ...capabilities, mode: this.#connection.mode };
    await unlessAborted(superseded, Promise.resolve(this.#options.admit?.(this.#capabilities)));
  }

  #handleResponsiveChange(session: WorkerSession, isResponsive: boolean): void {
    if (session !== this.#session) return;
    if (!isResponsive && (this.#state === "ready" || this.#state === "degraded")) {
      this.#changeState("unresponsive", `its thread has not responded for ${UNRESPONSIVE_AFTER_MS / 1000} s`);
      this.#cancelTimer = this.#options.clock.after(KILL_AFTER_MS, () => void this.#endUnresponsive(session));
    }
    if (isResponsive && this.#state === "unresponsive") {
      this.#cancelTimer();
      this.#changeState("ready", undefined);
    }
  }

  /** Ends a worker that is still unresponsive, which counts as a crash. */
  async #endUnresponsive(session: WorkerSession): Promise<void> {
    if (session !== this.#session || this.#state !== "unresponsive") return;
    const operation = this.#superseded;
    this.#session = undefined;
    this.#lastError = `its thread did not respond for ${(UNRESPONSIVE_AFTER_MS + KILL_AFTER_MS) / 1000} s`;
    if ((await this.#endSession(session)) && operation === this.#superseded) this.#handleCrash(this.#lastError);
  }

  /** Handles an unexpected exit of a running session. `#attempt` handles an exit during a start. */
  #handleExit(session: WorkerSession, reason: string): void {
    if (session !== this.#session || this.#state === "starting" || this.#state === "restarting") return;
    this.#session = undefined;
    this.#cancelTimer();
    this.#lastError = reason;
    this.#failures.add("its worker ended: ", reason);
    if (session.cutOffReason !== undefined) this.#changeState("quarantined", reason);
    else this.#handleCrash(reason);
  }

  #handleCrash(reason: string): void {
    const decision = this.#policy.crashed(this.#options.clock.monotonic());
    if (decision.kind === "give-up")
      this.#changeState("quarantined", `${decision.reason}; last error: ${reason.split("\n")[0] ?? ""}`);
    else this.#scheduleRestart(decision.afterMs, reason);
  }

  #scheduleRestart(afterMs: number, reason: string): void {
    this.#changeState("restarting", reason);
    this.#cancelTimer = this.#options.clock.after(afterMs, () => {
      this.#restarts += 1;
      void this.#enqueue((superseded) => this.#attempt({ state: "restarting", isByOperator: false, superseded }));
    });
  }

  async #stopSession(): Promise<void> {
    await this.#ending;
    this.#cancelTimer();
    const session = this.#session;
    if (session === undefined) return;
    // From now on no call is sent to the session, and its exit is expected.
    this.#session = undefined;
    if (this.#state === "ready" || this.#state === "degraded")
      await this.#timedRequest(session, "disconnect", []).catch(() => undefined);
    await this.#endSession(session);
  }

  /** Returns false, and becomes a zombie, if the thread cannot be ended. Nothing more is sent to a zombie. */
  async #endSession(session: WorkerSession): Promise<boolean> {
    this.#ending = session.stop();
    if (await this.#ending) return true;
    this.#lastError = "its thread could not be ended in 5 s; restart the desk when convenient";
    this.#zombie = session;
    void session.ended.then(() => (this.#zombie = undefined));
    this.#changeState("zombie", this.#lastError);
    return false;
  }

  #changeState(state: ConnectorState, reason: string | undefined): void {
    // The lines after the first one are causes, which may alternate during an outage.
    const isSame = this.#state === state && this.#reason?.split("\n")[0] === reason?.split("\n")[0];
    this.#state = state;
    this.#reason = reason;
    if (isSame) return;
    try {
      this.#options.onStateChange({ connector: this.#options.name, state, reason });
    } catch (error) {
      // An error of the listener must not stop the supervision of this connector.
      this.#options.log.error(`state ${state} could not be reported: ${messageOf(error)}`);
    }
  }
}

interface SessionStart {
  readonly isByOperator: boolean;
  readonly superseded: AbortSignal;
  /** Called when the worker has loaded the adapter; what follows waits for the venue. */
  readonly onHandshake: (() => void) | undefined;
}

interface StartAttempt {
  readonly state: "starting" | "restarting";
  /** A start by the operator accepts the current file. */
  readonly isByOperator: boolean;
  /** Aborts when another operation is requested after this attempt. */
  readonly superseded: AbortSignal;
}
