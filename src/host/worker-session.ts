/**
 * One life of a connector: from its worker's start to its end. Every call races its answer, its deadline and the worker's
 * death; the peer is hostile until zod has seen what it says.
 */
import {
  type Envelope,
  LIMITS,
  type Method,
  PROTOCOL,
  type StartMessage,
  type WorkerEvent,
} from "../protocol/messages.ts";
import { envelope } from "../protocol/schemas.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { type Capabilities, SDK_VERSION } from "../domain/sdk.ts";
import { type RemoteMethod, wrapAdapter } from "./rpc-client.ts";
import type { SecretMask } from "./secret-mask.ts";
import { type MessageValidator, createMessageValidator } from "./message-validator.ts";
import type { Transport } from "./transport.ts";

export interface WorkerSessionOptions {
  readonly name: string;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  /** Maps places in the bundle back to the author's lines, and takes secrets out. */
  readonly clean: (text: string) => string;
  /** Takes secrets out of plain data, and knows ids by what stands for them. */
  readonly cover: SecretMask;
  /** Fills in order; resolves when they are on disk. `from` is the number of the first. */
  readonly onFills: (fills: readonly unknown[]) => Promise<void>;
  readonly onAsk: (what: "get" | "put" | "bars", key: string, value: unknown) => Promise<unknown>;
  /** No word for three seconds while a call waits, or a word again. */
  readonly onResponsive: (isResponsive: boolean) => void;
}

export interface WorkerHello {
  readonly methods: readonly Method[];
  readonly capabilities: Capabilities;
}

const HANDSHAKE_MS = 10_000;
const PING_AFTER_MS = 1_000;
/** Asked even while nothing is called: one that spins by itself is found as well. */
const PING_EVERY_MS = 5_000;
const PONG_WITHIN_MS = 2_000;
const KILL_MS = 5_000;
const OUTPUT_CHARS_MAX = 4_000;

export class WorkerSession {
  readonly #options: WorkerSessionOptions;
  readonly #gate: MessageValidator;
  readonly #callers = new Map<Method, RemoteMethod>();
  readonly #pending = new Set<(error: QocError) => void>();
  readonly #listener: (answer: unknown) => void;
  #hello: { resolve(hello: WorkerHello): void; reject(error: QocError): void } | undefined;
  #death: string | undefined;
  #refusal: string | undefined;
  #fillsDone: Promise<void> = Promise.resolve();
  #ping = 0;
  #lastPong = 0;
  #heapMb: number | undefined;
  #lastFill = 0;
  #openAsks = 0;
  /** Its thread or process is gone; what it posted last may still be under way to the disk. */
  readonly #exited: Promise<void>;
  /** Resolves with why, once everything the worker had posted was taken. */
  readonly ended: Promise<string>;

