/** Order terms: exactly what a human approves and a venue receives. */
import { JoinedKeys } from "../../lib/joined-keys.ts";
import { omitUndefined } from "../../lib/omit-undefined.ts";
import { type Decimal, type DecimalText, decimal } from "../decimal.ts";
import type { ClientOrderId, ConnectorName, OrderId, SymbolName } from "../ids.ts";
import type { OrderFlagName, OrderType, Order as SdkOrder, Side, TimeInForce } from "../sdk.ts";
import type { Mode } from "../market/venue.ts";

export type { OrderType, Side, TimeInForce } from "../sdk.ts";

export const SIDES = ["buy", "sell"] as const satisfies readonly Side[];
export const ORDER_TYPES = ["market", "limit", "stop", "stop_limit"] as const satisfies readonly OrderType[];
export const TIMES_IN_FORCE = ["day", "gtc", "ioc", "fok"] as const satisfies readonly TimeInForce[];

export const SESSIONS = ["regular", "extended"] as const satisfies readonly SdkOrder["session"][];
export const POSITION_INTENTS = ["open", "close"] as const satisfies readonly SdkOrder["positionIntent"][];

/** What an order asks for besides. Its instrument must name each. */
export interface OrderWishes {
  readonly session?: (typeof SESSIONS)[number] | undefined;
  readonly positionIntent?: (typeof POSITION_INTENTS)[number] | undefined;
  readonly postOnly?: true | undefined;
}

/** The flags that an order has. */
export function flagsOf({ session, positionIntent, postOnly }: OrderWishes): readonly OrderFlagName[] {
  return [
    ...(session === undefined ? [] : ["session" as const]),
    ...(positionIntent === undefined ? [] : ["positionIntent" as const]),
    ...(postOnly === undefined ? [] : ["postOnly" as const]),
  ];
}

/** The flags in words, for a sentence about the order. */
export function flagWords({ session, positionIntent, postOnly }: OrderWishes): readonly string[] {
  return [
    ...(session === undefined ? [] : [`${session} hours`]),
    ...(positionIntent === undefined ? [] : [`to ${positionIntent}`]),
    ...(postOnly === undefined ? [] : ["post-only"]),
  ];
}

/** Canonical terms: the digest, the approval, the journal and the venue all use this object. */
export interface OrderTerms extends OrderWishes {
  readonly connector: ConnectorName;
  readonly mode: Mode;
  readonly symbol: SymbolName;
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly type: OrderType;
  readonly limitPrice?: DecimalText;
  readonly stopPrice?: DecimalText;
  readonly timeInForce: TimeInForce;
  /** The worst price at which a market or stop order is dispatched. The host derives it from a quote. */
  readonly protectionPrice?: DecimalText;
  /** A request to cancel this order, whose terms the other members repeat. Nothing with it is sent as an order. */
  readonly cancels?: OrderTarget;
  /** The new order takes the place of this order; `quantity` is what remains after its fills. */
  readonly replaces?: OrderTarget;
}

/** The order that a cancel or a replacement names, as the human was shown it. Part of the digest. */
export interface OrderTarget {
  readonly id: OrderId;
  readonly clientOrderId: ClientOrderId;
  /** One of the order states; another state voids the review. */
  readonly state: string;
  /** The filled quantity. A replacement names it, because its own quantity follows from it; a cancel does not. */
  readonly filled?: DecimalText;
}

/** What a proposal asks for. */
export type ProposalKind = "order" | "cancel" | "replace";

export function kindOf({ cancels, replaces }: Pick<OrderTerms, "cancels" | "replaces">): ProposalKind {
  return cancels !== undefined ? "cancel" : replaces !== undefined ? "replace" : "order";
}

/** true: the order is as the human was shown it. */
export function isTargetAsShown(
  shown: OrderTarget,
  now: { readonly state: string; readonly clientOrderId?: ClientOrderId; readonly filled: Decimal },
): boolean {
  const hasFilledSince = shown.filled !== undefined && !decimal(shown.filled).eq(now.filled);
  return now.state === shown.state && now.clientOrderId === shown.clientOrderId && !hasFilledSince;
}

/** The order that a cancel or a replacement names; undefined for a plain order. */
export function targetOf({ cancels, replaces }: Pick<OrderTerms, "cancels" | "replaces">): OrderTarget | undefined {
  return cancels ?? replaces;
}

/** An order that is ready for the gate and the venue. */
export interface Order {
  readonly id: OrderId;
  readonly clientOrderId: ClientOrderId;
  readonly terms: OrderTerms;
}

