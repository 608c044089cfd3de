/**
 * Messages between the host and one connector's worker. Both use one ordered port: Comlink calls go from the host to
 * the worker, and events are plain data with the field `e`, which Comlink messages do not have. `schemas.ts` checks
 * what arrives.
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
/** Of a connector with `orders = false`. */
export const DATA_METHODS = REQUIRED_METHODS.filter((method) => method !== "placeOrder" && method !== "cancelOrder");
export const OPTIONAL_METHODS = [
  "getOrder",
  "getOpenOrders",
  "getFills",
  "getAccount",
  "getInstrument",
  "getBars",
  "getFundamentals",
  "searchInstruments",
  "replaceOrder",
  "getActivities",
  "getRates",
  "getSchedule",
] as const;
export type Method = (typeof REQUIRED_METHODS)[number] | (typeof OPTIONAL_METHODS)[number];
export const METHODS: readonly Method[] = [...REQUIRED_METHODS, ...OPTIONAL_METHODS];

/** The first message from the host. It carries the secrets of this connector only, and is sent once. */
export interface StartMessage {
  readonly e: "start";
  readonly protocol: number;
  readonly name: string;
  readonly code: string;
  readonly filename: string;
  readonly secrets: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** Hosts for `fetch` and WebSocket; undefined allows every host. */
  readonly hosts?: readonly string[] | undefined;
  /** `host:port` addresses for raw TCP connections. */
  readonly tcp: readonly string[];
  /** `orders = false`: the adapter needs no methods for orders. */
  readonly dataOnly?: boolean | undefined;
}

/**
 * What an adapter requests from the host: a stored value (`get`, `put`), the operator's bars of a symbol, or what the
 * connector that `quotes` names says of it.
 */
export interface AdapterRequest {
  readonly operation: "get" | "put" | "bars" | "quote" | "instrument";
  readonly key: string;
  readonly value?: unknown;
}

/** From the host to the worker, after the start message. */
export type HostMessage =
  /** Everything up to this number is on disk. */
  | { readonly e: "ack"; readonly last: number }
  | { readonly e: "ping"; readonly id: number }
  | { readonly e: "response"; readonly id: number; readonly ok: boolean; readonly value?: unknown };

/** What an adapter emits and the host acknowledges. */
export type EmissionKind = "fills" | "reports" | "activities";

/**
 * Emitted items of one kind. All kinds share one numbering without gaps from 1 (`first`), so that a report never passes
 * the fills that were emitted before it.
 */
export interface EmittedBatch {
  readonly e: EmissionKind;
  readonly first: number;
  readonly items: readonly unknown[];
}

/** From the worker to the host. */
export type WorkerEvent =
  | {
      readonly e: "handshake";
      readonly protocol: number;
      readonly sdk: number;
      readonly methods: readonly Method[];
      readonly capabilities: Readonly<Record<string, unknown>>;
      /** Names of other methods of the adapter, in which the host looks for misspelt ones. */
      readonly otherMethods: readonly string[];
      /** What the SDK reads of the class, and the adapter declares without `static`. */
      readonly notStatic: readonly ("capabilities" | "sdk")[];
    }
  | {
      readonly e: "failed";
      readonly kind: "shape" | "threw";
      readonly message: string;
      readonly stack?: string | undefined;
    }
  | EmittedBatch
  /** The newest quotes of some symbols. They are not numbered: a later quote replaces a lost one. */
  | { readonly e: "quotes"; readonly quotes: readonly unknown[] }
  | { readonly e: "link"; readonly isUp: boolean; readonly reason?: string | undefined }
  | {
      readonly e: "log";
      readonly level: "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>> | undefined;
    }
  | { readonly e: "ping-reply"; readonly id: number; readonly heapMb: number }
  | ({ readonly e: "request"; readonly id: number } & AdapterRequest);

/** The result of a method call. Errors are sent as data because a thrown error loses its class and code on the way. */
export type Envelope =
  | { readonly ok: true; readonly value?: unknown }
  | {
      readonly ok: false;
      readonly kind: "rejection" | "not-sent" | "rate-limited" | "connect-refused" | "error";
      readonly message: string;
      /** For `rate-limited`: how long the venue asks to wait; absent if it does not say. */
      readonly retryAfterMs?: number | undefined;
      readonly stack?: string | undefined;
    };
