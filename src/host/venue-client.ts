/** Calls the venue methods of connectors by name, and parses their results. */
import { setImmediate } from "node:timers/promises";
import * as z from "zod";
import { LIMITS } from "../protocol/limits.ts";
import { type Envelope, type Method } from "../protocol/messages.ts";
import { answerIssue } from "./answer-issue.ts";
import { listedOrderSchema } from "./open-orders.ts";
import { parseCanonicalQuote } from "../protocol/quote-schema.ts";
import type { AnswerShape } from "../protocol/answer-shape.ts";
import {
  ACK_MEMBERS,
  accountSchema,
  ackSchema,
  activitySchema,
  barSchema,
  compact,
  fundamentalsSchema,
  instrumentSchema,
  positionSchema,
  quoteSchema,
  rateSchema,
  reportSchema,
  sessionSchema,
} from "../protocol/schemas.ts";
import { type DecimalText, decimal, exactNumber, floored, parseNumeric, text } from "../domain/decimal.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Fundamentals } from "../domain/market/fundamentals.ts";
import { type Order, type OrderTerms, toSdkOrder } from "../domain/orders/order.ts";
import type { CancelHint, FillsHint, OrderQuery, Order as SdkOrder } from "../domain/sdk.ts";
import type {
  BarRange,
  BarSelection,
  ReportedAccount,
  UnreadItem,
  UnreadableVenueOrder,
  VenueActivity,
  VenueBar,
  VenueFill,
  VenueInstrument,
  VenuePage,
  VenuePosition,
  VenueQuote,
  VenueRate,
  VenueReport,
  VenueSession,
} from "../domain/market/venue.ts";
import { type Cleared, isCleared } from "../gate/cleared.ts";
import type { Connector } from "./connector.ts";

/**
 * The result of a submission. Only `rejected` and `not-sent` are definite refusals; an `unclear` order may have reached
 * the venue.
 */
export type PlaceOutcome =
  | { readonly kind: "accepted"; readonly venueOrderId: string }
  | { readonly kind: "rejected" | "not-sent" | "unclear"; readonly reason: string };

export type Connectors = ReadonlyMap<string, Connector>;

function findConnector(connectors: Connectors, name: string): Connector {
  const connector = connectors.get(name);
  if (connector === undefined) throw new QocError("CONNECTOR_UNKNOWN", { name, suggestion: "" });
  return connector;
}

type ParsedAnswer<T> =
  | { readonly success: true; readonly data: T }
  | { readonly success: false; readonly error: Pick<z.ZodError, "issues"> };

/** A call of an adapter's method, and how its result is read. */
interface VenueCall<T> {
  readonly method: Method;
  readonly args?: readonly unknown[];
  readonly read: (answer: unknown) => ParsedAnswer<T> | Promise<ParsedAnswer<T>>;
  /** The members of the answer, if it is an object or a list of objects. */
  readonly members?: ReadonlySet<string>;
  /** Reads what the schema reads, in a form that is read faster and has known members alone; else undefined. */
  readonly readCanonical?: (value: unknown) => T | undefined;
}

/**
 * @throws CALL_FAILED for an error of the adapter, PROTOCOL for a malformed result, and what `Connector.invoke` throws.
 */
async function callVenue<T>(
  connectors: Connectors,
  name: string,
  { method, args = [], read, members, readCanonical }: VenueCall<T>,
): Promise<T> {
  const connector = findConnector(connectors, name);
  const response: Envelope = await connector.invoke(method, args);
  if (!response.ok && response.kind === "rate-limited") {
    const details = { connector: name, method, message: response.message };
    throw new QocError("RATE_LIMITED", details, { data: { retryAfterMs: response.retryAfterMs ?? 0 } });
  }
  if (!response.ok) throw new QocError("CALL_FAILED", { connector: name, method, message: response.message });
  const canonical = readCanonical?.(response.value);
  if (canonical !== undefined) return canonical;
  const parsed = await read(response.value);
  if (parsed.success) {
    if (members !== undefined) connector.unknownMembers.note(method, response.value, members);
    return parsed.data;
  }
  throw new QocError("PROTOCOL", {
    connector: name,
    what: `result of ${method}`,
    message: answerIssue(parsed.error, response.value),
  });
}

/** Returns undefined if the connector does not have the method. */
async function callIfSupported<T>(connectors: Connectors, name: string, call: VenueCall<T>): Promise<T | undefined> {
  const isSupported = findConnector(connectors, name).status.methods.includes(call.method);
  return isSupported ? callVenue(connectors, name, call) : undefined;
}

type AnswerForm<T> = Pick<VenueCall<T>, "read" | "members">;

