/** The figures of a review: the book before and after the order, its prices against the market, and realized P&L. */
import type { BookChange, PriceDistance, RealizedEstimate } from "../../domain/orders/review-view.ts";
import {
  type Decimal,
  type DecimalText,
  HUNDRED,
  ONE,
  ZERO,
  decimal,
  max,
  min,
  ratio,
  rounded,
  text,
} from "../../domain/decimal.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { multiplierOf } from "../../domain/account/multiplier.ts";
import { type OrderTerms, instrumentKey } from "../../domain/orders/order.ts";
import type { Lot } from "../../domain/account/lots.ts";
import { isTwoSided, mid } from "../../domain/market/quote.ts";
import type { VenueInstrument, VenueQuote } from "../../domain/market/venue.ts";
import { bestPrice } from "../../gate/protection.ts";

export interface FiguresInput {
  readonly state: Readonly<DeskState>;
  readonly terms: OrderTerms;
  readonly quote: VenueQuote | undefined;
  readonly instrument: VenueInstrument | null | undefined;
  /** The gate's conservative price of one unit; undefined: none. */
  readonly price: Decimal | undefined;
  /** The instrument is priced in another currency than the account. */
  readonly isForeign: boolean;
}

/**
 * The position at its mark, which is also the price in NAV, and the money at the order's conservative price. Nothing is
 * computed across currencies.
 */
export function bookChanges({ state, terms, quote, price, isForeign }: FiguresInput): readonly BookChange[] {
  const account = state.accounts.get(terms.connector);
  const currency = account?.account.currency ?? "";
  const held = state.positions.get(instrumentKey(terms.connector, terms.symbol))?.quantity ?? ZERO;
  const signed = terms.side === "buy" ? decimal(terms.quantity) : ZERO.minus(decimal(terms.quantity));
  const after = held.plus(signed);
  const multiplier = multiplierOf(state, terms.connector, terms.symbol);
  const mark = isForeign ? undefined : markOf(account?.positions.get(terms.symbol)?.markPrice, quote);
  const nav = account?.account.nav === undefined ? ZERO : decimal(account.account.nav);
  const weight = (quantity: Decimal): DecimalText | null => {
    if (quantity.eq(ZERO)) return text(ZERO);
    return mark === undefined || !nav.gt(ZERO)
      ? null
      : text(ratio(quantity.times(multiplier).times(mark).times(HUNDRED), nav, 2));
  };
  const money = (name: "cash" | "buyingPower" | "settledCash", what: string): BookChange => {
    const before = account?.account[name];
    const isKnown = before !== undefined && price !== undefined && !isForeign;
    const after = isKnown ? rounded(decimal(before).minus(signed.times(multiplier).times(price)), 2) : undefined;
    return { what, before: before ?? null, after: after === undefined ? null : text(after), unit: currency };
  };
  return [
    { what: `${terms.symbol} held`, before: text(held), after: text(after), unit: "" },
    { what: `${terms.symbol} weight`, before: weight(held), after: weight(after), unit: "%" },
    money("cash", "cash"),
    money("buyingPower", "buying power"),
    ...settledChange(money("settledCash", "settled cash"), terms.side),
  ];
}

/** What is sold is not paid at once; what is bought is to be paid. Nothing of a venue that does not state it. */
function settledChange(change: BookChange, side: OrderTerms["side"]): readonly BookChange[] {
  if (change.before === null) return [];
  return [side === "buy" ? change : { ...change, after: change.before }];
}

function markOf(venueMark: string | undefined, quote: VenueQuote | undefined): Decimal | undefined {
  if (venueMark !== undefined) return decimal(venueMark);
  return quote === undefined || !isTwoSided(quote) ? undefined : mid(quote);
}

/** Limit, stop and protection price in percent of the market; empty without a two-sided quote. */
export function priceDistances({ terms, quote }: Pick<FiguresInput, "terms" | "quote">): readonly PriceDistance[] {
  if (quote === undefined || !isTwoSided(quote)) return [];
  const side = terms.side === "buy" ? "ask" : "bid";
  const market = decimal(quote[side]);
  const named = [
    ["limit", terms.limitPrice],
    ["stop", terms.stopPrice],
    ["protection price", terms.protectionPrice],
  ] as const;
  return named.flatMap(([what, price]) =>
    price === undefined || market.eq(ZERO)
      ? []
      : [{ what, price, side, market: text(market), percent: percentOf(decimal(price), market) }],
  );
}

function percentOf(price: Decimal, market: Decimal): DecimalText {
  return text(ratio(price.minus(market).times(HUNDRED), market.abs(), 2));
}

/**
 * The P&L that the order realizes at its likely price, first in, first out; null if it closes no lot, or if a price is
 * not known.
 */
export function realizedEstimate({ state, terms, quote, instrument }: FiguresInput): RealizedEstimate | null {
  const { account, positions } = state.accounts.get(terms.connector) ?? {};
  const held = positions?.get(terms.symbol);
  const position = state.positions.get(instrumentKey(terms.connector, terms.symbol));
  const price = likelyPrice(terms, quote);
  if (position === undefined || price === undefined) return null;
  const sign = terms.side === "sell" ? ONE : ZERO.minus(ONE);
  const amount = closedPnl(position.lots, { sign, quantity: decimal(terms.quantity), price });
  if (amount === undefined) return null;
  return {
    amount: text(rounded(amount.times(position.multiplier), 8)),
    price: text(price),
    unit: instrument?.currency ?? held?.currency ?? account?.currency ?? "",
  };
}

interface LotClosing {
  /** 1 closes long lots, -1 short ones. */
  readonly sign: Decimal;
  readonly quantity: Decimal;
  readonly price: Decimal;
}

/** undefined: no lot is closed, or the price of one is not known. */
function closedPnl(lots: Iterable<Readonly<Lot>>, { sign, quantity, price }: LotClosing): Decimal | undefined {
  let remaining = quantity;
  let pnl: Decimal | undefined;
  for (const lot of lots) {
    if (remaining.eq(ZERO)) break;
    if (lot.quantity.times(sign).lte(ZERO)) continue;
    if (lot.price === undefined) return undefined;
    const closed = min(remaining, lot.quantity.abs());
    const gain = lot.quantity.gt(ZERO) ? price.minus(lot.price) : lot.price.minus(price);
    pnl = (pnl ?? ZERO).plus(closed.times(gain));
    remaining = remaining.minus(closed);
  }
  return pnl;
}

/** A limit order trades at the market if that is better than its limit; a stop order at its trigger. */
function likelyPrice(terms: OrderTerms, quote: VenueQuote | undefined): Decimal | undefined {
  const market = quote === undefined || !isTwoSided(quote) ? undefined : bestPrice(terms, quote);
  if (terms.limitPrice === undefined) return market;
  const limit = decimal(terms.limitPrice);
  if (market === undefined) return limit;
  return terms.side === "buy" ? min(limit, market) : max(limit, market);
}
