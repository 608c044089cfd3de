/** The conservative price of an order, used by every check and guard that values it. */
import { pairOf } from "../domain/account/currency.ts";
import { type RateTable, isSameMoney } from "../domain/account/exchange-rate.ts";
import { type Decimal, ZERO, decimal } from "../domain/decimal.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { multiplierOf } from "../domain/account/multiplier.ts";
import type { OrderTerms } from "../domain/orders/order.ts";
import type { VenueAccount, VenueInstrument, VenueQuote } from "../domain/market/venue.ts";
import { type Available, available, missingInput } from "./check-result.ts";
import { knownDecimal } from "./known-decimal.ts";

/** The margins over the ask for a market buy without a protection price and for a short sale. */
const BUY_MARGIN = decimal("1.05");
const SHORT_MARGIN = decimal("1.03");

/** The largest of the prices, by size: a unit at -40 may cost or fetch as much as a unit at 40. Zero is no price. */
export function highestPrice(...prices: readonly (string | Decimal | undefined)[]): Decimal | undefined {
  let best: Decimal | undefined;
  for (const stated of prices) best = higherPrice(best, stated);
  return best;
}

/** The same of two, of which the first is a result: without a list, for what is done for each instrument and order. */
export function higherPrice(best: Decimal | undefined, stated: string | Decimal | undefined): Decimal | undefined {
  if (stated === undefined) return best;
  const price = (typeof stated === "string" ? knownDecimal(stated) : stated).abs();
  return price.gt(best ?? ZERO) ? price : best;
}

/**
 * The worst price of one unit.
 * Buy: the limit; at market the protection price, else ask × 1.05; a stop the worst of trigger, protection and market.
 * Sell of a long: the best it may fetch, bid, limit or trigger. Short sale: as that, and at least ask × 1.03.
 * Without any price the result is missing, and the caller blocks.
 */
export function orderPrice(terms: OrderTerms, quote: VenueQuote | undefined, isShort: boolean): Available<Decimal> {
  const price = terms.side === "buy" ? buyPrice(terms, quote) : sellPrice(terms, quote, isShort);
  if (price !== undefined) return available(price);
  return missingInput(`no price for ${terms.symbol} to value a ${terms.type.replace("_", "-")} ${terms.side}`);
}

function buyPrice(terms: OrderTerms, quote: VenueQuote | undefined): Decimal | undefined {
  if (terms.limitPrice !== undefined) return highestPrice(terms.limitPrice);
  const market = withMargin(quote?.ask, BUY_MARGIN);
  if (terms.type === "market") return highestPrice(terms.protectionPrice) ?? market;
  if (terms.protectionPrice !== undefined) return highestPrice(terms.protectionPrice, terms.stopPrice, quote?.ask);
  return highestPrice(withMargin(terms.stopPrice, BUY_MARGIN), market);
}

function sellPrice(terms: OrderTerms, quote: VenueQuote | undefined, isShort: boolean): Decimal | undefined {
  const short = isShort ? withMargin(quote?.ask, SHORT_MARGIN) : undefined;
  return highestPrice(terms.limitPrice, terms.stopPrice, quote?.bid, short);
}

function withMargin(price: string | undefined, margin: Decimal): Decimal | undefined {
  return highestPrice(price)?.times(margin);
}

/** The price of an order in flight, without a quote: the worst of its terms and the last mark. */
export function reservedPrice(terms: OrderTerms, mark: string | undefined): Decimal | undefined {
  const limit = higherPrice(undefined, terms.limitPrice);
  if (terms.side === "buy" && terms.limitPrice !== undefined) return limit;
  return higherPrice(higherPrice(higherPrice(limit, terms.stopPrice), terms.protectionPrice), mark);
}

/** What one unit of an order in flight reserves: its price times the multiplier. Undefined without a price. */
export function reservedUnit(
  state: Pick<DeskState, "accounts" | "multipliers">,
  terms: OrderTerms,
): Decimal | undefined {
  const { connector, symbol } = terms;
  const mark = state.accounts.get(connector)?.positions.get(symbol)?.markPrice;
  return reservedPrice(terms, mark)?.times(multiplierOf(state, connector, symbol));
}

interface PriceSource {
  readonly connector: string;
  readonly symbol: string;
  /** The account of the order's connector. */
  readonly account: VenueAccount | undefined;
  /** null if the venue does not list the symbol; undefined if the connector has no `getInstrument`. */
  readonly instrument: VenueInstrument | null | undefined;
  readonly exchange: RateTable;
  /** Host's wall clock, ms. */
  readonly now: number;
}

/**
 * The reason why prices of the instrument cannot be compared with the account's money, or undefined. The venue's own
 * word comes first, then the name of a pair. Without `getInstrument` prices are in the account's currency; a venue that
 * lists the instrument without a currency has not said so.
 */
export function foreignCurrency(source: PriceSource): string | undefined {
  const { connector, symbol, account, instrument, exchange, now } = source;
  if (account === undefined) return undefined;
  const currency = instrument?.currency ?? pairOf(symbol)?.quote;
  if (currency === undefined) {
    return instrument === undefined || instrument === null
      ? undefined
      : `the venue lists ${symbol} without a currency, so its price cannot be compared with ${account.currency}`;
  }
  if (isSameMoney(exchange, { from: currency, to: account.currency, now, connector })) return undefined;
  return `${symbol} is priced in ${currency}, the account is in ${account.currency}, and no peg of [fx] makes them the same`;
}
