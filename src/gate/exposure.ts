/**
 * Worst-case positions. An approved, submitting, unknown or working order may fill at any time, so it counts in full.
 * Buys are never netted against sells, because one side may fill alone. If the fills and the venue's last mark differ,
 * the worse of the two counts.
 */
import type { AccountRecord } from "../domain/account/account.ts";
import { type AssetKey, assetOf } from "../domain/market/asset.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { type Decimal, ZERO, decimal, max, min } from "../domain/decimal.ts";
import type { OrderId } from "../domain/ids.ts";
import { type InstrumentKey, type OrderTerms, comparableSymbol, instrumentKey } from "../domain/orders/order.ts";
import { type OrderRecord, leaves } from "../domain/orders/order-state.ts";
import { type Quote, isDelayed, quoteWords } from "../domain/market/quote.ts";
import { type Available, available, missingInput } from "./check-result.ts";
import type { GateInput } from "./input.ts";
import { knownDecimal } from "./known-decimal.ts";
import { foreignCurrency, orderPrice } from "./valuation.ts";

export interface Exposure {
  /**
   * Signed. The position by fills. Disputed fills and external fills since the last mark may be real or not: `ownLow`
   * counts their sells only, `ownHigh` their buys only.
   */
  readonly ownLow: Decimal;
  readonly ownHigh: Decimal;
  /** Signed. The position at the last mark; the position by fills without a mark. */
  readonly venue: Decimal;
  /** The connector has reported its positions at least once. */
  readonly marked: boolean;
  /** Signed. The smaller of the position by fills and the mark: the quantity that can be sold without a short. */
  readonly low: Decimal;
  /** Signed. The larger of the position by fills and the mark: the quantity that limits apply to. */
  readonly high: Decimal;
  /** The open quantity of all other orders in flight, by side. */
  readonly buys: Decimal;
  readonly sells: Decimal;
}

/** The orders that do not count: the order under evaluation, or it and the order that it replaces. */
export type Excepted = OrderId | readonly OrderId[] | undefined;

/** Orders in flight without the order under evaluation, which must not count against itself. */
export function othersInFlight(state: Readonly<DeskState>, except: Excepted): readonly Readonly<OrderRecord>[] {
  const isExcepted = (id: OrderId): boolean => (Array.isArray(except) ? except.includes(id) : id === except);
  const others: OrderRecord[] = [];
  for (const order of state.inFlight.values()) if (!isExcepted(order.id)) others.push(order);
  return others;
}

/** What orders may still fill, by instrument and side. */
export type OpenQuantities = ReadonlyMap<InstrumentKey, Pick<Exposure, "buys" | "sells">>;

/** Adds up once what the exposure of each instrument needs. */
export function openQuantities(orders: readonly Readonly<OrderRecord>[]): OpenQuantities {
  const open = new Map<InstrumentKey, { buys: Decimal; sells: Decimal }>();
  for (const order of orders) {
    const key = instrumentKey(order.terms.connector, order.terms.symbol);
    const sums = open.get(key) ?? { buys: ZERO, sells: ZERO };
    open.set(key, sums);
    const side = order.terms.side === "buy" ? "buys" : "sells";
    sums[side] = sums[side].plus(leaves(order));
  }
  return open;
}

/** The exposure in one instrument; `except` are orders that do not count. */
export function exposureOf(state: Readonly<DeskState>, connector: string, symbol: string, except: Excepted): Exposure {
  return exposureAt(state, { connector, symbol, open: openQuantities(othersInFlight(state, except)) });
}

interface InstrumentExposure {
  readonly connector: string;
  readonly symbol: string;
  readonly open: OpenQuantities;
}

/** `key`: of the instrument. */
export function exposureAt(
  state: Readonly<DeskState>,
  { connector, symbol, open }: InstrumentExposure,
  key: InstrumentKey = instrumentKey(connector, symbol),
): Exposure {
  const own = state.positions.get(key)?.quantity ?? ZERO;
  const account = state.accounts.get(connector);
  const venue = account === undefined ? own : quantityAt(account, symbol);
  const { buys, sells } = open.get(key) ?? NOTHING_OPEN;
  const { bought, sold } = uncertainQuantities(state, key, symbol);
  const [ownLow, ownHigh] = [own.minus(sold), own.plus(bought)];
  const [low, high] = [min(ownLow, venue), max(ownHigh, venue)];
  return { ownLow, ownHigh, venue, marked: account !== undefined, low, high, buys, sells };
}

