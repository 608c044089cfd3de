/** The available buying power of a connector: its reported amount less fills and reservations since then. */
import type { AccountRecord } from "../domain/account/account.ts";
import { isSameCode, pairOf } from "../domain/account/currency.ts";
import { pegBetween } from "../domain/account/exchange-rate.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { type Decimal, ZERO, decimal, max, min } from "../domain/decimal.ts";
import { type OrderRecord, leaves } from "../domain/orders/order-state.ts";
import type { PositionRecord } from "../domain/account/position.ts";
import type { VenueAccount, VenueBalance } from "../domain/market/venue.ts";
import { type Available, available, missingInput } from "./check-result.ts";
import type { CheckContext } from "./check-context.ts";
import { exposureAt } from "./exposure.ts";
import type { GateInput } from "./input.ts";
import { knownDecimal } from "./known-decimal.ts";
import { highestPrice, reservedUnit } from "./valuation.ts";

/** What pays an order whose price is in another currency than the account's, which a peg of [fx] makes the same. */
export interface PeggedMoney {
  /** Of the price. */
  readonly currency: string;
  /** The operator's words: `USDT=USD`. */
  readonly peg: string;
  /**
   * The account's balance in that currency. A venue takes no other money for the order, so nothing is added to it.
   * Absent if the account states none: then its buying power pays.
   */
  readonly balance?: VenueBalance | undefined;
}

/** undefined: the price is in the account's currency, or no peg holds. */
export function peggedMoney({ state, order, instrument, exchange, hostNow }: GateInput): PeggedMoney | undefined {
  const { connector, symbol } = order.terms;
  const account = state.accounts.get(connector)?.account;
  const currency = instrument?.currency ?? pairOf(symbol)?.quote;
  if (account === undefined || currency === undefined) return undefined;
  const peg = pegBetween(exchange, { from: currency, to: account.currency, now: hostNow, connector });
  if (peg === undefined) return undefined;
  return { currency, peg: `${peg.base}=${peg.quote}`, balance: balanceIn(account, currency) };
}

function balanceIn(account: VenueAccount, currency: string): VenueBalance | undefined {
  if (isSameCode(currency, account.currency)) return undefined;
  return account.balances?.find((balance) => isSameCode(balance.currency, currency));
}

/** Whether trades in a symbol are paid with this money. Of a symbol that names no pair it is not known: they count. */
function isPaidWith(account: VenueAccount | undefined, pegged: PeggedMoney | undefined, symbol: string): boolean {
  const quote = pairOf(symbol)?.quote;
  if (account === undefined || quote === undefined) return true;
  return balanceIn(account, quote) === pegged?.balance;
}

/**
 * Buying power before reservations: the smaller of the last mark and a fresh query, less the cost of fills since the
 * mark. A fill that arrived during the query is therefore always counted, whether or not the response includes it. A
 * balance in another currency is that of the mark.
 */
export function reportedPower(input: GateInput, pegged?: PeggedMoney): Available<Decimal> {
  const { connector } = input.order.terms;
  const record = input.state.accounts.get(connector);
  if (record === undefined) return missingInput(`${connector} has not reported its account yet`);
  const spent = spentSinceMark(
    input.state,
    record,
    (position) => position.connector === connector && isPaidWith(record.account, pegged, position.symbol),
  );
  if ("missing" in spent) return spent;
  const { balance } = pegged ?? {};
  const marked = decimal(balance === undefined ? record.account.buyingPower : (balance.free ?? balance.total));
  const isAsked = balance === undefined && input.buyingPower !== undefined;
  const reported = isAsked ? min(decimal(input.buyingPower ?? "0"), marked) : marked;
  return available(reported.minus(spent.value));
}

/**
 * The buying power that orders in flight reserve. If the reported amount already excludes open orders, an order is
 * skipped if the venue accepted it before the report. An approved, submitting or unknown order is never skipped.
 */
