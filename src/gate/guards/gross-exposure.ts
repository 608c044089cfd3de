/** The sum of all positions in scope, long and short, each at its worst, is at most this share of NAV. */
import type { DeskState } from "../../domain/desk-state.ts";
import { multiplierOf } from "../../domain/account/multiplier.ts";
import { type InstrumentKey, instrumentKey, instrumentParts } from "../../domain/orders/order.ts";
import type { VenueFill } from "../../domain/market/venue.ts";
import type { GuardScope } from "../../domain/config/guard-config.ts";
import { type Decimal, ZERO, max } from "../../domain/decimal.ts";
import { atMost } from "../../domain/account/exchange-rate.ts";
import { type Available, available, missingInput, pass } from "../check-result.ts";
import { exposureAt, worstLong, worstShort } from "../exposure.ts";
import { connectorsInScope, shareOfNav } from "../nav.ts";
import { foreignCurrency, higherPrice, highestPrice, reservedPrice } from "../valuation.ts";
import type { CheckContext, Guard } from "../check-context.ts";
import type { GateInput } from "../input.ts";

export const grossExposure: Guard<"gross-exposure"> = (options, context) => {
  if (context.reducing) return pass(options.key, "strictly reducing, so it adds no exposure");
  return shareOfNav(context, {
    key: options.key,
    scope: options.scope,
    percent: options.max_pct,
    noun: "worst-case gross exposure",
    part: gross(context, options.scope),
  });
};

interface PricedInstrument {
  readonly connector: string;
  readonly symbol: string;
  /** The highest of all known prices. */
  price: Decimal | undefined;
}

/** The instruments in scope with a position by fills or at a venue, an uncertain fill or an order in flight. */
function instruments({ input }: CheckContext, scope: GuardScope): Map<InstrumentKey, PricedInstrument> {
  const all = new Map<InstrumentKey, PricedInstrument>();
  const counted = new Set(connectorsInScope(input, scope).map(({ connector }) => connector));
  const add = (connector: string, symbol: string, price: string | Decimal | undefined): void => {
    if (!counted.has(connector)) return;
    const key = instrumentKey(connector, symbol);
    const known = all.get(key);
    if (known === undefined) all.set(key, { connector, symbol, price: higherPrice(undefined, price) });
    else known.price = higherPrice(known.price, price);
  };
  for (const { connector, symbol, newestLot } of input.state.positions.values())
    add(connector, symbol, newestLot?.price);
  for (const [connector, account] of input.state.accounts) {
    for (const held of account.positions.values()) add(connector, held.symbol, held.markPrice);
  }
  for (const { terms } of input.state.inFlight.values()) {
    add(terms.connector, terms.symbol, reservedPrice(terms, undefined));
  }
  for (const { connector, fill } of uncertainFills(input.state)) add(connector, fill.symbol, fill.price);
  return all;
}

/** Disputed fills, and external fills since the last mark: they may be real. */
const uncertainFills = function* (
  state: Readonly<DeskState>,
): Generator<{ readonly connector: string; readonly fill: VenueFill }> {
  for (const [key, disputes] of state.disputes)
    for (const { fill } of disputes) yield { connector: instrumentParts(key).connector, fill };
  for (const [key, { fills }] of state.external)
    for (const fill of fills.values()) yield { connector: instrumentParts(key).connector, fill };
};

function foreignPosition(input: GateInput, connector: string, symbol: string): string | undefined {
  const record = input.state.accounts.get(connector);
  const currency = record?.positions.get(symbol)?.currency;
  const instrument = currency === undefined ? undefined : { symbol, currency };
  const { exchange, hostNow: now } = input;
  return foreignCurrency({ connector, symbol, account: record?.account, instrument, exchange, now });
}

function gross(context: CheckContext, scope: GuardScope): Available<Decimal> {
  if ("missing" in context.price) return context.price;
  const { order, state, quote } = context.input;
  const { terms } = order;
  const isBuy = terms.side === "buy";
  const all = instruments(context, scope);
  const own = all.get(instrumentKey(terms.connector, terms.symbol));
  all.delete(instrumentKey(terms.connector, terms.symbol));
  const long = worstLong(context.exposure, isBuy ? context.quantity : ZERO);
  const short = worstShort(context.exposure, isBuy ? ZERO : context.quantity);
  const ownPrice = highestPrice(own?.price, context.price.value, quote?.ask) ?? context.price.value;
  let sum = max(long, short)
    .times(ownPrice)
    .times(multiplierOf(state, terms.connector, terms.symbol));
  for (const [key, { connector, symbol, price }] of all) {
    const exposure = exposureAt(state, { connector, symbol, open: context.open }, key);
    const worst = max(worstLong(exposure), worstShort(exposure));
    // An account without a rate counts zero in the NAV, and so do its positions here.
    const path = context.pathOf(connector);
    if (worst.eq(ZERO) || path === undefined) continue;
    const foreign = foreignPosition(context.input, connector, symbol);
    if (foreign !== undefined) return missingInput(foreign);
    if (price === undefined) return missingInput(`${symbol} at ${connector} has no price`);
    const value = worst.times(price).times(multiplierOf(state, connector, symbol));
    sum = sum.plus(atMost(value, path));
  }
  return available(sum);
}
