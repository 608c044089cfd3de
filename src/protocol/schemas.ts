/** Zod schemas for what a worker sends. Only the host loads them, so that workers do not carry zod. */
import * as z from "zod";
import { NON_FINITE, noAmount } from "./lost-values.ts";
import "../lib/schema-words.ts";
import {
  DecimalError,
  type DecimalText,
  ONE,
  ZERO,
  canonicalText,
  decimal,
  max,
  text as decimalText,
} from "../domain/decimal.ts";
import { type NamedValues, isNamedValues, readFundamentals } from "../domain/market/fundamentals.ts";
import type {
  ReportedAccount,
  VenueAck,
  VenueActivity,
  ReportedBalance,
  VenueBar,
  VenueConnection,
  VenueFill,
  VenueInstrument,
  VenuePosition,
  VenueQuote,
  VenueRate,
  VenueReport,
  VenueSession,
} from "../domain/market/venue.ts";
import { hasInvisible } from "../lib/invisible-characters.ts";
import { type AnswerShape, COST_NAMES, SIDE_NAMES, answerShape } from "./answer-shape.ts";
import { LIMITS, METHOD_NAMES } from "./limits.ts";
import { type Envelope, METHODS, type Method, type WorkerEvent } from "./messages.ts";

const text = z.string().max(LIMITS.eventChars);
const count = z.int().nonnegative();

const capabilities = z.looseObject({
  exactDecimals: z.boolean().optional(),
  clientIdDedupe: z.enum(["forever", "open-only", "none"]).optional(),
  queryByClientId: z.boolean().optional(),
  buyingPowerNetsOpenOrders: z.boolean().optional(),
  reduceOnly: z.boolean().optional(),
  simulatedTime: z.boolean().optional(),
  mode: z.enum(["paper", "live"]).optional(),
  reports: z.enum(["pushed", "polled"]).optional(),
  pollSeconds: z.number().min(1).max(3_600).optional(),
  fillsReachBackMs: z.number().positive().optional(),
  marginAccount: z.boolean().optional(),
});

export const CAPABILITY_NAMES: ReadonlySet<string> = new Set(Object.keys(capabilities.shape));

export const workerEventSchema: z.ZodType<WorkerEvent> = z.discriminatedUnion("e", [
  z.strictObject({
    e: z.literal("handshake"),
    protocol: z.int(),
    sdk: z.int(),
    methods: z.array(z.enum(METHODS as [Method, ...Method[]])).max(METHODS.length),
    capabilities,
    otherMethods: z.array(z.string().max(METHOD_NAMES.chars)).max(METHOD_NAMES.count),
    notStatic: z.array(z.enum(["capabilities", "sdk"])).max(2),
  }),
  z.strictObject({ e: z.literal("failed"), kind: z.enum(["shape", "threw"]), message: text, stack: text.optional() }),
  z.strictObject({
    e: z.literal(["fills", "reports", "activities"]),
    first: count,
    items: z.array(z.unknown()).min(1).max(LIMITS.batchItems),
  }),
  z.strictObject({ e: z.literal("quotes"), quotes: z.array(z.unknown()).max(LIMITS.quotesPerBatch) }),
  z.strictObject({ e: z.literal("link"), isUp: z.boolean(), reason: z.string().max(200).optional() }),
  z.strictObject({
    e: z.literal("log"),
    level: z.enum(["debug", "info", "warn", "error"]),
    message: text,
    fields: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({ e: z.literal("ping-reply"), id: count, heapMb: z.number().nonnegative() }),
  z.strictObject({
    e: z.literal("request"),
    id: count,
    operation: z.enum(["get", "put", "bars", "quote", "instrument"]),
    key: text,
    value: z.unknown().optional(),
  }),
]);

export const envelopeSchema: z.ZodType<Envelope> = z.discriminatedUnion("ok", [
  z.strictObject({ ok: z.literal(true), value: z.unknown().optional() }),
  z.strictObject({
    ok: z.literal(false),
    kind: z.enum(["rejection", "not-sent", "rate-limited", "connect-refused", "error"]),
    message: text,
    retryAfterMs: z.number().nonnegative().optional(),
    stack: text.optional(),
  }),
]);

const numeric = z.union([z.string(), z.number()], { error: noAmount }).transform((raw, context): DecimalText => {
  try {
    return canonicalText(raw);
  } catch (error) {
    const reason = error instanceof DecimalError ? error.message : "is not a number";
    const message = NON_FINITE.includes(raw as string) ? noAmount({ input: raw }) : reason;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }
});
const positive = numeric.refine((value) => value !== "0" && !value.startsWith("-"), "must be above zero");
const notNegative = numeric.refine((value) => !value.startsWith("-"), "must not be below zero");

const share = positive.refine((value) => decimal(value).lt(ONE), "must be below 1");

/** An id or a symbol: one line of visible text, 128 characters at most. */
const name = z
  .string()
  .min(1)
  .max(128)
  .refine((value) => !hasInvisible(value), "contains a control or invisible character");

const notice = z.string().max(200);
/** One line in the venue's words. */
const line = notice.refine((value) => !hasInvisible(value), "contains a control or invisible character");

/** 2200-01-01: later times are refused. */
export const TIME_MS_MAX = 7_258_118_400_000;
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/;

/** Milliseconds, or ISO 8601 text with its offset (a date without a time is UTC), between 1970 and 2200. */
const time = z.union([z.number(), z.string().max(64)]).transform((raw, context): number => {
  const at = typeof raw === "number" ? raw : ISO.test(raw) ? Date.parse(raw) : Number.NaN;
  if (Number.isFinite(at) && at >= 0 && at < TIME_MS_MAX) return Math.round(at);
  context.addIssue({
    code: "custom",
    message: `${JSON.stringify(raw)} is not a time (milliseconds since 1970, or ISO 8601 with its offset)`,
  });
  return z.NEVER;
});

/** Removes members that are undefined or null. Returns the same object, without a copy, if every member has a value. */
export function compact<T extends object>(value: T): T {
  const isAbsent = (member: unknown): boolean => member === undefined || member === null;
  if (!Object.values(value).some(isAbsent)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, member]) => !isAbsent(member))) as T;
}

