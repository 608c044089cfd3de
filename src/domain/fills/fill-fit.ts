/** Whether a fill fits the order that it names. */
import { type Decimal, ZERO, decimal } from "../decimal.ts";
import type { Misfit } from "./fill.ts";
import type { OrderRecord } from "../orders/order-state.ts";
import { limitInForce } from "../orders/replaced-order.ts";
import { comparableSymbol } from "../orders/order.ts";
import type { VenueFill } from "../market/venue.ts";

/** How far the venue's clock may be ahead of the host's. */
const AHEAD_MS = 60_000;
const SECOND_MS = 1_000;

/**
 * The contradictions between a fill and its order; empty if the fill fits. `now` is the host's wall clock, ms;
 * undefined for a venue with a time of its own, whose fills have no comparable time. A fill is never earlier than the
 * order's submit intent, so an order without an intent has no fill. A bust always fits.
 */
export function misfitsOf(order: Readonly<OrderRecord>, fill: VenueFill, now: number | undefined): readonly Misfit[] {
  if (fill.busts !== undefined) return [];
  const { terms } = order;
  const misfits: Misfit[] = [];
  if (comparableSymbol(fill.symbol) !== comparableSymbol(terms.symbol)) misfits.push("symbol");
  if (fill.side !== terms.side) misfits.push("side");
  if (isBelowZero(order, fill) || excessOverLimit(order, fill).gt(ZERO)) misfits.push("price");
  const intent = order.history.find(({ event }) => event === "order.submitting")?.at;
  if (intent === undefined) misfits.push("time");
  else if (now !== undefined && (fill.at < earliestTime(intent, fill.at) || fill.at > now + AHEAD_MS))
    misfits.push("time");
  return misfits;
}

/** Venues round their averages: an average beyond the limit by at most this share of it fits. */
const AVERAGE_SHARE = decimal("0.001");

/**
 * As {@link misfitsOf}, of a fill that the desk computed from the venue's total. Side, symbol and time are the desk's
 * own. Its price is the venue's average, which is rounded.
 */
export function misfitsOfTotal(order: Readonly<OrderRecord>, fill: VenueFill): readonly Misfit[] {
  const rounding = decimal(limitInForce(order) ?? "0")
    .abs()
    .times(AVERAGE_SHARE);
  return isBelowZero(order, fill) || excessOverLimit(order, fill).gt(rounding) ? ["price"] : [];
}

/** Only an order that was priced below zero, to close a position, fills there. */
function isBelowZero({ terms }: Readonly<OrderRecord>, { price }: VenueFill): boolean {
  const isPricedAboveZero = terms.protectionPrice === undefined || decimal(terms.protectionPrice).gt(ZERO);
  return isPricedAboveZero && decimal(price).lte(ZERO);
}

/** How much worse than the limit the price is; zero or less for a price that fits, and without a limit. */
function excessOverLimit(order: Readonly<OrderRecord>, { price }: VenueFill): Decimal {
  const inForce = limitInForce(order);
  if (inForce === undefined) return ZERO;
  const [limit, paid] = [decimal(inForce), decimal(price)];
  return order.terms.side === "buy" ? paid.minus(limit) : limit.minus(paid);
}

/**
 * The intent, at the resolution of the fill's time. Many venues give whole seconds: a fill 0.3 s after an intent at
 * 14:00:00.5 is dated 14:00:00. A time without milliseconds is therefore compared with the second of the intent.
 */
function earliestTime(intent: number, fillAt: number): number {
  return fillAt % SECOND_MS === 0 ? intent - (intent % SECOND_MS) : intent;
}
