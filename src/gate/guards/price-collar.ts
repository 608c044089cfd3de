/**
 * Limits how far a price may cross the order book: a buy above the ask, a sell below the bid. A passive price is not
 * limited. The price of a market or stop order is the best price, which must keep within the protection price, and the
 * protection price within the limit. If the spread is wider than 5 % of the mid price, the best price is weak evidence
 * and the last price must agree too, for every type of order.
 */
import { type Decimal, ZERO, decimal, withinPercent } from "../../domain/decimal.ts";
import { type Quote, isTwoSided, mid } from "../../domain/market/quote.ts";
import type { Check } from "../../domain/orders/verdict.ts";
import { block, pass, unavailable } from "../check-result.ts";
import { formatPercent, formatShare } from "../format.ts";
import { bestPrice, isBeyondCollar, isWorseThan, needsProtection } from "../protection.ts";
import type { CheckContext, Guard } from "../check-context.ts";

const WIDE_SPREAD = decimal("5");

export const priceCollar: Guard<"price-collar"> = (options, context) => {
  const { key, max_pct: percent } = options;
  const { terms } = context.input.order;
  if ("missing" in context.quote) return unavailable(key, context.quote.missing);
  const quote = context.quote.value;
  if (!isTwoSided(quote))
    return unavailable(key, `the book is one-sided or crossed (bid ${quote.bid}, ask ${quote.ask})`);
  const isProtected = needsProtection(terms);
  if (!isProtected && terms.limitPrice === undefined) return unavailable(key, "the order has no limit price");
  const price = terms.limitPrice === undefined ? bestPrice(terms, quote) : decimal(terms.limitPrice);
  const noun = isProtected ? "market price" : "limit";
  const side = terms.side === "buy" ? "ask" : "bid";
  const against = (reference: Decimal, name: string): Check =>
    collar(context, { key, noun, price, reference, name, percent });
  const first = isProtected
    ? protectedBestPrice(key, context, { quote, percent })
    : against(bestPrice(terms, quote), terms.stopPrice === undefined ? side : `${side} or trigger`);
  const spread = decimal(quote.ask).minus(decimal(quote.bid));
  if (first.decision === "block" || withinPercent(spread, WIDE_SPREAD, mid(quote).abs())) return first;
  if (quote.last === undefined || decimal(quote.last).eq(ZERO)) {
    return unavailable(key, `the spread (${quote.bid} to ${quote.ask}) is over 5 % and there is no last price`);
  }
  return against(bestPrice(terms, { ...quote, bid: quote.last, ask: quote.last }), "last price");
};

interface Collar {
  readonly key: string;
  /** The name of `price` in messages. */
  readonly noun: string;
  readonly price: Decimal;
  readonly reference: Decimal;
  /** The name of `reference` in messages. */
  readonly name: string;
  readonly percent: Decimal;
}

function collar(context: CheckContext, { key, noun, price, reference, name, percent }: Collar): Check {
  const isBuy = context.input.order.terms.side === "buy";
  const through = isBuy ? price.minus(reference) : reference.minus(price);
  if (through.lte(ZERO))
    return pass(key, `${noun} ${price.toFixed()} is not through the ${name} ${reference.toFixed()}`);
  const figures = { limit: formatPercent(percent), actual: formatShare(through, reference.abs(), percent) };
  const where = `${isBuy ? "above" : "below"} the ${name} ${reference.toFixed()}`;
  const message = `${noun} ${price.toFixed()} is ${figures.actual} ${where} (limit ${figures.limit})`;
  return withinPercent(through, percent, reference.abs())
    ? pass(key, message, figures)
    : block(key, "PRICE_COLLAR_EXCEEDED", message, figures);
}

/** The protection price is between the market price and the limit. It follows the market at each review. */
function protectedBestPrice(
  key: string,
  context: CheckContext,
  { quote, percent }: { readonly quote: Quote; readonly percent: Decimal },
): Check {
  const { terms } = context.input.order;
  if (terms.protectionPrice === undefined) return unavailable(key, `the ${terms.type} order has no protection price`);
  const price = bestPrice(terms, quote);
  const protection = decimal(terms.protectionPrice);
  const figures = { limit: terms.protectionPrice, actual: price.toFixed() };
  const distance = price.eq(ZERO) ? "?" : formatShare(protection.minus(price).abs(), price.abs(), percent);
  const message = `the market is at ${figures.actual}; the protection price ${figures.limit} is ${distance} away (limit ${formatPercent(percent)})`;
  const isOutside =
    isWorseThan(terms.side, price, protection) || isBeyondCollar(price, protection, percent, context.input.instrument);
  return isOutside ? block(key, "PRICE_COLLAR_EXCEEDED", message, figures) : pass(key, message, figures);
}
