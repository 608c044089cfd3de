/** Creates `ctx` inside the worker. Fills, logs and requests to the host go as messages over the one port. */
import { getHeapStatistics } from "node:v8";
import type { Bar, ConnectorContext, Fill } from "../src/domain/sdk.ts";
import { deepFreeze } from "../src/lib/deep-freeze.ts";
import { LIMITS } from "../src/protocol/limits.ts";
import type { AdapterRequest, HostMessage, StartMessage } from "../src/protocol/messages.ts";
import { payloadSize } from "../src/protocol/payload-size.ts";

export interface Port {
  post(message: unknown): void;
}

export interface ContextHandle {
  readonly ctx: ConnectorContext;
  /**
   * Sends emitted fills, within the window. Called before each method's result, so that a fill arrives before its ack.
   */
  flush(): void;
  /** Sends all emitted fills, regardless of the window. Called before the worker ends. */
  sendAll(): void;
  handle(message: HostMessage): void;
  log(level: "debug" | "info" | "warn" | "error", message: string, fields?: Record<string, unknown>): void;
}

/** Limit for one fill, and for all fills of one message. */
const FILLS_CHARS_MAX = LIMITS.fillsChars / 2;
/** The whole store holds 1 MiB. */
const VALUE_CHARS_MAX = 1_100_000;
const KEY_CHARS_MAX = 1_000;
const DEPTH_MAX = 30;

/** `redact` removes secrets from a text. */
export function createAdapterContext(port: Port, start: StartMessage, redact: (text: string) => string): ContextHandle {
  const fills = new FillQueue(port);
  const requests = new RequestQueue(port);
  const log: ContextHandle["log"] = (level, message, fields) => {
    port.post({
      e: "log",
      level,
      message: redact(String(message)).slice(0, LIMITS.logChars),
      fields: fields === undefined ? undefined : logFields(fields),
    });
  };
  const secrets = new Map(Object.entries(start.secrets));
  const ctx: ConnectorContext = {
    secret: (name) => {
      const value = secrets.get(name);
      if (value === undefined)
        throw new Error(
          `no secret ${JSON.stringify(name)}; [connector.auth] of ${start.name} has ${[...secrets.keys()].join(", ") || "none"}`,
        );
      return value;
    },
    logger: {
      info: (message, fields) => log("info", message, fields),
      warn: (message, fields) => log("warn", message, fields),
      error: (message, fields) => log("error", message, fields),
    },
    emitFill: (fill) => fills.add(fill),
    options: deepFreeze(structuredClone(start.options)),
    store: {
      get: (key) => requests.send("get", key),
      put: async (key, value) =>
        void (await requests.send("put", key, copyWithin(value, VALUE_CHARS_MAX, "store value").value)),
    },
    bars: async (symbol) => (await requests.send("bars", symbol)) as Bar[],
  };
  return {
    ctx: Object.freeze(ctx),
    log,
    flush: () => fills.flush(),
    sendAll: () => fills.sendAll(),
    handle: (message) => {
      if (message.e === "ack") fills.acknowledge(message.lastFill);
      else if (message.e === "ping") port.post({ e: "ping-reply", id: message.id, heapMb: heapMb() });
      else requests.settle(message);
    },
  };
}

function heapMb(): number {
  return Math.round(getHeapStatistics().used_heap_size / 104_857.6) / 10;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    (levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1)))
  );
}

/**
 * Returns a JSON copy of the value and its size. The host would end the worker for a message over its limits; this
 * throws earlier, with a stack that shows the author's line.
 */
function copyWithin(
  value: unknown,
  charsMax: number,
  label: string,
): { readonly value: unknown; readonly chars: number } {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) return { value: undefined, chars: 0 };
  const copy = JSON.parse(json) as unknown;
  if (isDeeperThan(copy, DEPTH_MAX))
    throw new Error(`${label} is nested too deeply: at most ${DEPTH_MAX} levels are allowed; flatten it`);
  // The host's own measure, which also counts each element of a list.
  const chars = payloadSize(copy, Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER;
  if (chars > charsMax)
    throw new Error(`${label} is too large: ${chars} characters, at most ${charsMax} are allowed; make it smaller`);
  return { value: copy, chars };
}