export function reservedCash({ input, others, open }: CheckContext, pegged?: PeggedMoney): Available<Decimal> {
  const { state } = input;
  const { connector } = input.order.terms;
  const account = state.accounts.get(connector);
  const { balance } = pegged ?? {};
  // What is free of a balance excludes what open orders hold.
  const isFree = balance?.free !== undefined;
  const nets = balance === undefined ? input.connector.capabilities.buyingPowerNetsOpenOrders === true : isFree;
  const askedAt = balance === undefined ? input.buyingPowerSeq : undefined;
  const asOf = Math.min(account?.markedSeq ?? 0, askedAt ?? Number.POSITIVE_INFINITY);
  let sum = ZERO;
  const sells = new Map<string, Decimal>();
  for (const order of others) {
    if (order.terms.connector !== connector || (nets && acceptedBy(order, asOf))) continue;
    if (!isPaidWith(account?.account, pegged, order.terms.symbol)) continue;
    const unit = reservedUnit(state, order.terms);
    if (unit === undefined) return missingInput(`order ${order.id} is in flight and has no price for its reservation`);
    if (order.terms.side === "buy") sum = sum.plus(leaves(order).times(unit));
    else sells.set(order.terms.symbol, max(sells.get(order.terms.symbol) ?? ZERO, unit));
  }
  for (const [symbol, unit] of sells) {
    const { low, sells: selling } = exposureAt(state, { connector, symbol, open });
    const short = max(ZERO, selling.minus(max(ZERO, low)));
    sum = sum.plus(short.times(unit));
  }
  return available(sum);
}

function acceptedBy(order: Readonly<OrderRecord>, seq: number): boolean {
  return (
    (order.state === "accepted" || order.state === "partially_filled") &&
    order.history.some(
      (entry) => (entry.state === "accepted" || entry.state === "partially_filled") && entry.seq <= seq,
    )
  );
}

/**
 * The cost of fills since the connector's last mark. If the position has grown beyond the mark, the cost of its newest
 * lots; if it has become shorter, the difference at the highest known price. Proceeds of sales count from the next mark
 * on.
 */
function spentSinceMark(
  state: Readonly<DeskState>,
  account: AccountRecord,
  counts: (position: Readonly<PositionRecord>) => boolean,
): Available<Decimal> {
  let spent = ZERO;
  for (const position of state.positions.values()) {
    if (!counts(position)) continue;
    const held = account.positions.get(position.symbol);
    const grown = position.quantity.minus(held === undefined ? ZERO : knownDecimal(held.quantity));
    if (grown.eq(ZERO)) continue;
    const price = highestPrice(held?.markPrice, position.newestLot?.price, lastFillPrice(position));
    const cost = grown.gt(ZERO) ? costOfNewest(position, grown, price) : shortened(position, grown, price);
    if (cost === undefined) return missingInput(`trades in ${position.symbol} since the last mark have no price`);
    spent = spent.plus(cost.times(position.multiplier));
  }
  return available(spent);
}

function lastFillPrice(position: Readonly<PositionRecord>): string | Decimal | undefined {
  const last = position.movements.at(-1);
  if (last === undefined) return undefined;
  if ("fill" in last) return last.fill.price;
  return "price" in last ? last.price : undefined;
}

function costOfNewest(
  position: Readonly<PositionRecord>,
  grown: Decimal,
  price: Decimal | undefined,
): Decimal | undefined {
  let [rest, cost] = [grown, ZERO];
  for (const lot of position.lotsNewestFirst) {
    if (rest.lte(ZERO) || lot.quantity.lte(ZERO)) break;
    const take = min(rest, lot.quantity);
    const unit = lot.price ?? price;
    if (unit === undefined) return undefined;
    cost = cost.plus(take.times(unit));
    rest = rest.minus(take);
  }
  if (rest.eq(ZERO)) return cost;
  return price === undefined ? undefined : cost.plus(rest.times(price));
}

function shortened(
  position: Readonly<PositionRecord>,
  grown: Decimal,
  price: Decimal | undefined,
): Decimal | undefined {
  const short = min(ZERO.minus(grown), max(ZERO, ZERO.minus(position.quantity)));
  if (short.eq(ZERO)) return ZERO;
  return price?.times(short);
}