function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish();
}

/** For further schemas of answers. */
export const FIELDS = { line, name, numeric, optional, positive, time };

export const FEED_CHARS_MAX = 40;
export const quoteSchema = answerShape(
  {
    symbol: name,
    // Spreads, power and oil trade below zero.
    bid: numeric,
    ask: numeric,
    timestamp: time,
    asOf: optional(time),
    timeSource: optional(z.enum(["venue", "received"])),
    delayedMs: optional(z.number().nonnegative().max(TIME_MS_MAX)),
    coverage: optional(z.enum(["full", "partial"])),
    last: optional(numeric),
    bidSize: optional(notNegative),
    askSize: optional(notNegative),
    feed: optional(name.max(FEED_CHARS_MAX)),
    notice: optional(notice),
  },
  { read: ({ timestamp, ...members }) => compact({ ...members, at: timestamp }) as VenueQuote },
);

export const positionSchema = answerShape(
  {
    symbol: name,
    quantity: numeric,
    averagePrice: optional(numeric),
    markPrice: optional(numeric),
    currency: optional(name),
  },
  { read: (value) => compact(value) as VenuePosition, refused: SIDE_NAMES },
);

/** An acknowledgement has no amounts: none of its members changes a value. */
export const ackSchema = z
  .object({ venueOrderId: name, status: z.literal("acknowledged") })
  .transform(({ venueOrderId }): VenueAck => ({ venueOrderId }));
export const ACK_MEMBERS: ReadonlySet<string> = new Set(["venueOrderId", "status"]);

export const fillSchema = answerShape(
  {
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
    liquidity: optional(z.enum(["maker", "taker"])),
    settlesAt: optional(time),
    busts: optional(name),
    corrects: optional(name),
  },
  { read: ({ timestamp, ...members }) => compact({ ...members, at: timestamp }) as VenueFill, refused: COST_NAMES },
);

export const reportSchema = answerShape(
  {
    venueOrderId: name,
    clientOrderId: optional(name),
    status: z.enum(["open", "partially_filled", "filled", "cancelled", "rejected", "expired"]),
    filledQuantity: notNegative,
    averagePrice: optional(numeric),
    symbol: optional(name),
    side: optional(z.enum(["buy", "sell"])),
    quantity: optional(positive),
    limitPrice: optional(numeric),
    reason: optional(line),
    updatedAt: optional(time),
    replacedBy: optional(name),
  },
  { read: (value) => compact(value) as VenueReport },
);

const balanceSchema = answerShape(
  {
    currency: name,
    total: numeric,
    free: optional(notNegative),
    locked: optional(notNegative),
    rateToAccount: optional(positive),
    rateAt: optional(time),
  },
  {
    read: ({ locked, free, ...balance }) =>
      compact({ ...balance, free: free ?? (locked && unheld(balance.total, locked)) }) as ReportedBalance,
  },
);

/** What an order can spend, of a balance that states what orders hold. */
function unheld(total: DecimalText, locked: DecimalText): DecimalText {
  return decimalText(max(decimal(total).minus(decimal(locked)), ZERO));
}

export const accountSchema = answerShape(
  {
    nav: numeric,
    cash: numeric,
    buyingPower: numeric,
    currency: name,
    balances: optional(z.array(balanceSchema).max(LIMITS.balances)),
    settledCash: optional(numeric),
    marginUsed: optional(notNegative),
    unrealizedPnl: optional(numeric),
    timestamp: optional(time),
    notice: optional(notice),
    accountId: optional(name),
  },
  { read: ({ timestamp, ...members }) => compact({ ...members, at: timestamp }) as ReportedAccount },
);

export const connectionSchema = answerShape(
  {
    mode: z.enum(["paper", "live"]),
    environment: name,
    accountId: name,
    permissions: optional(z.array(z.enum(["read", "trade", "withdraw"])).max(3)),
    venueTime: optional(time),
  },
  { read: ({ venueTime, ...members }) => compact({ ...members, at: venueTime }) as VenueConnection },
);

