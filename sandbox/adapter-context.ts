/** Creates `ctx` inside the worker. What it emits, logs and requests goes as messages over the one port. */
import { authorFrames } from "../src/lib/author-frames.ts";
import { getHeapStatistics } from "node:v8";
import type { Bar, ConnectorContext, Instrument, Quote } from "../src/domain/sdk.ts";
import { deepFreeze } from "../src/lib/deep-freeze.ts";
import { LIMITS } from "../src/protocol/limits.ts";
import type { AdapterRequest, HostMessage, StartMessage } from "../src/protocol/messages.ts";
import { copyWithin } from "./copy-within.ts";
import { EmissionQueue } from "./emission-queue.ts";
import type { Port } from "./port.ts";
import { assertStorable } from "./plain-json.ts";
import { QuoteBuffer } from "./quote-buffer.ts";

export interface ContextHandle {
  readonly ctx: ConnectorContext;
  /**
   * Sends what was emitted, within the window. Called before each method's result, so that a fill arrives before its
   * ack.
   */
  flush(): void;
  /** Sends all emitted fills, reports and activities, regardless of the window. Called before the worker ends. */
  sendAll(): void;
  handle(message: HostMessage): void;
  log(level: "debug" | "info" | "warn" | "error", message: string, fields?: Record<string, unknown>): void;
}

/** The whole store holds 1 MiB. */
const VALUE_CHARS_MAX = 1_100_000;
const KEY_CHARS_MAX = 1_000;
const LINK_REASON_CHARS_MAX = 200;
const FIELDS_MAX = 100;
const NOTE_CHARS_MAX = 200;

/** `redact` removes secrets from a text. */
export function createAdapterContext(port: Port, start: StartMessage, redact: (text: string) => string): ContextHandle {
  const emissions = new EmissionQueue(port);
  const quotes = new QuoteBuffer(port);
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
    emitFill: (fill) => emissions.add("fills", fill),
    emitReport: (report) => emissions.add("reports", report),
    emitActivity: (activity) => emissions.add("activities", activity),
    emitQuote: (quote) => quotes.add(quote),
    link: (isUp, reason) => {
      emissions.flush();
      const text = reason === undefined ? undefined : redact(String(reason)).slice(0, LINK_REASON_CHARS_MAX);
      port.post({ e: "link", isUp: isUp === true, reason: text });
    },
    options: deepFreeze(structuredClone(start.options)),
    store: {
      get: (key) => requests.send("get", key),
      put: async (key, value) => {
        const copy = copyWithin(value, VALUE_CHARS_MAX, "store value").value;
        assertStorable(value);
        await requests.send("put", key, copy);
      },
    },
    bars: async (symbol) => (await requests.send("bars", symbol)) as Bar[],
    source: Object.freeze({
      quote: async (symbol: string) => (await requests.send("quote", symbol)) as Quote,
      instrument: async (symbol: string) =>
        (await requests.send("instrument", symbol)) as Instrument | null | undefined,
    }),
  };
  return {
    ctx: Object.freeze(ctx),
    log,
    flush: () => emissions.flush(),
    sendAll: () => emissions.sendAll(),
    handle: (message) => {
      if (message.e === "ack") emissions.acknowledge(message.last);
      else if (message.e === "ping") port.post({ e: "ping-reply", id: message.id, heapMb: heapMb() });
      else requests.settle(message);
    },
  };
}

function heapMb(): number {
  return Math.round(getHeapStatistics().used_heap_size / 104_857.6) / 10;
}

/** What JSON would drop or refuse: errors, big integers, maps and sets. */
function plainField(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error)
    return { name: value.name, message: value.message, stack: authorFrames(value.stack), cause: value.cause };
  if (value instanceof Map)
    return Object.fromEntries([...(value as Map<unknown, unknown>)].map(([key, member]) => [String(key), member]));
  return value instanceof Set ? [...(value as Set<unknown>)] : value;
}

/** Returns a replacer of JSON.stringify that makes values plain, and writes "[circular]" for one inside itself. */
function plainFields(): (this: unknown, name: string, value: unknown) => unknown {
  const around: { readonly value: unknown; readonly plain: unknown }[] = [];
  return function (_name, value) {
    while (around.length > 0 && around.at(-1)?.plain !== this) around.pop();
    if (around.some((outer) => outer.value === value)) return "[circular]";
    const plain = plainField(value);
    if (typeof plain === "object" && plain !== null) around.push({ value, plain });
    return plain;
  };
}

/** A log line must not fail: a field that cannot be written, or is over the limit, is replaced by a note. */
function logFields(fields: Record<string, unknown>): unknown {
  const plain = plainField(fields);
  const [entries, left] = [Object.keys(plain ?? {}), { chars: LIMITS.eventChars / 2 }];
  if (typeof plain !== "object" || entries.length > FIELDS_MAX) return { leftOut: `${entries.length} fields` };
  return Object.fromEntries(
    entries.map((name) => {
      try {
        const json = JSON.stringify((plain as Record<string, unknown>)[name], plainFields()) as string | undefined;
        const copy = copyWithin(json === undefined ? undefined : JSON.parse(json), left.chars, `log field ${name}`);
        left.chars -= copy.chars + name.length;
        return [name, copy.value];
      } catch (error) {
        return [name, `left out: ${String(error).slice(0, NOTE_CHARS_MAX)}`];
      }
    }),
  );
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
        new Error(
          `${LIMITS.requestQueue} requests are queued: await earlier calls of ctx.store, ctx.bars and ctx.source first`,
        ),
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
