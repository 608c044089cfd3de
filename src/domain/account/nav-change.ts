/** The part of a change of the NAV that neither price moves nor trades explain: money that was paid in or out. */
import { type Decimal, ONE, ZERO, decimal, quotient } from "../decimal.ts";
import { joinedBalances } from "./joined-balances.ts";
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
/** What exchange rates may have moved between two marks, as a part of what is held in other currencies: 1 / 100. */
const RATE_MOVE = decimal("100");

export function isNoise(change: Decimal, nav: Decimal): boolean {
  return change.abs().times(NOISE).lte(nav.abs());
}

/** One instrument in all its spellings. */
interface NavPart {
  before: Decimal;
  now: Decimal;
  markBefore: Decimal | undefined;
  markNow: Decimal | undefined;
  /** The price of a unit of its currency in that of the account; undefined if it is not known. */
  rate: Decimal | undefined;
  /** The NAV leaves the position out, before or now. */
  isUnvalued: boolean;
}

export interface NavReading {
  readonly account: VenueAccount;
  readonly positions: readonly VenuePosition[];
  /** Since the base. */
  readonly trades: TradeSums | undefined;
  /** Of an instrument, by {@link comparableSymbol}. Default: 1. */
  readonly multiplierOf?: ((symbol: string) => Decimal) | undefined;
  /** The price of a unit of a currency in that of the account. Default: not known. */
  readonly rateOf?: ((currency: string) => Decimal | undefined) | undefined;
}

interface Explanations {
  /** What orders in flight may hold: a change up to this amount needs no explanation. */
  readonly held?: Decimal | undefined;
  /** Money of activities that may be in the account now. */
  readonly awaited?: readonly AwaitedMoney[] | undefined;
}

/**
 * The change that neither trades, prices nor activities explain; 0 if it is noise, undefined if the account has another
 * currency.
 */
export function unexplainedChange(
  base: NavBase,
  reading: NavReading,
  { held = ZERO, awaited = [] }: Explanations = {},
): Decimal | undefined {
  const whole = changeWithoutTrades(base, reading);
  if (whole === undefined) return undefined;
  const change = awaited.length === 0 ? whole : shownBy(whole, awaited).rest;
  const open = held.plus(ratesMayMove(base, reading));
  return change.abs().lte(open) || isNoise(change, base.nav) ? ZERO : change;
}

/** The rates at the base are not known: what is held in other currencies counts by the rates of now. */
function ratesMayMove(base: NavBase, { account, positions, multiplierOf = () => ONE, rateOf }: NavReading): Decimal {
  let sum = ZERO;
  for (const { symbol, quantity, markPrice, currency = account.currency } of positions) {
    const mark = markPrice ?? base.positions.get(symbol)?.markPrice;
    const rate = currency === account.currency || mark === undefined ? undefined : rateOf?.(currency);
    if (rate === undefined || mark === undefined) continue;
    sum = sum.plus(decimal(quantity).times(decimal(mark)).times(multiplierOf(symbol)).times(rate).abs());
  }
  return quotient(sum, RATE_MOVE);
}

/**
 * Undefined if the account has another currency. A trade moves the NAV by the difference of its price and the mark. A
 * quantity that changed without a fill counts as traded at the mark, so that a deposit of coins is a change that
 * nothing explains. Of a position without a mark, or without an exchange rate, no price move explains anything: a jump
 * of the NAV beside it may be money that was paid in.
 */
export function changeWithoutTrades(base: NavBase, reading: NavReading): Decimal | undefined {
  const { account, trades, multiplierOf = () => ONE } = reading;
  const { currency } = account;
  if (currency !== base.account.currency) return undefined;
  const parts = partsOf(base, reading);
  addBalances(parts, base.account, account);
  let change = decimal(account.nav).minus(base.nav).minus(joinedBalances(base.account, account));
  change = change.plus(trades?.feesIn(currency) ?? ZERO);
  for (const symbol of trades?.bySymbol.keys() ?? []) partOf(parts, symbol);
  for (const [symbol, part] of parts) {
    const explained = explainedBy(part, trades?.bySymbol.get(symbol));
    if (part.rate !== undefined) change = change.minus(explained.times(multiplierOf(symbol)).times(part.rate));
  }
  return change;
}

