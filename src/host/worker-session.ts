/**
 * One run of a connector's worker, from start to exit. A method call ends with its response, its timeout or the
 * worker's exit. The worker is untrusted: everything it sends is checked against a schema first.
 */
import { cleanStacks } from "./clean-stacks.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { ConnectorName } from "../domain/ids.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { type Capabilities, SDK_VERSION } from "../domain/sdk.ts";
import { resolvesWithin } from "../lib/resolves-within.ts";
import { LIMITS } from "../protocol/limits.ts";
import { type Envelope, type Method, PROTOCOL, type StartMessage, type WorkerEvent } from "../protocol/messages.ts";
import { envelopeSchema } from "../protocol/schemas.ts";
import type { AdapterRequestHandler } from "./adapter-requests.ts";
import { type EmissionOptions, Emissions } from "./emissions.ts";
import { MessageBacklog } from "./message-backlog.ts";
import { OutputBacklog } from "./output-backlog.ts";
import { RepeatedFailures } from "./repeated-failures.ts";
import { type MessageValidator, createMessageValidator } from "./message-validator.ts";
import type { SecretMask } from "./secret-mask.ts";
import type { Transport } from "./transport.ts";
import type { TurnSlices } from "./turn-slices.ts";
import { type RemoteMethod, wrapAdapter } from "./wrap-adapter.ts";
import { counted } from "../lib/counted.ts";

export interface WorkerSessionOptions extends Omit<EmissionOptions, "acknowledge" | "cutOff"> {
  readonly name: ConnectorName;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** Removes secrets. */
  readonly redact: (text: string) => string;
  /** Replaces positions in the bundle by the author's file and line, and removes secrets. */
  readonly cleanText: (text: string) => string;
  readonly secretMask: SecretMask;
  readonly slices: TurnSlices;
  readonly requestHandler: AdapterRequestHandler;
  /** False if the worker has not replied to a ping in time; true after a reply. */
  readonly onResponsiveChange: (isResponsive: boolean) => void;
  /** The adapter said whether the venue's stream works. */
  readonly onLink: (isUp: boolean, reason: string | undefined) => void;
}

export interface Handshake {
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
  readonly otherMethods: readonly string[];
  readonly notStatic: readonly ("capabilities" | "sdk")[];
}

const HANDSHAKE_MS = 10_000;
/** A call that takes longer than this triggers a ping. */
const PING_AFTER_MS = 1_000;
/** Pings without any call, so that an idle adapter in an endless loop is noticed as well. */
const PING_EVERY_MS = 5_000;
const PING_TIMEOUT_MS = 2_000;
/** Less than the time between the ping of a call and the timeout of the shortest call. */
const BUSY_AFTER_MS = 900;
const EXIT_TIMEOUT_MS = 5_000;
/** How long the fills of a worker that is gone may take. The next session requests the others from the venue. */
const LAST_FILLS_MS = 1_000;
const OUTPUT_CHARS_MAX = 4_000;

const CALL_TIMEOUTS_MS: Partial<Record<Method, number>> = {
  // Orders wait for the venue's own processing.
  connect: 30_000,
  // Histories are paged or slow at some venues.
  getFills: 30_000,
  getActivities: 30_000,
  getBars: 30_000,
  placeOrder: 10_000,
  replaceOrder: 10_000,
  disconnect: 2_000,
};
const CALL_TIMEOUT_MS = 5_000;

export function callTimeout(method: Method): number {
  return CALL_TIMEOUTS_MS[method] ?? CALL_TIMEOUT_MS;
}

export class WorkerSession {
  readonly #options: WorkerSessionOptions;
  readonly #validator: MessageValidator;
  readonly #methods = new Map<Method, RemoteMethod>();
  readonly #failures: RepeatedFailures;
  readonly #pending = new Set<(error: QocError) => void>();
  readonly #onResponse: (message: unknown) => void;
  #handshake: { resolve(handshake: Handshake): void; reject(error: QocError): void } | undefined;
  #exitReason: string | undefined;
  #cutOffReason: string | undefined;
  readonly #emissions: Emissions;
  readonly #backlog: MessageBacklog;
  #lastPing = 0;
  #lastPingReply = 0;
  /** When the oldest ping without a reply was sent. */
  #unansweredSince = 0;
  #heapMb: number | undefined;
  #pendingRequests = 0;
  /** Resolves when the thread or process is gone. Its last fills may not be on disk yet. */
  readonly #exited: Promise<void>;
  /** Resolves with the reason when the worker is gone and all fills that it sent are stored or refused. */
  readonly ended: Promise<string>;

