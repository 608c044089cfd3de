/** `ctx`, made inside the worker: secrets, logger, fills, options, store and bars, all over the one port. */
import { getHeapStatistics } from "node:v8";
import type { Bar, ConnectorContext, Fill } from "../src/domain/sdk.ts";
import { sizeWithin } from "../src/protocol/payload-size.ts";
import { type HostMessage, LIMITS, type StartMessage } from "../src/protocol/messages.ts";

export interface Port {
  post(message: unknown): void;
}

export interface Context {
  readonly ctx: ConnectorContext;
  /** Posts what is emitted and may be sent; called before each answer, so that a fill precedes the ack it came before. */
  flush(): void;
  /** The life ends: everything emitted is posted, whatever the window. */
  drain(): void;
  take(message: HostMessage): void;
  log(level: "debug" | "info" | "warn" | "error", message: string, fields?: Record<string, unknown>): void;
}

/** `hide` takes secrets out of a text. */
export function openContext(port: Port, start: StartMessage, hide: (text: string) => string): Context {
  const fills = new FillQueue(port);
  const asks = new Asks(port);
  const log: Context["log"] = (level, message, fields) => {
    port.post({
      e: "log",
      level,
      message: hide(String(message)).slice(0, LIMITS.logChars),
      ...(fields === undefined ? {} : { fields: logFields(fields) }),
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
      get: (key) => asks.ask("get", key),
      put: async (key, value) =>
        void (await asks.ask("put", key, within(value, VALUE_CHARS_MAX, "a value to keep").value)),
    },
    bars: async (symbol) => (await asks.ask("bars", symbol)) as Bar[],
  };
  return {
    ctx: Object.freeze(ctx),
    log,
    flush: () => fills.flush(),
    drain: () => fills.drain(),
    take: (message) => {
      if (message.e === "ack") fills.acknowledged(message.n);
      else if (message.e === "ping") port.post({ e: "pong", n: message.n, heapMb: heapMb() });
      else asks.answered(message);
    },
  };
}

function heapMb(): number {
  return Math.round(getHeapStatistics().used_heap_size / 104_857.6) / 10;
}

function isDeeper(value: unknown, levels: number): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    (levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1)))
  );
}

/** What the host would refuse, and its life with it, fails here instead, with its author's stack: JSON data of some size only. */
function within(value: unknown, most: number, what: string): { readonly value: unknown; readonly chars: number } {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return { value: undefined, chars: 0 };
  const copy = JSON.parse(text) as unknown;
  if (isDeeper(copy, LEVELS_MAX)) throw new Error(`${what} that is nested more than ${LEVELS_MAX} deep`);
  // By the host's own measure, in which each place of a list counts as well.
  const chars = sizeWithin(copy, Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER;
  if (chars > most) throw new Error(`${what} of ${chars} characters; ${most} at most`);
  return { value: copy, chars };
}
const LEVELS_MAX = 30;

/** A log line is worth no error: fields that are too many are left out, and it is said. */
function logFields(fields: Record<string, unknown>): unknown {
  try {
    return within(fields, LIMITS.eventChars / 2, "fields").value;
  } catch (error) {
    return { leftOut: String(error) };
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}

/** Of one fill, and of all in one message. */
const FILLS_CHARS_MAX = LIMITS.fillsChars / 2;
/** The store holds 1 MiB in all. */
const VALUE_CHARS_MAX = 1_100_000;
const KEY_CHARS_MAX = 1_000;

/** Numbers each fill, sends batches within the window, and holds the rest until the host has them on disk. */
class FillQueue {
  readonly #port: Port;
  #waiting: { readonly value: unknown; readonly chars: number }[] = [];
  #sent = 0;
  #acknowledged = 0;
  #scheduled = false;

  constructor(port: Port) {
    this.#port = port;
  }

  add(fill: Fill): void {
    if (this.#waiting.length >= LIMITS.fillQueue)
      throw new Error(`${LIMITS.fillQueue} fills wait to be taken; slow down`);
    this.#waiting.push(within(fill, FILLS_CHARS_MAX, "a fill"));
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  flush(): void {
    while (this.#waiting.length > 0 && this.#sent - this.#acknowledged < LIMITS.fillWindow) {
      const room = Math.min(LIMITS.fillsPerBatch, LIMITS.fillWindow - (this.#sent - this.#acknowledged));
      const fills = this.#waiting.splice(0, this.#fitting(room)).map(({ value }) => value);
      this.#port.post({ e: "fills", from: this.#sent + 1, fills });
      this.#sent += fills.length;
    }
  }

  /** How many of those that wait go into one message: one at least. */
  #fitting(room: number): number {
    let chars = 0;
    const over = this.#waiting.slice(0, room).findIndex((fill) => (chars += fill.chars) > FILLS_CHARS_MAX);
    return over === -1 ? room : Math.max(1, over);
  }

  /** At the end of a life the window no longer matters: whatever was emitted is posted. */
  drain(): void {
    this.#acknowledged = this.#sent;
    while (this.#waiting.length > 0) {
      this.flush();
      this.#acknowledged = this.#sent;
    }
  }

  acknowledged(n: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, n);
    this.flush();
  }
}

interface Question {
  readonly message: object;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Questions to the host, each answered once; a few are open at a time, and the rest wait their turn. */
class Asks {
  readonly #port: Port;
  readonly #open = new Map<number, Question>();
  readonly #waiting: [number, Question][] = [];
  #n = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  ask(what: "get" | "put" | "bars", name: string, value?: unknown): Promise<unknown> {
    const key = String(name);
    if (key.length > KEY_CHARS_MAX)
      return Promise.reject(new Error(`a key of ${key.length} characters; ${KEY_CHARS_MAX} at most`));
    if (this.#waiting.length >= LIMITS.askQueue)
      return Promise.reject(new Error(`${LIMITS.askQueue} questions wait already; slow down`));
    this.#n += 1;
    const n = this.#n;
    const message = { e: "ask", n, what, key, ...(value === undefined ? {} : { value }) };
    return new Promise((resolve, reject) => {
      this.#waiting.push([n, { message, resolve, reject }]);
      this.#next();
    });
  }

  answered({ n, ok, value }: Extract<HostMessage, { e: "answer" }>): void {
    const question = this.#open.get(n);
    this.#open.delete(n);
    if (ok) question?.resolve(value);
    else question?.reject(new Error(String(value)));
    this.#next();
  }

  #next(): void {
    while (this.#open.size < LIMITS.openAsks) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const [n, question] = next;
      this.#open.set(n, question);
      this.#port.post(question.message);
    }
  }
}
