/**
 * Positions as bad as they could become. An order that is approved, submitting, unknown or working may fill at any time,
 * so it counts in full; buys are never netted against sells, because either side may fill alone. Where our fold of the
 * fills and the venue's last mark differ, the worse of the two counts.
 */
import type { DeskState } from "../domain/desk-state.ts";
import { type Decimal, ZERO, decimal, max, min } from "../domain/decimal.ts";
import type { OrderId } from "../domain/ids.ts";
import { type OrderTerms, instrumentKey } from "../domain/order.ts";
import { type OrderRecord, leaves } from "../domain/order-state.ts";
import type { Quote } from "../domain/quote.ts";
import { type Available, available, missingInput } from "./check-result.ts";
import type { GateInput } from "./input.ts";
import { foreignCurrency, orderPrice } from "./valuation.ts";

export interface Exposure {
  /** The connector has reported its positions at least once. */
  readonly marked: boolean;
  /** Signed. The smaller of fold and mark: what may be sold without going short. */
  readonly low: Decimal;
  /** Signed. The larger of fold and mark: what a limit is held against. */
  readonly high: Decimal;
  /** What is left of every other order in flight, by side. */
  readonly buys: Decimal;
  readonly sells: Decimal;
}

/** Orders in flight, without the one that is being judged: it must not count against itself. */
export const othersInFlight = function* (
  state: Readonly<DeskState>,
  except: OrderId | undefined,
): Generator<Readonly<OrderRecord>> {
  for (const order of state.inFlight.values()) if (order.id !== except) yield order;
};

export function exposureOf(
  state: Readonly<DeskState>,
  connector: string,
  symbol: string,
  except: OrderId | undefined,
): Exposure {
  const own = state.positions.get(instrumentKey(connector, symbol))?.quantity ?? ZERO;
  const account = state.accounts.get(connector);
  const venue = account === undefined ? own : decimal(account.positions.get(symbol)?.quantity ?? "0");
  let [buys, sells] = [ZERO, ZERO];
  for (const order of othersInFlight(state, except)) {
    if (order.terms.connector !== connector || order.terms.symbol !== symbol) continue;
    if (order.terms.side === "buy") buys = buys.plus(leaves(order));
    else sells = sells.plus(leaves(order));
  }
  return { marked: account !== undefined, low: min(own, venue), high: max(own, venue), buys, sells };
}

/** Long, at worst: every buy fills and no sell does. Zero where even that stays short. */
export function worstLong(exposure: Exposure, more: Decimal = ZERO): Decimal {
  return max(ZERO, exposure.high.plus(exposure.buys).plus(more));
}

/** Short, at worst, as a size above zero: every sell fills and no buy does. Zero where even that stays long. */
export function worstShort(exposure: Exposure, more: Decimal = ZERO): Decimal {
  return max(ZERO, ZERO.minus(exposure.low.minus(exposure.sells).minus(more)));
}

/** What may still be sold of a long position that no other sell has claimed. */
export function sellableQuantity(exposure: Exposure): Decimal {
  return max(ZERO, exposure.low.minus(exposure.sells));
}

/** What may still be bought back of a short position that no other buy has claimed. */
function coverableQuantity(exposure: Exposure): Decimal {
  return max(ZERO, ZERO.minus(exposure.high).minus(exposure.buys));
}

/** How much of a sell would open or deepen a short. */
export function shortOpeningQuantity(terms: OrderTerms, exposure: Exposure): Decimal {
  return terms.side === "buy" ? ZERO : max(ZERO, decimal(terms.quantity).minus(sellableQuantity(exposure)));
}

/**
 * Can this order only make the position smaller, whatever else fills? Its side is opposite to the position, and it takes no
 * more than the position less what other orders of its side may take. A sell of 100 against a long of 60 does not. A
 * position that no mark of the connector confirms is not known, so nothing reduces it.
 */
export function strictlyReducing(terms: OrderTerms, exposure: Exposure): boolean {
  if (!exposure.marked) return false;
  const quantity = decimal(terms.quantity);
  return (
    quantity.gt(ZERO) && quantity.lte(terms.side === "sell" ? sellableQuantity(exposure) : coverableQuantity(exposure))
  );
}

/** The input's quote, if it is one of the order's symbol. */
export function quoteOf({ quote, order }: GateInput): Available<Quote> {
  if (quote === undefined) return missingInput(`there is no quote of ${order.terms.symbol}`);
  if (quote.symbol !== order.terms.symbol)
    return missingInput(`the quote is one of ${quote.symbol}, not of ${order.terms.symbol}`);
  return available(quote);
}

/** One unit of the order at its worst, in the account's currency. */
export function priceOf(input: GateInput, exposure: Exposure): Available<Decimal> {
  const { state, order, instrument } = input;
  const foreign = foreignCurrency(state.accounts.get(order.terms.connector)?.account, instrument ?? undefined);
  if (foreign !== undefined) return missingInput(foreign);
  const quote = quoteOf(input);
  return orderPrice(
    order.terms,
    "value" in quote ? quote.value : undefined,
    shortOpeningQuantity(order.terms, exposure).gt(ZERO),
  );
}

/** The price that the gate values this order at, for a reviewer; undefined where there is none. */
export function valuationPrice(input: GateInput): Decimal | undefined {
  const { id, terms } = input.order;
  const price = priceOf(input, exposureOf(input.state, terms.connector, terms.symbol, id));
  return "value" in price ? price.value : undefined;
}