function readBy<T>(schema: z.ZodType<T>): AnswerForm<T> {
  return { read: (answer) => schema.safeParse(answer) };
}
function one<T>(shape: AnswerShape<T>): AnswerForm<T> {
  return { ...readBy(shape), members: shape.members };
}
function oneOrNull<T>(shape: AnswerShape<T>): AnswerForm<T | null> {
  return { ...readBy(shape.nullable()), members: shape.members };
}
function list<T>(shape: AnswerShape<T>, max: number): AnswerForm<T[]> {
  return { ...listOf(shape, max), members: shape.members };
}
function listOf<T>(schema: z.ZodType<T>, max: number): AnswerForm<T[]> {
  const entries = entriesUpTo(max);
  return { read: (answer) => readList(entries.safeParse(answer), schema) };
}
function entriesUpTo(max: number): z.ZodType<unknown[]> {
  return z.array(z.unknown()).max(max, `has more than ${max} entries`);
}

const ITEMS_PER_SLICE = 256;

/**
 * A list may have ten thousands of entries, and each takes some microseconds: other work runs between the slices. Stops
 * at the first entry that cannot be read.
 */
async function readList<T>(entries: ParsedAnswer<unknown[]>, schema: z.ZodType<T>): Promise<ParsedAnswer<T[]>> {
  if (!entries.success) return entries;
  const data: T[] = [];
  for (const [place, entry] of entries.data.entries()) {
    if (place > 0 && place % ITEMS_PER_SLICE === 0) await setImmediate();
    const parsed = schema.safeParse(entry);
    if (!parsed.success) {
      const [issue] = parsed.error.issues as [z.core.$ZodIssue];
      return { success: false, error: { issues: [{ ...issue, path: [place, ...issue.path] }] } };
    }
    data.push(parsed.data);
  }
  return { success: true, data };
}

// zod takes longer to make a schema than to read an answer with it.
const QUOTE = { ...one(quoteSchema), readCanonical: parseCanonicalQuote };
const ACCOUNT = one(accountSchema);
const INSTRUMENT = oneOrNull(instrumentSchema);
const REPORT = oneOrNull(reportSchema);
const POSITIONS = list(positionSchema, LIMITS.positions);
const INSTRUMENTS = list(instrumentSchema, LIMITS.instruments);
const OPEN_ORDERS = { ...listOf(listedOrderSchema, LIMITS.openOrders), members: reportSchema.members };
const RATES = list(rateSchema, LIMITS.rates);
const SESSIONS = list(sessionSchema, LIMITS.sessions);
const BARS = list(barSchema, LIMITS.bars);
const FUNDAMENTALS = readBy(fundamentalsSchema);
const ANY = readBy(z.unknown());

/** A list, or a page of it in this member. */
function pageOf(member: string): AnswerForm<VenuePage<unknown>> {
  const entries = entriesUpTo(LIMITS.pageItems);
  const page = z
    .looseObject({
      [member]: entries,
      cursor: z.string().min(1).max(CURSOR_CHARS_MAX).nullish(),
    })
    .transform((value) => ({ items: value[member] as readonly unknown[], cursor: value.cursor ?? undefined }));
  return readBy(z.union([entries.transform((items) => ({ items })), page]) as z.ZodType<VenuePage<unknown>>);
}
const CURSOR_CHARS_MAX = 2_000;
const FILL_PAGE = pageOf("fills");
const ACTIVITY_PAGE = pageOf("activities");

/** In slices, as a list is read. */
async function readPage<T>(
  { items, cursor }: VenuePage<unknown>,
  parse: (slice: readonly unknown[], unread: UnreadItem[]) => readonly T[],
): Promise<VenuePage<T>> {
  const parsed: T[] = [];
  const unread: UnreadItem[] = [];
  for (let start = 0; start < items.length; start += ITEMS_PER_SLICE) {
    if (start > 0) await setImmediate();
    parsed.push(...parse(items.slice(start, start + ITEMS_PER_SLICE), unread));
  }
  return { items: parsed, unread, cursor };
}

/** Rounded down to cents, so that it never exceeds what the connector returned. */
export const buyingPowerSchema = z.union([z.number(), z.string()]).transform((raw, context): DecimalText => {
  try {
    return text(floored(parseNumeric(raw), 2));
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error) });
    return z.NEVER;
  }
});

const BUYING_POWER = readBy(buyingPowerSchema);