function partOf(parts: Map<string, NavPart>, symbol: string): NavPart {
  const key = comparableSymbol(symbol);
  const known = parts.get(key);
  if (known !== undefined) return known;
  const part: NavPart = {
    before: ZERO,
    now: ZERO,
    markBefore: undefined,
    markNow: undefined,
    rate: ONE,
    isUnvalued: false,
  };
  parts.set(key, part);
  return part;
}

function partsOf(base: NavBase, { account, positions, rateOf }: NavReading): Map<string, NavPart> {
  const parts = new Map<string, NavPart>();
  const held = [
    { positions: base.positions.values(), isNow: false },
    { positions, isNow: true },
  ];
  for (const { positions: list, isNow } of held)
    for (const { symbol, quantity, markPrice, currency = account.currency } of list) {
      const part = partOf(parts, symbol);
      const mark = markPrice === undefined ? undefined : decimal(markPrice);
      if (currency !== account.currency) part.rate = rateOf?.(currency);
      if (isNow) {
        part.now = part.now.plus(decimal(quantity));
        part.markNow ??= mark;
      } else {
        part.before = part.before.plus(decimal(quantity));
        part.markBefore ??= mark;
      }
    }
  for (const { symbol } of [...(base.account.unvalued ?? []), ...(account.unvalued ?? [])]) {
    const part = parts.get(comparableSymbol(symbol));
    if (part !== undefined) part.isUnvalued = true;
  }
  return parts;
}

/** Cash in other currencies, by its rates. That with a rate on one side only is {@link joinedBalances}. */
function addBalances(parts: Map<string, NavPart>, before: VenueAccount, now: VenueAccount): void {
  const known = new Map((before.balances ?? []).map((balance) => [balance.currency, balance]));
  const found = new Map((now.balances ?? []).map((balance) => [balance.currency, balance]));
  for (const currency of new Set([...known.keys(), ...found.keys()])) {
    const [earlier, later] = [known.get(currency), found.get(currency)];
    const isBoth = earlier !== undefined && later !== undefined;
    if (isBoth && (earlier.rate === undefined) !== (later.rate === undefined)) continue;
    const [rateBefore, rateNow] = [earlier?.rate ?? later?.rate, later?.rate ?? earlier?.rate];
    if (rateBefore === undefined || rateNow === undefined) continue;
    // No instrument has a space in its name.
    parts.set(`${currency} cash`, {
      before: decimal(earlier?.total ?? "0"),
      now: decimal(later?.total ?? "0"),
      markBefore: decimal(rateBefore),
      markNow: decimal(rateNow),
      rate: ONE,
      isUnvalued: false,
    });
  }
}

const NO_TRADE: Readonly<TradeSum> = { traded: ZERO, cost: ZERO, lastPrice: undefined };

/** A mark that is missing on one side is that of the other one: nothing says that the price moved. */
function explainedBy(
  { before, now, markBefore, markNow, isUnvalued }: NavPart,
  { traded, cost, lastPrice }: Readonly<TradeSum> = NO_TRADE,
): Decimal {
  const change = now.minus(before);
  if (isUnvalued) return change.eq(traded) ? ZERO.minus(cost) : ZERO;
  // A closed position has no mark any more.
  const mark = markNow ?? lastPrice ?? markBefore ?? ZERO;
  const moved = before.times(mark.minus(markBefore ?? mark));
  if (change.eq(traded)) return moved.plus(change.times(mark)).minus(cost);
  // The fills and the positions are of different moments.
  return traded.eq(ZERO) ? moved : moved.plus(change.times(mark.minus(quotient(cost, traded))));
}