/** What JSON would drop or refuse: errors, big integers, maps and sets. */
function plainField(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error)
    return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
  if (value instanceof Map)
    return Object.fromEntries([...(value as Map<unknown, unknown>)].map(([key, member]) => [String(key), member]));
  return value instanceof Set ? [...(value as Set<unknown>)] : value;
}

/** A log line must not fail: fields over the limit are replaced by a note. */
function logFields(fields: Record<string, unknown>): unknown {
  try {
    const plain = JSON.parse(JSON.stringify(fields, plainField)) as unknown;
    return copyWithin(plain, LIMITS.eventChars / 2, "log fields object").value;
  } catch (error) {
    return { leftOut: String(error) };
  }
}

/**
 * Numbers fills, sends them in batches within the window, and queues the others until the host has stored those sent.
 */
class FillQueue {
  readonly #port: Port;
  #queue: { readonly value: unknown; readonly chars: number }[] = [];
  #sent = 0;
  #acknowledged = 0;
  #isFlushScheduled = false;

  constructor(port: Port) {
    this.#port = port;
  }

  add(fill: Fill): void {
    if (this.#queue.length >= LIMITS.fillQueue)
      throw new Error(
        `${LIMITS.fillQueue} fills are queued and not yet stored by the desk: emit the next fills more slowly`,
      );
    this.#queue.push(copyWithin(fill, FILLS_CHARS_MAX, "fill"));
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => {
      this.#isFlushScheduled = false;
      this.flush();
    });
  }

  flush(): void {
    while (this.#queue.length > 0 && this.#sent - this.#acknowledged < LIMITS.fillWindow) {
      const countMax = Math.min(LIMITS.fillsPerBatch, LIMITS.fillWindow - (this.#sent - this.#acknowledged));
      const fills = this.#queue.splice(0, this.#batchSize(countMax)).map(({ value }) => value);
      this.#port.post({ e: "fills", firstFill: this.#sent + 1, fills });
      this.#sent += fills.length;
    }
  }

  /** Returns how many queued fills fit into one message: at least 1. */
  #batchSize(countMax: number): number {
    let chars = 0;
    const overflow = this.#queue.slice(0, countMax).findIndex((fill) => (chars += fill.chars) > FILLS_CHARS_MAX);
    return overflow === -1 ? countMax : Math.max(1, overflow);
  }

  sendAll(): void {
    this.#acknowledged = this.#sent;
    while (this.#queue.length > 0) {
      this.flush();
      this.#acknowledged = this.#sent;
    }
  }

  acknowledge(lastFill: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, lastFill);
    this.flush();
  }
}

interface PendingRequest {
  readonly message: { readonly id: number };
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Sends requests to the host, a limited number at a time; further requests wait in a queue. */
class RequestQueue {
  readonly #port: Port;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #queue: PendingRequest[] = [];
  #lastId = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  send(operation: AdapterRequest["operation"], rawKey: string, value?: unknown): Promise<unknown> {
    const key = String(rawKey);
    if (key.length > KEY_CHARS_MAX)
      return Promise.reject(
        new Error(`key is too long: ${key.length} characters, at most ${KEY_CHARS_MAX} are allowed; use a shorter key`),
      );
    if (this.#queue.length >= LIMITS.requestQueue)
      return Promise.reject(
        new Error(`${LIMITS.requestQueue} requests are queued: await earlier ctx.store and ctx.bars calls first`),
      );
    this.#lastId += 1;
    const message = { e: "request", id: this.#lastId, operation, key, value };
    return new Promise((resolve, reject) => {
      this.#queue.push({ message, resolve, reject });
      this.#sendNext();
    });
  }

  settle({ id, ok, value }: Extract<HostMessage, { e: "response" }>): void {
    const request = this.#pending.get(id);
    this.#pending.delete(id);
    if (ok) request?.resolve(value);
    else request?.reject(new Error(String(value)));
    this.#sendNext();
  }

  #sendNext(): void {
    while (this.#pending.size < LIMITS.pendingRequests) {
      const request = this.#queue.shift();
      if (request === undefined) return;
      this.#pending.set(request.message.id, request);
      this.#port.post(request.message);
    }
  }
}
