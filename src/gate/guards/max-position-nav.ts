/**
 * The worst-case position after the order is at most this share of NAV: the held quantity plus working, unknown and
 * approved orders, with buys never netted against sells. With `scope = "desk"` the same symbol on other connectors is
 * added. Only the side that the order increases counts, so that a position that has grown too large can always be
 * reduced.
 */
import { type Decimal, ZERO } from "../../domain/decimal.ts";
import type { GuardScope } from "../../domain/guard-config.ts";
import { type Available, available } from "../check-result.ts";
import { exposureOf, worstLong, worstShort } from "../exposure.ts";
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
  const mark = state.accounts.get(connector)?.positions.get(symbol)?.markPrice;
  const ask = "value" in context.quote ? context.quote.value.ask : undefined;
  const price = highestPrice([context.price.value.toFixed(), ask, mark]) ?? context.price.value;
  if (own.eq(ZERO)) return available(ZERO);
  return available(own.plus(elsewhere(context, scope)).times(price));
}

/**
 * The worst case of the same side and symbol at the other connectors in scope. Case is ignored: `aapl` and `AAPL` are
 * one company.
 */
function elsewhere(context: CheckContext, scope: GuardScope): Decimal {
  const { order, state } = context.input;
  const wanted = order.terms.symbol.toUpperCase();
  const seen = new Set<string>();
  const counted = new Set(connectorsInScope(context.input, scope).map(({ connector: name }) => name));
  let sum = ZERO;
  const add = (connector: string, symbol: string): void => {
    const key = `${connector}/${symbol}`;
    const isOwn = connector === order.terms.connector && symbol === order.terms.symbol;
    if (isOwn || !counted.has(connector) || symbol.toUpperCase() !== wanted || seen.has(key)) return;
    seen.add(key);
    const exposure = exposureOf(state, connector, symbol, order.id);
    sum = sum.plus(order.terms.side === "buy" ? worstLong(exposure) : worstShort(exposure));
  };
  for (const position of state.positions.values()) add(position.connector, position.symbol);
  for (const [connector, account] of state.accounts)
    for (const symbol of account.positions.keys()) add(connector, symbol);
  for (const other of state.inFlight.values()) add(other.terms.connector, other.terms.symbol);
  return sum;
}
