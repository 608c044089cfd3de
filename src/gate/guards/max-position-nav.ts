/**
 * The worst-case position after the order is at most this share of NAV: the held quantity plus working, unknown and
 * approved orders, with buys never netted against sells. Other instruments and balances of the same asset are added;
 * with `scope = "desk"` those on other connectors as well. Only the side that the order increases counts, so that a
 * position that has grown too large can always be reduced.
 */
import { type AssetKey, assetOf, assetOfBalance } from "../../domain/market/asset.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { type Decimal, ZERO, decimal, max } from "../../domain/decimal.ts";
import { atMost } from "../../domain/account/exchange-rate.ts";
import { multiplierOf } from "../../domain/account/multiplier.ts";
import type { GuardScope } from "../../domain/config/guard-config.ts";
import { type Available, available } from "../check-result.ts";
import { sameAssetAt, spellingsOf, worstLong, worstOfInstrument, worstShort } from "../exposure.ts";
import { connectorsInScope, shareOfNav } from "../nav.ts";
import { highestPrice } from "../valuation.ts";
import type { CheckContext, Guard } from "../check-context.ts";

export const maxPositionNav: Guard<"max-position-nav"> = (options, context) => {
  const { connector, symbol } = context.input.order.terms;
  const asset = assetOf(context.input.state, connector, symbol);
  const worst = worstCase(context, options.scope, asset);
  const isAlone = connectorsInScope(context.input, options.scope).length === 1;
  return shareOfNav(context, {
    key: options.key,
    scope: options.scope,
    percent: options.max_pct,
    noun: `worst-case position in ${symbol}${partsNote(worst, asset !== undefined || isAlone)}`,
    part: "missing" in worst ? worst : available(worst.value.sum),
  });
};

interface WorstPosition {
  readonly sum: Decimal;
  /** The other instruments and balances that count. */
  readonly others: readonly string[];
}

const NAMED_MAX = 4;

/** Which other holdings count, or that the asset is not known. */
function partsNote(worst: Available<WorstPosition>, isKnown: boolean): string {
  if ("missing" in worst) return "";
  const { others } = worst.value;
  if (others.length > 0) {
    const more = others.length - NAMED_MAX;
    return ` with ${others.slice(0, NAMED_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  }
  return isKnown ? "" : " (the venue states no asset: elsewhere the same symbol counts)";
}

function worstCase(context: CheckContext, scope: GuardScope, asset: AssetKey | undefined): Available<WorstPosition> {
  if ("missing" in context.price) return context.price;
  const { connector, symbol, side } = context.input.order.terms;
  const own =
    side === "buy" ? worstLong(context.exposure, context.quantity) : worstShort(context.exposure, context.quantity);
  if (own.eq(ZERO)) return available({ sum: ZERO, others: [] });
  let sum = ZERO;
  const others: string[] = [];
  const add = (name: string, part: string, value: Decimal): void => {
    sum = sum.plus(value);
    if (!value.eq(ZERO) && (name !== connector || part !== symbol)) others.push(`${part} at ${name}`);
  };
  for (const { connector: name } of connectorsInScope(context.input, scope)) {
    for (const part of sameAssetAt(context.input.state, name, { symbol, asset }))
      add(name, part, worstOfPart(context, { connector: name, symbol: part }, context.price.value));
    for (const [code, value] of balancesOf(context, name, { asset, price: context.price.value }))
      add(name, code, value);
  }
  return available({ sum, others });
}

/** One instrument in all its spellings, at the highest known price. */
function worstOfPart(
  context: CheckContext,
  { connector, symbol }: { readonly connector: string; readonly symbol: string },
  orderPrice: Decimal,
): Decimal {
  const { state, order } = context.input;
  const { terms } = order;
  const more = connector === terms.connector && symbol === terms.symbol ? context.quantity : ZERO;
  const spellings = spellingsOf(state, connector, symbol);
  const worst = worstOfInstrument(state, { connector, symbol, spellings, side: terms.side, more, open: context.open });
  if (worst.eq(ZERO)) return ZERO;
  const ask = "value" in context.quote ? context.quote.value.ask : undefined;
  const path = context.pathOf(connector);
  // A mark in money that cannot be compared is left out: it is the same asset, and the order has a price.
  const marks = path === undefined ? [] : marksAt(state, connector, spellings).map((mark) => atMost(mark, path));
  return worst
    .times(multiplierOf(state, connector, symbol))
    .times(highestPrice(orderPrice, ask, ...marks) ?? orderPrice);
}

/** The asset as a balance of an account: held on the side of the order. */
function balancesOf(
  { input: { state, order } }: CheckContext,
  connector: string,
  { asset, price }: { readonly asset: AssetKey | undefined; readonly price: Decimal },
): readonly (readonly [code: string, value: Decimal])[] {
  if (asset === undefined) return [];
  return (state.accounts.get(connector)?.account.balances ?? []).flatMap(({ currency, total }) => {
    if (assetOfBalance(currency) !== asset) return [];
    const held = decimal(total);
    return [[currency, max(ZERO, order.terms.side === "buy" ? held : ZERO.minus(held)).times(price)] as const];
  });
}

/** The marks of the instrument at one connector, in all its spellings. */
function marksAt(state: Readonly<DeskState>, connector: string, spellings: ReadonlySet<string>): readonly Decimal[] {
  const positions = state.accounts.get(connector)?.positions;
  return [...spellings].flatMap((spelling) => {
    const mark = positions?.get(spelling)?.markPrice;
    return mark === undefined ? [] : [decimal(mark)];
  });
}
