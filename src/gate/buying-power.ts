/** The money a connector has left: what it reported, less what the desk has promised or spent since. */
import type { AccountRecord } from "../domain/account.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { type Decimal, ZERO, decimal, max, min } from "../domain/decimal.ts";
import type { OrderId } from "../domain/ids.ts";
import { type OrderRecord, leaves } from "../domain/order-state.ts";
import type { PositionRecord } from "../domain/position.ts";
import { type Available, available, missingInput } from "./check-result.ts";
import { exposureOf, othersInFlight } from "./exposure.ts";
import type { GateInput } from "./input.ts";
import { highestPrice, reservedPrice } from "./valuation.ts";

/**
 * Buying power before reservations: the last mark's, or a fresh answer where that is less, without what fills have taken
 * since the mark. A fill that came in while the connector was being asked is thus counted, whether or not the answer knew.
 */
export function reportedPower(input: GateInput): Available<Decimal> {
  const { connector } = input.order.terms;
  const account = input.state.accounts.get(connector);
  if (account === undefined) return missingInput(`${connector} has not reported its account yet`);
  const spent = spentSinceMark(input.state, connector, account);
  if ("missing" in spent) return spent;
  const marked = decimal(account.account.buyingPower);
  const reported = input.buyingPower === undefined ? marked : min(decimal(input.buyingPower), marked);
  return available(reported.minus(spent.value));
}

/**
 * What orders in flight will take of it. Where the connector's figure already nets open orders, those that the venue had
 * acknowledged before it gave the figure are left out; one that is approved, submitting or unknown never is.
 */
export function reservedCash(input: GateInput, except: OrderId): Available<Decimal> {
  const { state } = input;
  const { connector } = input.order.terms;
  const account = state.accounts.get(connector);
  const nets = input.connector.capabilities.buyingPowerNetsOpenOrders === true;
  const asOf = Math.min(account?.markedSeq ?? 0, input.buyingPowerSeq ?? Number.POSITIVE_INFINITY);
  let sum = ZERO;
  const sells = new Map<string, Decimal>();
  for (const order of othersInFlight(state, except)) {
    if (order.terms.connector !== connector || (nets && acceptedBy(order, asOf))) continue;
    const price = reservedPrice(order.terms, account?.positions.get(order.terms.symbol)?.markPrice);
    if (price === undefined) return missingInput(`order ${order.id} in flight has no price to reserve money at`);
    if (order.terms.side === "buy") sum = sum.plus(leaves(order).times(price));
    else sells.set(order.terms.symbol, max(sells.get(order.terms.symbol) ?? ZERO, price));
  }
  for (const [symbol, price] of sells) {
    const { low, sells: selling } = exposureOf(state, connector, symbol, except);
    const short = max(ZERO, selling.minus(max(ZERO, low)));
    sum = sum.plus(short.times(price));
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
 * What fills have taken since the connector's last mark: where our position has grown past the marked one, the cost of the
 * newest lots; where it has gone shorter, that at the dearest known price. Money from sales waits for the next mark.
 */
function spentSinceMark(state: Readonly<DeskState>, connector: string, account: AccountRecord): Available<Decimal> {
  let spent = ZERO;
  for (const position of state.positions.values()) {
    if (position.connector !== connector) continue;
    const held = account.positions.get(position.symbol);
    const grown = position.quantity.minus(decimal(held?.quantity ?? "0"));
    if (grown.eq(ZERO)) continue;
    const price = highestPrice([held?.markPrice, position.lots.at(-1)?.price.toFixed(), lastFillPrice(position)]);
    const cost = grown.gt(ZERO) ? costOfNewest(position, grown, price) : shortened(position, grown, price);
    if (cost === undefined)
      return missingInput(`what was traded in ${position.symbol} since the last mark has no price`);
    spent = spent.plus(cost);
  }
  return available(spent);
}

function lastFillPrice(position: Readonly<PositionRecord>): string | undefined {
  const last = position.movements.at(-1);
  return last?.kind === "fill" ? last.fill.price : last?.price.toFixed();
}

function costOfNewest(
  position: Readonly<PositionRecord>,
  grown: Decimal,
  price: Decimal | undefined,
): Decimal | undefined {
  let [rest, cost] = [grown, ZERO];
  for (let i = position.lots.length - 1; i >= 0 && rest.gt(ZERO); i--) {
    const lot = position.lots[i];
    if (lot === undefined || lot.quantity.lte(ZERO)) break;
    const take = min(rest, lot.quantity);
    cost = cost.plus(take.times(lot.price));
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