/** The order as adapters and custom guards receive it. `toNumber` rounds an amount that has no exact number. */
export function toSdkOrder(
  clientOrderId: string,
  terms: OrderTerms,
  toNumber: (amount: DecimalText) => number,
): SdkOrder {
  const { symbol, side, quantity, type, limitPrice, stopPrice, timeInForce } = terms;
  const { session, positionIntent, postOnly } = terms;
  return omitUndefined({
    clientOrderId,
    symbol,
    side,
    quantity: toNumber(quantity),
    quantityText: quantity,
    type,
    limitPrice: limitPrice === undefined ? undefined : toNumber(limitPrice),
    limitPriceText: limitPrice,
    stopPrice: stopPrice === undefined ? undefined : toNumber(stopPrice),
    stopPriceText: stopPrice,
    timeInForce,
    session,
    positionIntent,
    postOnly,
  });
}

/** Connector and symbol: the key of positions, blocks and reservations. */
export type InstrumentKey = `${string}/${string}`;
const instrumentKeys = new JoinedKeys<InstrumentKey>((connector, symbol) => `${connector}/${symbol}`);
export function instrumentKey(connector: string, symbol: string): InstrumentKey {
  return instrumentKeys.of(connector, symbol);
}

/** The parts of an instrument's key: a symbol may contain a slash, and the name of a connector does not. */
export function instrumentParts(key: string): { readonly connector: string; readonly symbol: string } {
  const slash = key.indexOf("/");
  return { connector: key.slice(0, slash), symbol: key.slice(slash + 1) };
}

/**
 * Describes an order in one line, for example "buy 50 AAPL limit 192.4 day at alpaca", or "cancel ID: buy 50 AAPL …",
 * or "replace ID by buy 45 AAPL …".
 */
export function describe(terms: OrderTerms): string {
  const { cancels, replaces } = terms;
  if (cancels !== undefined) return `cancel ${cancels.id}: ${describeOrder(terms)}`;
  return replaces === undefined ? describeOrder(terms) : `replace ${replaces.id} by ${describeOrder(terms)}`;
}

/** The order alone, as its venue has it. */
export function describeOrder(terms: OrderTerms): string {
  return [
    terms.side,
    terms.quantity,
    terms.symbol,
    terms.type.replace("_", "-"),
    terms.stopPrice === undefined ? "" : `stop ${terms.stopPrice}`,
    terms.limitPrice ?? "",
    terms.timeInForce,
    ...flagWords(terms),
    `at ${terms.connector}`,
  ]
    .filter((word) => word !== "")
    .join(" ");
}

const COMPARABLE_MAX = 10_000;
const comparable = new Map<string, string>();

/**
 * The letters and digits of a symbol in upper case: `BTC-USD`, `btc/usd` and `BTCUSD` are `BTCUSD`, `^TSLA` is `TSLA`.
 * Rules that limit or block compare instruments by this key, because a venue may accept several spellings of one
 * instrument. Two instruments with one key only make a rule tighter. A rule that allows compares the exact symbol.
 */
export function comparableSymbol(symbol: string): string {
  const known = comparable.get(symbol);
  if (known !== undefined) return known;
  const upper = symbol.normalize("NFKC").toUpperCase();
  const letters = upper.replace(/[^\p{L}\p{N}]/gu, "");
  const key = letters === "" ? upper : letters;
  if (comparable.size >= COMPARABLE_MAX) comparable.clear();
  comparable.set(symbol, key);
  return key;
}

function isSameAmount(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && decimal(a).eq(decimal(b)));
}

/** An order without a session is for regular hours. The venue decides the intent of an order that states none. */
function hasSameWishes(a: OrderWishes, b: OrderWishes): boolean {
  const [one, other] = [a.positionIntent, b.positionIntent];
  return (
    (a.session ?? "regular") === (b.session ?? "regular") &&
    (one === undefined || other === undefined || one === other) &&
    a.postOnly === b.postOnly
  );
}

/** The protection price is derived, so two equal market orders may differ in it. */
export function hasSameTerms(a: OrderTerms, b: OrderTerms): boolean {
  return (
    a.connector === b.connector &&
    comparableSymbol(a.symbol) === comparableSymbol(b.symbol) &&
    a.side === b.side &&
    a.type === b.type &&
    a.timeInForce === b.timeInForce &&
    isSameAmount(a.quantity, b.quantity) &&
    isSameAmount(a.limitPrice, b.limitPrice) &&
    isSameAmount(a.stopPrice, b.stopPrice) &&
    hasSameWishes(a, b)
  );
}