const MONEY_KINDS = [
  ...(["deposit", "withdrawal", "transfer", "dividend"] as const),
  ...(["interest", "fee", "tax", "adjustment"] as const),
];
const CORPORATE_KINDS = ["split", "rename", "spinoff", "merger"] as const;

const activityMembers = answerShape(
  {
    id: name,
    kind: z.enum([...MONEY_KINDS, ...CORPORATE_KINDS]),
    timestamp: time,
    amount: optional(numeric),
    currency: optional(name),
    symbol: optional(name),
    ratio: optional(z.tuple([positive, positive])),
    newSymbol: optional(name),
    costShare: optional(share),
    quantity: optional(numeric),
    corrects: optional(name),
    note: optional(line),
  },
  { read: ({ timestamp, ...members }) => compact({ ...members, at: timestamp }) as VenueActivity },
);

/** What an activity of its kind lacks; none if it is complete. */
function activityProblems({ kind, ...activity }: VenueActivity): readonly string[] {
  const { amount, currency, symbol, ratio, newSymbol } = activity;
  const isOfMoney = MONEY_KINDS.some((known) => known === kind);
  const isNegative = amount?.startsWith("-") === true;
  const needsName = !isOfMoney && kind !== "split" && !(kind === "merger" && amount !== undefined);
  const problems: readonly (readonly [hasIt: boolean, words: string])[] = [
    [amount !== undefined && currency === undefined, "has an amount without a currency"],
    [isOfMoney && amount === undefined, `is a ${kind} without an amount`],
    [kind === "deposit" && isNegative, "is a deposit below zero"],
    [kind === "withdrawal" && amount !== undefined && !isNegative, "is a withdrawal that is not below zero"],
    [!isOfMoney && symbol === undefined, `is a ${kind} without a symbol`],
    [kind === "split" && ratio === undefined, "is a split without a ratio"],
    [needsName && newSymbol === undefined, `is a ${kind} without newSymbol`],
  ];
  return problems.flatMap(([hasIt, words]) => (hasIt ? [words] : []));
}

export const activitySchema: AnswerShape<VenueActivity> = Object.assign(
  activityMembers.superRefine((activity, context) => {
    for (const message of activityProblems(activity)) context.addIssue({ code: "custom", message });
  }),
  { members: activityMembers.members, changing: activityMembers.changing },
) as unknown as AnswerShape<VenueActivity>;

const PAIR = /^[A-Z0-9]{2,12}\/[A-Z0-9]{2,12}$/;
export const rateSchema = answerShape(
  { pair: z.string().regex(PAIR, "is not a pair such as EUR/USD"), rate: positive, timestamp: time },
  { read: ({ timestamp, ...members }) => ({ ...members, at: timestamp }) as VenueRate },
);

export const sessionSchema = answerShape(
  { open: time, close: time, kind: z.enum(["core", "pre", "post", "overnight"]) },
  { read: (value) => value as VenueSession },
);

const orderOptions = <T extends z.ZodType>(option: T) => z.array(option).max(LIMITS.orderOptions);
const orderType = z.enum(["market", "limit", "stop", "stop_limit"]);
const asset = z.object({
  class: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "must be a name of lower-case letters, digits and _"),
  id: name.max(64),
});
/** The lowest first, so that the last band at or below a price is the price's. */
const ticks = z
  .array(z.object({ from: notNegative, tickSize: positive }))
  .min(1)
  .max(LIMITS.tickBands)
  .refine(
    (bands) =>
      bands.every(({ from }, place) => place === 0 || decimal(from).gt(decimal(bands[place - 1]?.from ?? from))),
    "must begin with the lowest band",
  );

export const instrumentSchema = answerShape(
  {
    symbol: name,
    name: optional(z.string().max(200)),
    asset: optional(asset),
    tickSize: optional(positive),
    ticks: optional(ticks),
    lotSize: optional(positive),
    minQuantity: optional(notNegative),
    maxQuantity: optional(notNegative),
    marketLot: optional(positive),
    minNotional: optional(notNegative),
    maxNotional: optional(positive),
    currency: optional(name),
    multiplier: optional(positive),
    orderTypes: optional(orderOptions(orderType)),
    timesInForce: optional(orderOptions(z.enum(["day", "gtc", "ioc", "fok"]))),
    orderFlags: optional(orderOptions(z.enum(["session", "positionIntent", "postOnly"]))),
    tradable: optional(z.boolean()),
    fractional: optional(z.boolean()),
    expires: optional(time),
    shortable: optional(z.boolean()),
  },
  { read: (value) => compact(value) as VenueInstrument },
);

export const barSchema = answerShape(
  {
    symbol: name,
    timestamp: time,
    open: numeric,
    high: numeric,
    low: numeric,
    close: numeric,
    volume: optional(notNegative),
  },
  { read: ({ timestamp, ...members }) => compact({ ...members, at: timestamp }) as VenueBar },
);

/** null: the venue has no fundamentals of the symbol. */
export const fundamentalsSchema = z
  .custom<NamedValues>(isNamedValues, "must be a table of named values")
  .transform(readFundamentals)
  .nullable();
