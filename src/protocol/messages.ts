/**
 * The wire between the host and one connector's worker, shared by both sides. One ordered port: Comlink calls one way, and
 * events as plain data with the field `e`, which Comlink does not use. `shapes.ts` checks what comes over it.
 */
export const PROTOCOL = 1;

export const REQUIRED_METHODS = [
  "connect",
  "disconnect",
  "getQuote",
  "getPositions",
  "getBuyingPower",
  "placeOrder",
  "cancelOrder",
] as const;
export const OPTIONAL_METHODS = [
  "getOrder",
  "getOpenOrders",
  "getFills",
  "getAccount",
  "getInstrument",
  "getBars",
  "getFundamentals",
  "replaceOrder",
] as const;
export type Method = (typeof REQUIRED_METHODS)[number] | (typeof OPTIONAL_METHODS)[number];
export const METHODS: readonly Method[] = [...REQUIRED_METHODS, ...OPTIONAL_METHODS];

/** Built-ins that reach no file, process, thread or raw socket. The host's bundler refuses the others with file and line. */
export const ALLOWED_BUILTINS = [
  "assert",
  "buffer",
  "crypto",
  "events",
  "path",
  "path/posix",
  "punycode",
  "querystring",
  "stream",
  "stream/promises",
  "stream/web",
  "string_decoder",
  "timers",
  "timers/promises",
  "url",
  "util",
  "util/types",
  "zlib",
] as const;

/** Limits of the wire; each is tested at N and N+1. */
export const LIMITS = {
  /** Characters of one event, all its text together. */
  eventChars: 64 * 1024,
  /** Of one batch of fills. */
  fillsChars: 256 * 1024,
  /** Of one question to the host: a value to keep may fill the whole store. */
  askChars: 1_200_000,
  /** Characters of one call's answer; bars and positions may be many. */
  answerChars: 8 * 1024 * 1024,
  fillsPerBatch: 32,
  /** Fills sent and not yet acknowledged. */
  fillWindow: 512,
  /** Fills emitted and not yet sent. */
  fillQueue: 100_000,
  pendingCalls: 256,
  /** Questions to the host that wait for their answer; a worker keeps the rest back. */
  openAsks: 32,
  /** Questions that a worker keeps back. */
  askQueue: 1_000,
  /** Messages from a worker within one window, and the window. */
  messages: 2_000,
  messageWindowMs: 100,
  /** Characters from a worker within one window, and that window. */
  windowChars: 16 * 1024 * 1024,
  charsWindowMs: 1_000,
  logChars: 4_000,
} as const;

/** What the host says first. Secrets are this connector's alone and cross once. */
export interface StartMessage {
  readonly e: "start";
  readonly protocol: number;
  readonly name: string;
  readonly code: string;
  readonly filename: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** undefined: any host may be reached by fetch and WebSocket. */
  readonly hosts?: readonly string[];
  /** `host:port` that a raw TCP connection may reach. */
  readonly tcp: readonly string[];
}

/** Host to worker, after that. */
export type HostMessage =
  | { readonly e: "ack"; readonly n: number }
  | { readonly e: "ping"; readonly n: number }
  | { readonly e: "answer"; readonly n: number; readonly ok: boolean; readonly value?: unknown };

/** Worker to host. */
export type WorkerEvent =
  | {
      readonly e: "hello";
      readonly protocol: number;
      readonly sdk: number;
      readonly methods: readonly Method[];
      readonly capabilities: Readonly<Record<string, unknown>>;
    }
  | {
      readonly e: "failed";
      readonly kind: "shape" | "threw";
      readonly message: string;
      readonly stack?: string | undefined;
    }
  | { readonly e: "fills"; readonly from: number; readonly fills: readonly unknown[] }
  | {
      readonly e: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>> | undefined;
    }
  | { readonly e: "pong"; readonly n: number; readonly heapMb: number }
  | {
      readonly e: "ask";
      readonly n: number;
      readonly what: "get" | "put" | "bars";
      readonly key: string;
      readonly value?: unknown;
    };

/** How a call ended inside the worker: failures cross as data, since an error's class and code would be lost. */
export type Envelope =
  | { readonly ok: true; readonly value?: unknown }
  | {
      readonly ok: false;
      readonly kind: "rejection" | "not-sent" | "error";
      readonly message: string;
      readonly stack?: string | undefined;
    };