function quantityAt({ positions }: AccountRecord, symbol: string): Decimal {
  const held = positions.get(symbol);
  return held === undefined ? ZERO : knownDecimal(held.quantity);
}

const NOTHING_OPEN = { buys: ZERO, sells: ZERO };

const NOTHING_UNCERTAIN = { bought: ZERO, sold: ZERO };

/** A disputed or external fill may be real: limits count it, and nothing is allowed because of it. */
function uncertainQuantities(state: Readonly<DeskState>, key: InstrumentKey, symbol: string) {
  const external = state.external.get(key);
  if (external === undefined && !state.disputes.has(key)) return NOTHING_UNCERTAIN;
  let [bought, sold] = [external?.bought ?? ZERO, external?.sold ?? ZERO];
  for (const { kind, fill } of state.disputes.get(key) ?? []) {
    if (kind !== "disputed" || fill.symbol !== symbol) continue;
    if (fill.side === "buy") bought = bought.plus(decimal(fill.quantity));
    else sold = sold.plus(decimal(fill.quantity));
  }
  return { bought, sold };
}

/** The disputed or excess fill of the instrument in any spelling; undefined without one. */
export function disputeOf(state: Readonly<DeskState>, connector: string, symbol: string) {
  const key = comparableSymbol(symbol);
  for (const [instrument, [dispute]] of state.disputes) {
    const disputed = instrument.slice(connector.length + 1);
    const isHere = instrument.startsWith(`${connector}/`) && comparableSymbol(disputed) === key;
    if (isHere && dispute !== undefined) return { ...dispute, symbol: disputed };
  }
  return undefined;
}

/** All symbols of one instrument that positions, marks and orders at a connector contain, `symbol` included. */
export function spellingsOf(state: Readonly<DeskState>, connector: string, symbol: string): ReadonlySet<string> {
  const key = comparableSymbol(symbol);
  const found = new Set([symbol]);
  forEachSymbol(state, connector, (other) => void (comparableSymbol(other) === key && found.add(other)));
  return found;
}

/** The symbols that positions, marks, orders and uncertain fills at a connector contain; some of them repeatedly. */
function forEachSymbol(state: Readonly<DeskState>, connector: string, add: (symbol: string) => void): void {
  for (const position of state.positions.values()) if (position.connector === connector) add(position.symbol);
  for (const other of state.accounts.get(connector)?.positions.keys() ?? []) add(other);
  for (const { terms } of state.inFlight.values()) if (terms.connector === connector) add(terms.symbol);
  for (const uncertain of [state.disputes, state.external]) {
    for (const instrument of uncertain.keys())
      if (instrument.startsWith(`${connector}/`)) add(instrument.slice(connector.length + 1));
  }
}

/**
 * One symbol of each instrument at a connector that is the same as the order's: by its spelling, or by the asset that
 * the venues state. The order's own symbol stands for all its spellings.
 */
export function sameAssetAt(
  state: Readonly<DeskState>,
  connector: string,
  { symbol, asset }: { readonly symbol: string; readonly asset: AssetKey | undefined },
): readonly string[] {
  const found = new Map([[comparableSymbol(symbol), symbol]]);
  if (asset === undefined) return [symbol];
  const add = (other: string): void => {
    const name = comparableSymbol(other);
    if (!found.has(name) && assetOf(state, connector, other) === asset) found.set(name, other);
  };
  forEachSymbol(state, connector, add);
  return [...found.values()];
}

/** The flag of the instrument in any spelling, with the symbol that was flagged; undefined without a flag. */
export function flagOf(state: Readonly<DeskState>, connector: string, symbol: string) {
  const key = comparableSymbol(symbol);
  for (const [flaggedKey, flag] of state.flagged) {
    const flagged = flaggedKey.slice(connector.length + 1);
    const isHere = flaggedKey.startsWith(`${connector}/`) && comparableSymbol(flagged) === key;
    if (isHere) return { ...flag, symbol: flagged };
  }
  return undefined;
}

interface WorstCase extends InstrumentExposure {
  /** Of {@link spellingsOf}. */
  readonly spellings: Iterable<string>;
  readonly side: OrderTerms["side"];
  /** The quantity of the order under evaluation, in exactly this symbol. */
  readonly more: Decimal;
}

