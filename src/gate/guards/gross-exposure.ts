/** The sum of all positions, long and short, each at its worst, is at most this share of NAV. */
import { type InstrumentKey, instrumentKey } from "../../domain/order.ts";
import { type Decimal, ZERO, max } from "../../domain/decimal.ts";
import { type Available, available, missingInput, pass } from "../check-result.ts";
import { exposureOf, worstLong, worstShort } from "../exposure.ts";
import { shareOfNav } from "../nav.ts";
import { highestPrice, reservedPrice } from "../valuation.ts";
import type { CheckContext, Guard } from "../check-context.ts";

export const grossExposure: Guard<"gross-exposure"> = (options, context) => {
  if (context.reducing) return pass(options.key, "strictly reducing, so it adds no exposure");
  return shareOfNav(context, {
    key: options.key,
    percent: options.max_pct,
    noun: "gross exposure, at worst",
    part: gross(context),
  });
};

interface Instrument {
  readonly connector: string;
  readonly symbol: string;
  /** All known prices; the highest counts. */
  readonly prices: (string | undefined)[];
}

/** All instruments with a position by fills, a position at a venue, or an order in flight. */
function instruments({ input }: CheckContext): Map<InstrumentKey, Instrument> {
  const all = new Map<InstrumentKey, Instrument>();
  const at = (connector: string, symbol: string): Instrument => {
    const key = instrumentKey(connector, symbol);
    const instrument = all.get(key) ?? { connector, symbol, prices: [] };
    all.set(key, instrument);
    return instrument;
  };
  for (const { connector, symbol, lots } of input.state.positions.values())
    at(connector, symbol).prices.push(lots.at(-1)?.price.toFixed());
  for (const [connector, account] of input.state.accounts) {
    for (const held of account.positions.values()) at(connector, held.symbol).prices.push(held.markPrice);
  }
  for (const { terms } of input.state.inFlight.values()) {
    at(terms.connector, terms.symbol).prices.push(reservedPrice(terms, undefined)?.toFixed());
  }
  return all;
}

function gross(context: CheckContext): Available<Decimal> {
  if ("missing" in context.price) return context.price;
  const { order, state, quote } = context.input;
  const { terms } = order;
  const isBuy = terms.side === "buy";
  const all = instruments(context);
  const own = all.get(instrumentKey(terms.connector, terms.symbol));
  all.delete(instrumentKey(terms.connector, terms.symbol));
  const long = worstLong(context.exposure, isBuy ? context.quantity : ZERO);
  const short = worstShort(context.exposure, isBuy ? ZERO : context.quantity);
  const ownPrice =
    highestPrice([...(own?.prices ?? []), context.price.value.toFixed(), quote?.ask]) ?? context.price.value;
  let sum = max(long, short).times(ownPrice);
  for (const { connector, symbol, prices } of all.values()) {
    const exposure = exposureOf(state, connector, symbol, order.id);
    const worst = max(worstLong(exposure), worstShort(exposure));
    if (worst.eq(ZERO)) continue;
    const price = highestPrice(prices);
    if (price === undefined) return missingInput(`${symbol} at ${connector} has no price`);
    sum = sum.plus(worst.times(price));
  }
  return available(sum);
}
