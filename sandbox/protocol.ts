/**
 * The wire between the host and one connector's worker, shared by both sides. One ordered port: Comlink calls one way, and
 * events as plain data with the field `e`, which Comlink does not use. Nothing here is trusted before zod has seen it.
 */
import { z } from "zod";
import { DecimalError, type DecimalText, ZERO, decimal, parseNumeric, text } from "../src/domain/decimal.ts";
import type {
  VenueAccount,
  VenueAck,
  VenueBar,
  VenueFill,
  VenueInstrument,
  VenuePosition,
  VenueQuote,
  VenueReport,
} from "../src/domain/venue.ts";

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
  fillWindow: 256,
  /** Fills emitted and not yet sent. */
  fillQueue: 100_000,
  pendingCalls: 256,
  /** Messages from a worker within one window, and the window. */
  messages: 5_000,
  messageWindowMs: 100,
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

const words = z.string().max(LIMITS.eventChars);
const count = z.int().nonnegative();

const capabilities = z.looseObject({
  exactDecimals: z.boolean().optional(),
  clientIdDedupe: z.enum(["forever", "open-only", "none"]).optional(),
  queryByClientId: z.boolean().optional(),
  buyingPowerNetsOpenOrders: z.boolean().optional(),
  reduceOnly: z.boolean().optional(),
  simulatedTime: z.boolean().optional(),
  mode: z.enum(["paper", "live"]).optional(),
});

/** Worker to host. */
export const workerEvent = z.discriminatedUnion("e", [
  z.strictObject({
    e: z.literal("hello"),
    protocol: z.int(),
    sdk: z.int(),
    methods: z.array(z.enum(METHODS as [Method, ...Method[]])).max(METHODS.length),
    capabilities,
  }),
  z.strictObject({ e: z.literal("failed"), kind: z.enum(["shape", "threw"]), message: words, stack: words.optional() }),
  z.strictObject({ e: z.literal("fills"), from: count, fills: z.array(z.unknown()).min(1).max(LIMITS.fillsPerBatch) }),
  z.strictObject({
    e: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: words,
    fields: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({ e: z.literal("pong"), n: count }),
  z.strictObject({ e: z.literal("ask"), n: count, what: z.enum(["get", "put", "bars"]), key: words, value: z.unknown().optional() }),
]);
export type WorkerEvent = z.output<typeof workerEvent>;

/** How a call ended inside the worker: failures cross as data, since an error's class and code would be lost. */
export const envelope = z.discriminatedUnion("ok", [
  z.strictObject({ ok: z.literal(true), value: z.unknown().optional() }),
  z.strictObject({ ok: z.literal(false), kind: z.enum(["rejection", "not-sent", "error"]), message: words, stack: words.optional() }),
]);
export type Envelope = z.output<typeof envelope>;

const numeric = z.union([z.number(), z.string()]).transform((raw, context): DecimalText => {
  try {
    return text(parseNumeric(raw));
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof DecimalError ? error.message : "is not a number" });
    return z.NEVER;
  }
});
const positive = numeric.refine((value) => decimal(value).gt(ZERO), "must be above zero");
const notNegative = numeric.refine((value) => !value.startsWith("-"), "must not be below zero");
const name = z.string().min(1).max(128);

/** Milliseconds or ISO text, between 1970 and 2200. */
const time = z.union([z.number(), z.string().max(64)]).transform((raw, context): number => {
  const at = typeof raw === "number" ? raw : Date.parse(raw);
  if (Number.isFinite(at) && at >= 0 && at < 7_258_118_400_000) return Math.round(at);
  context.addIssue({ code: "custom", message: `${JSON.stringify(raw)} is not a time (milliseconds since 1970, or ISO 8601)` });
  return z.NEVER;
});

/** Drops members that are undefined, so that an optional member is absent or there. */
const compact = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined && member !== null)) as T;

const optional = <T extends z.ZodType>(shape: T) => shape.nullish();

export const quoteShape = z
  .object({
    symbol: name,
    bid: notNegative,
    ask: notNegative,
    timestamp: time,
    last: optional(notNegative),
    bidSize: optional(notNegative),
    askSize: optional(notNegative),
  })
  .transform(({ timestamp, ...rest }) => compact({ ...rest, at: timestamp }) as VenueQuote);

export const positionShape = z
  .object({ symbol: name, quantity: numeric, averagePrice: optional(numeric), markPrice: optional(numeric), currency: optional(name) })
  .transform((value) => compact(value) as VenuePosition);

export const ackShape = z
  .object({ venueOrderId: name, status: z.literal("acknowledged") })
  .transform(({ venueOrderId }): VenueAck => ({ venueOrderId }));

export const fillShape = z
  .object({
    fillId: name,
    venueOrderId: name,
    clientOrderId: optional(name),
    symbol: name,
    side: z.enum(["buy", "sell"]),
    quantity: positive,
    price: numeric,
    timestamp: time,
    fee: optional(numeric),
    feeCurrency: optional(name),
    busts: optional(name),
    corrects: optional(name),
  })
  .transform(({ timestamp, ...rest }) => compact({ ...rest, at: timestamp }) as VenueFill);

export const reportShape = z
  .object({
    venueOrderId: name,
    clientOrderId: optional(name),
    status: z.enum(["open", "partially_filled", "filled", "cancelled", "rejected", "expired"]),
    filledQuantity: notNegative,
    averagePrice: optional(numeric),
  })
  .transform((value) => compact(value) as VenueReport);

export const accountShape = z
  .object({ nav: numeric, cash: numeric, buyingPower: numeric, currency: name })
  .transform((value): VenueAccount => value);

const orderType = z.enum(["market", "limit", "stop", "stop_limit"]);
export const instrumentShape = z
  .object({
    symbol: name,
    name: optional(z.string().max(200)),
    tickSize: optional(positive),
    lotSize: optional(positive),
    minQuantity: optional(notNegative),
    maxQuantity: optional(notNegative),
    minNotional: optional(notNegative),
    currency: optional(name),
    orderTypes: optional(z.array(orderType)),
    timesInForce: optional(z.array(z.enum(["day", "gtc", "ioc", "fok"]))),
    tradable: optional(z.boolean()),
  })
  .transform((value) => compact(value) as VenueInstrument);

export const barShape = z
  .object({ symbol: name, timestamp: time, open: numeric, high: numeric, low: numeric, close: numeric, volume: optional(notNegative) })
  .transform(({ timestamp, ...rest }) => compact({ ...rest, at: timestamp }) as VenueBar);

/** Is all text in this plain value within the limit? Counts as it walks and stops early; a cycle or a function is too much. */
export const isWithin = (value: unknown, limit: number): boolean => {
  let left = limit;
  const walk = (part: unknown, depth: number): boolean => {
    if (depth > 32) return false;
    if (typeof part === "string") left -= part.length;
    else if (typeof part === "object" && part !== null) {
      if (!Array.isArray(part) && Object.getPrototypeOf(part) !== Object.prototype && Object.getPrototypeOf(part) !== null) return false;
      for (const key of Object.keys(part)) {
        left -= key.length;
        if (left < 0 || !walk((part as Record<string, unknown>)[key], depth + 1)) return false;
      }
    } else if (typeof part === "function" || typeof part === "symbol") return false;
    left -= 2;
    return left >= 0;
  };
  return walk(value, 0);
};