/**
 * The largest possible position of an instrument on one side over all its spellings. Spellings are never netted. Fills
 * may use one spelling and marks another, so fills and marks are added up apart, and the larger sum counts.
 */
export function worstOfInstrument(
  state: Readonly<DeskState>,
  { connector, symbol, spellings, open, ...order }: WorstCase,
): Decimal {
  let [byFills, byMark] = [ZERO, ZERO];
  for (const spelling of spellings) {
    const exposure = exposureAt(state, { connector, symbol: spelling, open });
    const more = spelling === symbol ? order.more : ZERO;
    const worst = (held: Decimal): Decimal =>
      order.side === "buy"
        ? max(ZERO, held.plus(exposure.buys).plus(more))
        : max(ZERO, exposure.sells.plus(more).minus(held));
    byFills = byFills.plus(worst(order.side === "buy" ? exposure.ownHigh : exposure.ownLow));
    byMark = byMark.plus(worst(exposure.venue));
  }
  return max(byFills, byMark);
}

/** The largest possible long position: every buy fills and no sell does. Zero if the position stays short. */
export function worstLong(exposure: Exposure, more: Decimal = ZERO): Decimal {
  return max(ZERO, exposure.high.plus(exposure.buys).plus(more));
}

/**
 * The size of the largest possible short position: every sell fills and no buy does. Zero if the position stays long.
 */
export function worstShort(exposure: Exposure, more: Decimal = ZERO): Decimal {
  return max(ZERO, exposure.sells.plus(more).minus(exposure.low));
}

/** The part of a long position that no other sell in flight can take. */
export function sellableQuantity(exposure: Exposure): Decimal {
  return max(ZERO, exposure.low.minus(exposure.sells));
}

/** The part of a short position that no other buy in flight can cover. */
export function coverableQuantity(exposure: Exposure): Decimal {
  return max(ZERO, ZERO.minus(exposure.high).minus(exposure.buys));
}

/** The part of a sell that opens or increases a short position. */
export function shortOpeningQuantity(terms: OrderTerms, exposure: Exposure): Decimal {
  return terms.side === "buy" ? ZERO : max(ZERO, decimal(terms.quantity).minus(sellableQuantity(exposure)));
}

/**
 * true: whatever else fills, the order only reduces the position. Its side is opposite to the position, and its
 * quantity is at most the position less the other orders of the same side. For example, a sell of 100 does not strictly
 * reduce a long position of 60. Without a mark of the connector the position is unknown and no order reduces it.
 */
export function strictlyReducing(terms: OrderTerms, exposure: Exposure): boolean {
  if (!exposure.marked) return false;
  const quantity = decimal(terms.quantity);
  return (
    quantity.gt(ZERO) && quantity.lte(terms.side === "sell" ? sellableQuantity(exposure) : coverableQuantity(exposure))
  );
}

/** The quote of the input, if it is for the order's symbol. */
export function quoteOf({ quote, order }: GateInput): Available<Quote> {
  if (quote === undefined) return missingInput(`no quote for ${order.terms.symbol}`);
  if (quote.symbol !== order.terms.symbol)
    return missingInput(`the quote is for ${quote.symbol}, not for ${order.terms.symbol}`);
  if (isDelayed(quote))
    return missingInput(`the quote of ${quote.symbol} is ${quoteWords(quote)}: no order is taken by it`);
  return available(quote);
}

/** The worst price of one unit, in the account's currency. */
export function priceOf(input: GateInput, exposure: Exposure): Available<Decimal> {
  const { state, order, instrument } = input;
  const { account } = state.accounts.get(order.terms.connector) ?? {};
  const { exchange, hostNow: now } = input;
  const { connector, symbol } = order.terms;
  const foreign = foreignCurrency({ connector, symbol, account, instrument, exchange, now });
  if (foreign !== undefined) return missingInput(foreign);
  const quote = quoteOf(input);
  return orderPrice(
    order.terms,
    "value" in quote ? quote.value : undefined,
    shortOpeningQuantity(order.terms, exposure).gt(ZERO),
  );
}

/** The price at which the gate values the order, for the review; undefined if the price is missing. */
export function valuationPrice(input: GateInput): Decimal | undefined {
  const { id, terms } = input.order;
  const price = priceOf(input, exposureOf(input.state, terms.connector, terms.symbol, id));
  return "value" in price ? price.value : undefined;
}
