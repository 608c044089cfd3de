/** Whether a fill fits the order that it names. */
import { ZERO, decimal } from "../decimal.ts";
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
  const price = decimal(fill.price);
  const inForce = limitInForce(order);
  const limit = inForce === undefined ? undefined : decimal(inForce);
  const isWorse = limit !== undefined && (terms.side === "buy" ? price.gt(limit) : price.lt(limit));
  // Only an order that was priced below zero, to close a position, fills there.
  const isPricedAboveZero = terms.protectionPrice === undefined || decimal(terms.protectionPrice).gt(ZERO);
  if ((price.lte(ZERO) && isPricedAboveZero) || isWorse) misfits.push("price");
  const intent = order.history.find(({ event }) => event === "order.submitting")?.at;
  if (intent === undefined) misfits.push("time");
  else if (now !== undefined && (fill.at < earliestTime(intent, fill.at) || fill.at > now + AHEAD_MS))
    misfits.push("time");
  return misfits;
}

/**
 * The intent, at the resolution of the fill's time. Many venues give whole seconds: a fill 0.3 s after an intent at
 * 14:00:00.5 is dated 14:00:00. A time without milliseconds is therefore compared with the second of the intent.
 */
function earliestTime(intent: number, fillAt: number): number {
  return fillAt % SECOND_MS === 0 ? intent - (intent % SECOND_MS) : intent;
}
