/**
 * The worst-case position after the order is at most this share of NAV: the held quantity plus working, unknown and
 * approved orders, with buys never netted against sells. With `scope = "desk"` the same instrument on other
 * connectors is added. Only the side that the order increases counts, so that a position that has grown too large
 * can always be reduced.
 */
import type { DeskState } from "../../domain/desk-state.ts";
import { type Decimal, ZERO, decimal } from "../../domain/decimal.ts";
import { atMost } from "../../domain/exchange-rate.ts";
import { multiplierOf } from "../../domain/multiplier.ts";
import type { GuardScope } from "../../domain/guard-config.ts";
import { type Available, available } from "../check-result.ts";
import { spellingsOf, worstLong, worstOfInstrument, worstShort } from "../exposure.ts";
import { connectorsInScope, shareOfNav } from "../nav.ts";
import { highestPrice } from "../valuation.ts";
import type { CheckContext, Guard } from "../check-context.ts";

export const maxPositionNav: Guard<"max-position-nav"> = (options, context) =>
  shareOfNav(context, {
    key: options.key,
    scope: options.scope,
    percent: options.max_pct,
    noun: `worst-case position in ${context.input.order.terms.symbol}`,
    part: worstValue(context, options.scope),
  });

function worstValue(context: CheckContext, scope: GuardScope): Available<Decimal> {
  if ("missing" in context.price) return context.price;
  const { order, state } = context.input;
  const { connector, symbol, side } = order.terms;
  const own =
    side === "buy" ? worstLong(context.exposure, context.quantity) : worstShort(context.exposure, context.quantity);
  if (own.eq(ZERO)) return available(ZERO);
  const orderPrice = context.price.value;
  const ask = "value" in context.quote ? context.quote.value.ask : undefined;
  let sum = ZERO;
  for (const { connector: name } of connectorsInScope(context.input, scope)) {
    const more = name === connector ? context.quantity : ZERO;
    const worst = worstOfInstrument(state, { connector: name, symbol, side, more, open: context.open });
    const path = context.pathOf(name);
    // A mark in money that cannot be compared is left out: it is the same instrument, and the order has a price.
    const marks = path === undefined ? [] : marksAt(state, name, symbol).map((mark) => atMost(mark, path));
    const units = worst.times(multiplierOf(state, name, symbol));
    sum = sum.plus(units.times(highestPrice([orderPrice, ask, ...marks]) ?? orderPrice));
  }
  return available(sum);
}

/** The marks of the instrument at one connector, in all its spellings. */
function marksAt(state: Readonly<DeskState>, connector: string, symbol: string): readonly Decimal[] {
  const positions = state.accounts.get(connector)?.positions;
  return [...spellingsOf(state, connector, symbol)].flatMap((spelling) => {
    const mark = positions?.get(spelling)?.markPrice;
    return mark === undefined ? [] : [decimal(mark)];
  });
}