  constructor(options: WorkerSessionOptions) {
    this.#options = options;
    this.#failures = new RepeatedFailures(options.clock);
    const { transport, log, slices } = options;
    const endWatch = slices.stalls.watch();
    this.#validator = createMessageValidator({
      clock: options.clock,
      redact: options.redact,
      stalledMs: () => slices.stalls.longestMs(),
    });
    const output = new OutputBacklog({
      slices,
      take: (line) => log.info(options.cleanText(line).slice(0, OUTPUT_CHARS_MAX), { stream: "stdout" }),
      dropped: (lines) =>
        log.warn(`${counted(lines, "line of output was", "lines of output were")} dropped`, { stream: "stdout" }),
    });
    transport.onOutput((line) => output.receive(line));
    this.#emissions = new Emissions({
      ...options,
      acknowledge: (last) => transport.post({ e: "ack", last }),
      cutOff: (reason) => this.#cutOff(reason),
    });
    this.#backlog = new MessageBacklog({
      slices,
      take: (message) => this.#take(message),
      dropped: (lines) => log.warn(`${counted(lines, "log line was", "log lines were")} dropped: the desk was busy`),
      end: (reason) => this.#cutOff(reason),
    });
    transport.onMessage((message) => this.#receive(message));
    let resolveExited: () => void = () => undefined;
    this.#exited = new Promise((resolve) => (resolveExited = resolve));
    this.ended = new Promise((resolve) => {
      transport.onExit((reason) => {
        resolveExited();
        endWatch();
        void this.#backlog
          .empty()
          .then(() => this.#emissions.stored)
          .then(() => resolve(this.#end(reason)));
      });
    });
    this.#onResponse = wrapAdapter(this.#methods, transport);
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** Heap size of the worker at its last ping reply, MB; undefined before the first reply. */
  get heapMb(): number | undefined {
    return this.#heapMb;
  }

  /** Why the host ended the worker, if it did. */
  get cutOffReason(): string | undefined {
    return this.#cutOffReason;
  }

  /**
   * Sends the bundle and the secrets, and waits for the handshake. @throws ADAPTER_SHAPE, ADAPTER_THREW, SDK_MISMATCH,
   * CALL_TIMEOUT.
   */
  async start(start: Omit<StartMessage, "e" | "protocol">): Promise<Handshake> {
    const { transport, clock } = this.#options;
    const handshake = new Promise<Handshake>((resolve, reject) => {
      this.#handshake = { resolve, reject };
      this.#pending.add(reject);
    });
    const cancel = clock.after(HANDSHAKE_MS, () => this.#handshake?.reject(this.#timedOut("start", HANDSHAKE_MS)));
    transport.post({ e: "start", protocol: PROTOCOL, ...start } satisfies StartMessage);
    const cancelPing = clock.after(PING_AFTER_MS, () => this.#sendPing());
    try {
      const result = await handshake;
      this.#pingRegularly();
      return result;
    } finally {
      for (const stop of [cancel, cancelPing]) stop();
      if (this.#handshake !== undefined) this.#pending.delete(this.#handshake.reject);
      this.#handshake = undefined;
    }
  }

  /**
   * An error of the adapter is an envelope that is not ok. @throws CALL_TIMEOUT, CALL_DIED, NOT_SUPPORTED, PROTOCOL.
   */
  request(method: Method, args: readonly unknown[]): Promise<Envelope> {
    const { name, clock, secretMask } = this.#options;
    const ms = callTimeout(method);
    if (this.#exitReason !== undefined) return Promise.reject(this.#diedDuring(method));
    if (this.#pending.size >= LIMITS.pendingCalls) {
      const reason = `: ${LIMITS.pendingCalls} calls are already waiting`;
      return Promise.reject(new QocError("CONNECTOR_NOT_READY", { connector: name, state: "busy", reason }));
    }
    const remoteMethod = this.#methods.get(method);
    if (remoteMethod === undefined) return Promise.reject(new QocError("NOT_SUPPORTED", { connector: name, method }));
    return new Promise<Envelope>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        cancelTimeout();
        cancelPing();
        this.#pending.delete(fail);
        finish();
      };
      const fail = (error: QocError): void => settle(() => reject(error));
      const cancelTimeout = clock.after(ms, () => fail(this.#timedOut(method, ms)));
      const cancelPing = clock.after(Math.min(PING_AFTER_MS, ms), () => this.#sendPing());
      this.#pending.add(fail);
      this.#validator.expectResponse();
      remoteMethod(...args.map((arg) => secretMask.unmask(arg))).then(
        (value) =>
          settle(() => {
            const response = this.#parseEnvelope(method, value, args[0]);
            if (response instanceof QocError) reject(response);
            else resolve(response);
          }),
        (error: unknown) =>
          fail(new QocError("PROTOCOL", { connector: name, what: "response", message: String(error) })),
      );
    });
  }

  /** A thread that answers no ping is busy: it does not wait for the venue. */
  #timedOut(method: Method | "start", ms: number): QocError {
    const { clock, name: connector } = this.#options;
    const isBusy = this.#lastPingReply < this.#lastPing && clock.monotonic() - this.#unansweredSince >= BUSY_AFTER_MS;
    const when = method === "start" ? "the file was loaded" : `${method} ran`;
    const cause = isBusy ? `: its thread was busy while ${when}; look for an endless loop` : "";
    return new QocError("CALL_TIMEOUT", { connector, method, ms, cause });
  }

  /** Ends the worker and waits for its last fills. Returns false if its thread or process does not exit in time. */
  async stop(): Promise<boolean> {
    const { clock, transport } = this.#options;
    void transport.kill();
    if (!(await resolvesWithin(clock, EXIT_TIMEOUT_MS, this.#exited))) return false;
    await resolvesWithin(clock, LAST_FILLS_MS, this.ended);
    return true;
  }

  #parseEnvelope(method: Method, value: unknown, symbol: unknown): Envelope | QocError {
    const { name, cleanText, secretMask, log } = this.#options;
    const parsed = isSuccess(value) ? { success: true as const, data: value } : envelopeSchema.safeParse(value);
    if (!parsed.success)
      return new QocError("PROTOCOL", {
        connector: name,
        what: `result of ${method}`,
        message: "it is not a valid envelope",
      });
    const response = parsed.data;
    const isNew = this.#failures.isNew(method, symbol, response.ok ? undefined : response.message);
    if (response.ok) return { ...response, value: secretMask.mask(response.value) };
    const [message, stack] = [cleanText(response.message), response.stack && cleanText(response.stack)];
    if (response.kind === "error" && method !== "connect" && isNew) log.warn(`${method} failed: ${message}`, { stack });
    return { ...response, message, stack };
  }

  #pingRegularly(): void {
    if (this.#exitReason !== undefined || this.#cutOffReason !== undefined) return;
    this.#sendPing();
    this.#options.clock.after(PING_EVERY_MS, () => this.#pingRegularly());
  }

  /** The worker replies while its adapter awaits something, but not while the adapter's code keeps the thread busy. */
  #sendPing(): void {
    const { transport, clock, onResponsiveChange } = this.#options;
    if (this.#exitReason !== undefined) return;
    if (this.#lastPingReply === this.#lastPing) this.#unansweredSince = clock.monotonic();
    this.#lastPing += 1;
    const id = this.#lastPing;
    transport.post({ e: "ping", id });
    clock.after(PING_TIMEOUT_MS, () => {
      if (this.#lastPingReply < id && this.#exitReason === undefined) onResponsiveChange(false);
    });
  }

  #receive(message: unknown): void {
    const refusal = this.#validator.measure(message);
    if (refusal === undefined) return this.#backlog.receive(message);
    this.#options.transport.mute();
    this.#backlog.end(refusal);
  }

  /** A message that makes the host throw ends its worker, not the desk. */
  #take(message: unknown): void {
    if (this.#cutOffReason !== undefined) return;
    try {
      const checked = this.#validator.check(message);
      if (checked.kind === "event") this.#handleEvent(checked.event);
      else if (checked.kind === "response") this.#onResponse(checked.response);
      else this.#cutOff(checked.reason);
    } catch (error) {
      this.#cutOff(`a message could not be processed: ${messageOf(error)}`);
    }
  }

  #handleEvent(event: WorkerEvent): void {
    const { log, cleanText, onResponsiveChange, onLink } = this.#options;
    switch (event.e) {
      case "handshake":
      case "failed":
        this.#completeHandshake(event);
        return;
      case "fills":
      case "reports":
      case "activities":
        this.#emissions.receive(event);
        return;
      case "quotes":
        this.#emissions.receiveQuotes(event);
        return;
      case "link":
        onLink(event.isUp, event.reason === undefined ? undefined : cleanText(event.reason));
        return;
      case "log":
        log[event.level](cleanText(event.message), event.fields && cleanStacks(event.fields, cleanText));
        return;
      case "ping-reply":
        this.#lastPingReply = Math.max(this.#lastPingReply, event.id);
        this.#unansweredSince = this.#options.clock.monotonic();
        this.#heapMb = event.heapMb;
        onResponsiveChange(true);
        return;
      case "request":
        this.#handleRequest(event);
    }
  }

  #handleRequest({ id, operation, key, value }: Extract<WorkerEvent, { e: "request" }>): void {
    const { transport, requestHandler } = this.#options;
    this.#pendingRequests += 1;
    if (this.#pendingRequests > LIMITS.pendingRequests) {
      this.#cutOff(`more than ${LIMITS.pendingRequests} concurrent requests`);
      return;
    }
    const respond = (ok: boolean, result: unknown): void => {
      this.#pendingRequests -= 1;
      transport.post({ e: "response", id, ok, value: result });
    };
    requestHandler.handle({ operation, key, value }).then(
      (result) => respond(true, result),
      (error: unknown) => respond(false, messageOf(error)),
    );
  }

  #completeHandshake(event: Extract<WorkerEvent, { e: "handshake" | "failed" }>): void {
    const { name: connector, cleanText } = this.#options;
    if (event.e === "failed") {
      const code = event.kind === "shape" ? "ADAPTER_SHAPE" : "ADAPTER_THREW";
      const message = cleanText(event.kind === "shape" ? event.message : (event.stack ?? event.message));
      this.#handshake?.reject(new QocError(code, { connector, message }));
    } else if (event.protocol !== PROTOCOL) {
      const message = `it uses protocol version ${event.protocol}, this desk uses version ${PROTOCOL}`;
      this.#handshake?.reject(new QocError("PROTOCOL", { connector, what: "handshake", message }));
    } else if (event.sdk !== SDK_VERSION) {
      this.#handshake?.reject(new QocError("SDK_MISMATCH", { connector, theirs: event.sdk, ours: SDK_VERSION }));
    } else {
      const { methods, otherMethods, notStatic } = event;
      const capabilities = event.capabilities as Capabilities;
      this.#handshake?.resolve({ methods, capabilities, otherMethods, notStatic });
    }
  }

  /** Ends the worker for a violation of the protocol or of a limit. Its further messages are ignored. */
  #cutOff(reason: string): void {
    if (this.#cutOffReason !== undefined) return;
    this.#cutOffReason = this.#options.cleanText(reason);
    this.#options.transport.mute();
    this.#backlog.clear();
    this.#options.log.error(`cut off: ${this.#cutOffReason}`);
    void this.#options.transport.kill();
  }

  #end(reason: string): string {
    this.#exitReason = this.#cutOffReason ?? this.#options.cleanText(reason);
    for (const fail of [...this.#pending]) fail(this.#diedDuring("a call"));
    // Comlink keeps its proxies in a registry: without them, an ended session can be collected.
    this.#methods.clear();
    return this.#exitReason;
  }

  #diedDuring(method: string): QocError {
    const reason = (this.#exitReason ?? "").split("\n")[0] ?? "";
    return new QocError("CALL_DIED", { connector: this.#options.name, method, reason });
  }
}

/** What most calls answer. */
function isSuccess(value: unknown): value is Extract<Envelope, { readonly ok: true }> {
  if (typeof value !== "object" || value === null || (value as { readonly ok?: unknown }).ok !== true) return false;
  return Object.keys(value).every((name) => name === "ok" || name === "value");
}
