/** The part of a change of the NAV that neither price moves nor trades explain: money that was paid in or out. */
import { type Decimal, ONE, ZERO, decimal, quotient } from "../decimal.ts";
import { comparableSymbol } from "../orders/order.ts";
import type { TradeSum, TradeSums } from "./trade-sums.ts";
import type { VenueAccount, VenuePosition } from "../market/venue.ts";
import { type AwaitedMoney, shownBy } from "./venue-money.ts";

/** The mark that a change is measured from. */
export interface NavBase {
  readonly account: VenueAccount;
  readonly nav: Decimal;
  readonly positions: ReadonlyMap<string, VenuePosition>;
}

/** Changes of the NAV up to this part, 1 / 200, need no explanation: fees, funding and rounding. */
const NOISE = decimal("200");

export function isNoise(change: Decimal, nav: Decimal): boolean {
  return change.abs().times(NOISE).lte(nav.abs());
}

/** One instrument in all its spellings. */
interface NavPart {
  before: Decimal;
  now: Decimal;
  markBefore: Decimal | undefined;
  markNow: Decimal | undefined;
}

export interface NavReading {
  readonly account: VenueAccount;
  readonly positions: readonly VenuePosition[];
  /** Since the base. */
  readonly trades: TradeSums | undefined;
  /** Of an instrument, by {@link comparableSymbol}. Default: 1. */
  readonly multiplierOf?: ((symbol: string) => Decimal) | undefined;
}

interface Explanations {
  /** What orders in flight may hold: a change up to this amount needs no explanation. */
  readonly held?: Decimal | undefined;
  /** Money of activities that may be in the account now. */
  readonly awaited?: readonly AwaitedMoney[] | undefined;
}

/** The change that neither trades, prices nor activities explain; 0 if it is noise, undefined if it is not known. */
export function unexplainedChange(
  base: NavBase,
  reading: NavReading,
  { held = ZERO, awaited = [] }: Explanations = {},
): Decimal | undefined {
  const whole = changeWithoutTrades(base, reading);
  if (whole === undefined) return undefined;
  const change = awaited.length === 0 ? whole : shownBy(whole, awaited).rest;
  return change.abs().lte(held) || isNoise(change, base.nav) ? ZERO : change;
}

/**
 * Undefined if it is not known: a position lacks a mark or has another currency than the account. A trade moves the NAV
 * by the difference of its price and the mark. A quantity that changed without a fill counts as traded at the mark, so
 * that a deposit of coins is a change that nothing explains.
 */
export function changeWithoutTrades(
  base: NavBase,
  { account, positions, trades, multiplierOf = () => ONE }: NavReading,
): Decimal | undefined {
  const { currency } = account;
  if (currency !== base.account.currency) return undefined;
  if ((account.unvalued?.length ?? 0) !== (base.account.unvalued?.length ?? 0)) return undefined;
  const all = [...base.positions.values(), ...positions].filter(({ quantity }) => quantity !== "0");
  if (all.some((position) => (position.currency ?? currency) !== currency)) return undefined;
  const parts = partsOf(base, positions);
  if (!addBalances(parts, base.account, account)) return undefined;
  let change = decimal(account.nav).minus(base.nav);
  change = change.plus(trades?.feesIn(currency) ?? ZERO);
  for (const symbol of trades?.bySymbol.keys() ?? []) partOf(parts, symbol);
  for (const [symbol, part] of parts) {
    const explained = explainedBy(part, trades?.bySymbol.get(symbol));
    if (explained === undefined) return undefined;
    change = change.minus(explained.times(multiplierOf(symbol)));
  }
  return change;
}

function partOf(parts: Map<string, NavPart>, symbol: string): NavPart {
  const key = comparableSymbol(symbol);
  const known = parts.get(key);
  if (known !== undefined) return known;
  const part: NavPart = { before: ZERO, now: ZERO, markBefore: undefined, markNow: undefined };
  parts.set(key, part);
  return part;
}

function partsOf(base: NavBase, positions: readonly VenuePosition[]): Map<string, NavPart> {
  const parts = new Map<string, NavPart>();
  for (const { symbol, quantity, markPrice } of base.positions.values()) {
    const part = partOf(parts, symbol);
    part.before = part.before.plus(decimal(quantity));
    part.markBefore ??= markPrice === undefined ? undefined : decimal(markPrice);
  }
  for (const { symbol, quantity, markPrice } of positions) {
    const part = partOf(parts, symbol);
    part.now = part.now.plus(decimal(quantity));
    part.markNow ??= markPrice === undefined ? undefined : decimal(markPrice);
  }
  return parts;
}

/**
 * Cash in other currencies, by its rates. Returns false if a balance that the NAV contains now was left out before, or
 * the other way round.
 */
function addBalances(parts: Map<string, NavPart>, before: VenueAccount, now: VenueAccount): boolean {
  const known = new Map((before.balances ?? []).map((balance) => [balance.currency, balance]));
  const found = new Map((now.balances ?? []).map((balance) => [balance.currency, balance]));
  for (const currency of new Set([...known.keys(), ...found.keys()])) {
    const [earlier, later] = [known.get(currency), found.get(currency)];
    const isBoth = earlier !== undefined && later !== undefined;
    if (isBoth && (earlier.rate === undefined) !== (later.rate === undefined)) return false;
    const [rateBefore, rateNow] = [earlier?.rate ?? later?.rate, later?.rate ?? earlier?.rate];
    if (rateBefore === undefined || rateNow === undefined) continue;
    // No instrument has a space in its name.
    parts.set(`${currency} cash`, {
      before: decimal(earlier?.total ?? "0"),
      now: decimal(later?.total ?? "0"),
      markBefore: decimal(rateBefore),
      markNow: decimal(rateNow),
    });
  }
  return true;
}

const NO_TRADE: Readonly<TradeSum> = { traded: ZERO, cost: ZERO, lastPrice: undefined };

/** undefined if a mark is missing. */
function explainedBy(
  { before, now, markBefore, markNow }: NavPart,
  { traded, cost, lastPrice }: Readonly<TradeSum> = NO_TRADE,
): Decimal | undefined {
  if (!before.eq(ZERO) && markBefore === undefined) return undefined;
  if (!now.eq(ZERO) && markNow === undefined) return undefined;
  // A closed position has no mark any more.
  const mark = markNow ?? lastPrice ?? markBefore ?? ZERO;
  const moved = before.times(mark.minus(markBefore ?? ZERO));
  const change = now.minus(before);
  if (change.eq(traded)) return moved.plus(change.times(mark)).minus(cost);
  // The fills and the positions are of different moments.
  return traded.eq(ZERO) ? moved : moved.plus(change.times(mark.minus(quotient(cost, traded))));
}