export function openVenueClient(connectors: Connectors) {
  return {
    quote: (name: string, symbol: string): Promise<VenueQuote> =>
      callVenue(connectors, name, { method: "getQuote", args: [symbol], ...QUOTE }),
    positions: (name: string): Promise<readonly VenuePosition[]> =>
      callVenue(connectors, name, { method: "getPositions", ...POSITIONS }),
    buyingPower: (name: string): Promise<DecimalText> =>
      callVenue(connectors, name, { method: "getBuyingPower", ...BUYING_POWER }),
    account: (name: string): Promise<ReportedAccount | undefined> =>
      callIfSupported(connectors, name, { method: "getAccount", ...ACCOUNT }),
    instrument: (name: string, symbol: string): Promise<VenueInstrument | null | undefined> =>
      callIfSupported(connectors, name, { method: "getInstrument", args: [symbol], ...INSTRUMENT }),
    search: (name: string, words: string, limit: number): Promise<readonly VenueInstrument[] | undefined> =>
      callIfSupported(connectors, name, {
        method: "searchInstruments",
        args: [words, limit],
        ...INSTRUMENTS,
      }),
    order: (name: string, query: OrderQuery): Promise<VenueReport | null | undefined> =>
      callIfSupported(connectors, name, { method: "getOrder", args: [query], ...REPORT }),
    openOrders: (name: string): Promise<readonly (VenueReport | UnreadableVenueOrder)[] | undefined> =>
      callIfSupported(connectors, name, {
        method: "getOpenOrders",
        ...OPEN_ORDERS,
      }),
    fills: async (name: string, since: number, hint: FillsHint): Promise<VenuePage<VenueFill> | undefined> => {
      const args = [since, hint];
      const page = await callIfSupported(connectors, name, { method: "getFills", args, ...FILL_PAGE });
      const { refusedFills } = findConnector(connectors, name);
      return page && readPage(page, (items, unread) => refusedFills.parse("getFills", items, unread));
    },
    activities: async (name: string, since: number, cursor?: string): Promise<VenuePage<VenueActivity> | undefined> => {
      const call = { method: "getActivities", args: [since, cursor], ...ACTIVITY_PAGE } as const;
      const page = await callIfSupported(connectors, name, call);
      const form = { method: "getActivities", noun: "activity", kind: "activity", shape: activitySchema } as const;
      const { refusedFills } = findConnector(connectors, name);
      return page && readPage(page, (items, unread) => refusedFills.parseItems(form, items, unread));
    },
    rates: (name: string, pairs: readonly string[]): Promise<readonly VenueRate[] | undefined> =>
      callIfSupported(connectors, name, { method: "getRates", args: [pairs], ...RATES }),
    schedule: (
      name: string,
      symbol: string,
      { from, to }: Required<BarRange>,
    ): Promise<readonly VenueSession[] | undefined> =>
      callIfSupported(connectors, name, {
        method: "getSchedule",
        args: [symbol, from, to],
        ...SESSIONS,
      }),
    bars: (name: string, symbol: string, selection: BarSelection = {}): Promise<readonly VenueBar[] | undefined> =>
      callIfSupported(connectors, name, {
        method: "getBars",
        args: [symbol, compact({ ...selection, resolution: selection.resolution ?? "1d" })],
        ...BARS,
      }),
    fundamentals: (name: string, symbol: string): Promise<Fundamentals | null | undefined> =>
      callIfSupported(connectors, name, { method: "getFundamentals", args: [symbol], ...FUNDAMENTALS }),
    cancel: async (name: string, venueOrderId: string, order?: CancelHint): Promise<void> => {
      const args = order === undefined ? [venueOrderId] : [venueOrderId, order];
      await callVenue(connectors, name, { method: "cancelOrder", args, ...ANY });
    },
    place: (order: Cleared<Order>): Promise<PlaceOutcome> => place(connectors, order),
  };
}

/** Accepts only orders that the gate cleared. Every outcome that is not definite is `unclear`. */
async function place(connectors: Connectors, order: Cleared<Order>): Promise<PlaceOutcome> {
  if (!isCleared(order))
    throw new QocError("INTERNAL", { message: "the host received an order that the gate did not clear" });
  const connector = connectors.get(order.terms.connector);
  if (connector === undefined) return { kind: "not-sent", reason: `there is no connector ${order.terms.connector}` };
  const { state, capabilities } = connector.status;
  if (state !== "ready") return { kind: "not-sent", reason: `the connector is ${state}` };
  const inexact = capabilities.exactDecimals === true ? undefined : inexactAmount(order.terms);
  if (inexact !== undefined) {
    const reason = `no JavaScript number is exactly ${inexact}, and the connector does not declare exactDecimals`;
    return { kind: "not-sent", reason };
  }
  return placeAt(
    connector,
    toSdkOrder(order.clientOrderId, order.terms, (amount) => Number(amount)),
  );
}

/** Calls `placeOrder` and classifies its outcome. For the certification kit, whose orders no gate clears. */
export async function placeAt(connector: Connector, order: SdkOrder): Promise<PlaceOutcome> {
  try {
    const response = await connector.invoke("placeOrder", [order]);
    if (!response.ok) {
      const kind = response.kind === "rejection" ? "rejected" : response.kind === "not-sent" ? "not-sent" : "unclear";
      return { kind, reason: response.message };
    }
    const ack = ackSchema.safeParse(response.value);
    connector.unknownMembers.note("placeOrder", response.value, ACK_MEMBERS);
    if (ack.success) return { kind: "accepted", venueOrderId: ack.data.venueOrderId };
    return {
      kind: "unclear",
      reason: `its acknowledgement is malformed: ${answerIssue(ack.error, response.value)}`,
    };
  } catch (error) {
    if (error instanceof QocError && error.code === "CONNECTOR_NOT_READY")
      return { kind: "not-sent", reason: error.message };
    return { kind: "unclear", reason: messageOf(error) };
  }
}

/** Returns the first amount of the terms that no JavaScript number can hold exactly, or undefined. */
function inexactAmount({ quantity, limitPrice, stopPrice }: OrderTerms): DecimalText | undefined {
  return [quantity, limitPrice, stopPrice].find(
    (amount) => amount !== undefined && exactNumber(decimal(amount)) === undefined,
  );
}