  constructor(options: WorkerSessionOptions) {
    this.#options = options;
    this.#gate = createMessageValidator(options.clock, options.cover.redact);
    const { transport, log } = options;
    const gate = this.#gate;
    transport.onOutput((line) => log.info(options.clean(line).slice(0, OUTPUT_CHARS_MAX), { stream: "stdout" }));
    transport.onMessage((message) => {
      try {
        const admitted = gate.check(message);
        if ("event" in admitted) this.#take(admitted.event);
        else if ("answer" in admitted) this.#listener(admitted.answer);
        else this.#refuse(admitted.refused);
      } catch (error) {
        // A message that makes the host stumble ends its sender and not the desk.
        this.#refuse(`a message that could not be taken: ${messageOf(error)}`);
      }
    });
    let gone: () => void = () => undefined;
    this.#exited = new Promise((resolve) => (gone = resolve));
    this.ended = new Promise((resolve) => {
      transport.onExit((reason) => {
        gone();
        void this.#fillsDone.then(() => resolve(this.#die(reason)));
      });
    });
    this.#listener = wrapAdapter(this.#callers, transport);
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** What its heap held when it last answered; undefined before that. */
  get heapMb(): number | undefined {
    return this.#heapMb;
  }

  /** Why it was cut off by the host, where it was. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** Hands over the bundle and the secrets, and waits for the handshake. @throws ADAPTER_SHAPE, ADAPTER_THREW, SDK_MISMATCH, CALL_TIMEOUT. */
  async begin(start: Omit<StartMessage, "e" | "protocol">): Promise<WorkerHello> {
    const { name, transport, clock } = this.#options;
    const hello = new Promise<WorkerHello>((resolve, reject) => {
      this.#hello = { resolve, reject };
      this.#pending.add(reject);
    });
    const cancel = clock.after(HANDSHAKE_MS, () =>
      this.#hello?.reject(new QocError("CALL_TIMEOUT", { connector: name, method: "start", ms: HANDSHAKE_MS })),
    );
    transport.post({ e: "start", protocol: PROTOCOL, ...start } satisfies StartMessage);
    try {
      const answer = await hello;
      this.#beat();
      return answer;
    } finally {
      cancel();
      if (this.#hello !== undefined) this.#pending.delete(this.#hello.reject);
      this.#hello = undefined;
    }
  }

  /** @throws CALL_TIMEOUT, CALL_DIED, NOT_SUPPORTED, PROTOCOL. A failure inside the adapter is an envelope that is not ok. */
  call(method: Method, args: readonly unknown[], ms: number): Promise<Envelope> {
    const { name, clock, cover } = this.#options;
    if (this.#death !== undefined) return Promise.reject(this.#diedDuring(method));
    if (this.#pending.size >= LIMITS.pendingCalls) {
      return Promise.reject(
        new QocError("CONNECTOR_NOT_READY", {
          connector: name,
          state: "busy",
          reason: `: ${LIMITS.pendingCalls} calls wait already`,
        }),
      );
    }
    const caller = this.#callers.get(method);
    if (caller === undefined) return Promise.reject(new QocError("NOT_SUPPORTED", { connector: name, method }));
    return new Promise<Envelope>((resolve, reject) => {
      const settle = (finish: () => void): void => {
        cancelDeadline();
        cancelProbe();
        this.#pending.delete(die);
        finish();
      };
      const die = (error: QocError): void => settle(() => reject(error));
      const cancelDeadline = clock.after(ms, () => die(new QocError("CALL_TIMEOUT", { connector: name, method, ms })));
      const cancelProbe = clock.after(Math.min(PING_AFTER_MS, ms), () => this.#probe());
      this.#pending.add(die);
      this.#gate.called();
      caller(...args.map((arg) => cover.reveal(arg))).then(
        (value) => settle(() => this.#settle(method, value, resolve, reject)),
        (error: unknown) => die(new QocError("PROTOCOL", { connector: name, what: "answer", message: String(error) })),
      );
    });
  }

  /** Ends it, and waits a while for its last fills to be on disk. Answers false where its thread cannot be ended in time. */
  async stop(): Promise<boolean> {
    const { transport } = this.#options;
    void transport.kill();
    if (!(await this.#within(KILL_MS, this.#exited))) return false;
    await this.#within(KILL_MS, this.ended);
    return true;
  }

  #within(ms: number, done: Promise<unknown>): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, () => resolve(false));
      void done.then(() => {
        cancel();
        resolve(true);
      });
    });
  }

  #settle(
    method: Method,
    value: unknown,
    resolve: (answer: Envelope) => void,
    reject: (error: QocError) => void,
  ): void {
    const parsed = envelope.safeParse(value);
    if (!parsed.success) {
      reject(
        new QocError("PROTOCOL", {
          connector: this.#options.name,
          what: `answer of ${method}`,
          message: "it is no envelope",
        }),
      );
      return;
    }
    const answer = parsed.data;
    const { clean, cover } = this.#options;
    const stack = answer.ok || answer.stack === undefined ? {} : { stack: clean(answer.stack) };
    resolve(
      answer.ok
        ? { ...answer, value: cover.hide(answer.value) }
        : { ...answer, message: clean(answer.message), ...stack },
    );
  }

  #beat(): void {
    if (this.#death !== undefined || this.#refusal !== undefined) return;
    this.#probe();
    this.#options.clock.after(PING_EVERY_MS, () => this.#beat());
  }

  /** The worker's thread answers even while its adapter awaits; one that spins does not. */
  #probe(): void {
    const { transport, clock, onResponsive } = this.#options;
    if (this.#death !== undefined) return;
    this.#ping += 1;
    const n = this.#ping;
    transport.post({ e: "ping", n });
    clock.after(PONG_WITHIN_MS, () => {
      if (this.#lastPong < n && this.#death === undefined) onResponsive(false);
    });
  }

  #take(event: WorkerEvent): void {
    const { log, clean, onResponsive } = this.#options;
    switch (event.e) {
      case "hello":
      case "failed":
        this.#greet(event);
        return;
      case "fills":
        this.#takeFills(event);
        return;
      case "log":
        log[event.level](clean(event.message), event.fields);
        return;
      case "pong":
        this.#lastPong = Math.max(this.#lastPong, event.n);
        this.#heapMb = event.heapMb;
        onResponsive(true);
        return;
      case "ask":
        this.#answer(event);
    }
  }

  /** Numbered without a gap, kept in order, and acknowledged once they are on disk. */
  #takeFills(event: Extract<WorkerEvent, { e: "fills" }>): void {
    const { transport, onFills, cover } = this.#options;
    const last = this.#lastFill + event.fills.length;
    if (event.from !== this.#lastFill + 1) {
      this.#refuse(`fill ${event.from} came after fill ${this.#lastFill}`);
      return;
    }
    this.#lastFill = last;
    // Handed over at once, so that what comes in one breath shares one flush; acknowledged in order. A batch that could not
    // be kept is not acknowledged: this life ends, and the venue is asked again by the next.
    const kept = onFills(event.fills.map((fill) => cover.hide(fill)));
    kept.catch(() => undefined);
    this.#fillsDone = this.#fillsDone
      .then(() => kept)
      .then(() => transport.post({ e: "ack", n: last }))
      .catch((error: unknown) => this.#refuse(messageOf(error)));
  }

  #answer(event: Extract<WorkerEvent, { e: "ask" }>): void {
    const { transport, onAsk } = this.#options;
    this.#openAsks += 1;
    if (this.#openAsks > LIMITS.openAsks) {
      this.#refuse(`more than ${LIMITS.openAsks} questions at once`);
      return;
    }
    const reply = (ok: boolean, value: unknown): void => {
      this.#openAsks -= 1;
      transport.post({ e: "answer", n: event.n, ok, value });
    };
    onAsk(event.what, event.key, event.value).then(
      (value) => reply(true, value),
      (error: unknown) => reply(false, messageOf(error)),
    );
  }

  #greet(event: Extract<WorkerEvent, { e: "hello" | "failed" }>): void {
    const { name: connector, clean } = this.#options;
    if (event.e === "failed") {
      const message = clean(event.kind === "shape" ? event.message : (event.stack ?? event.message));
      this.#hello?.reject(
        new QocError(event.kind === "shape" ? "ADAPTER_SHAPE" : "ADAPTER_THREW", { connector, message }),
      );
    } else if (event.protocol !== PROTOCOL) {
      const message = `it speaks wire ${event.protocol}, this desk ${PROTOCOL}`;
      this.#hello?.reject(new QocError("PROTOCOL", { connector, what: "hello", message }));
    } else if (event.sdk !== SDK_VERSION) {
      this.#hello?.reject(new QocError("SDK_MISMATCH", { connector, theirs: event.sdk, ours: SDK_VERSION }));
    } else this.#hello?.resolve({ methods: event.methods, capabilities: event.capabilities as Capabilities });
  }

  /** Cuts it off: nothing more is heard from this peer. */
  #refuse(why: string): void {
    if (this.#refusal !== undefined) return;
    this.#refusal = this.#options.clean(why);
    this.#options.transport.mute();
    this.#options.log.error(`cut off: ${this.#refusal}`);
    void this.#options.transport.kill();
  }

  #die(reason: string): string {
    this.#death = this.#refusal ?? this.#options.clean(reason);
    for (const die of [...this.#pending]) die(this.#diedDuring("a call"));
    // Comlink remembers what it handed out: a life that is over must not be held by that.
    this.#callers.clear();
    return this.#death;
  }

  #diedDuring(method: string): QocError {
    return new QocError("CALL_DIED", {
      connector: this.#options.name,
      method,
      reason: (this.#death ?? "").split("\n")[0] ?? "",
    });
  }
}
