/** Whether a fill fits the order that it names. */
import { ZERO, decimal } from "./decimal.ts";
import type { Misfit } from "./fill.ts";
import type { OrderRecord } from "./order-state.ts";
import { comparableSymbol } from "./order.ts";
import type { VenueFill } from "./venue.ts";

/** The accepted difference between the clocks of host and venue; venues also round times to seconds. */
const SKEW_MS = 60_000;

/**
 * The contradictions between a fill and its order; empty if the fill fits. `now` is the host's wall clock, ms;
 * undefined for a venue with a time of its own, whose fills have no comparable time. A bust always fits.
 */
export function misfitsOf(order: Readonly<OrderRecord>, fill: VenueFill, now: number | undefined): readonly Misfit[] {
  if (fill.busts !== undefined) return [];
  const { terms } = order;
  const misfits: Misfit[] = [];
  if (comparableSymbol(fill.symbol) !== comparableSymbol(terms.symbol)) misfits.push("symbol");
  if (fill.side !== terms.side) misfits.push("side");
  const price = decimal(fill.price);
  const limit = terms.limitPrice === undefined ? undefined : decimal(terms.limitPrice);
  const isWorse = limit !== undefined && (terms.side === "buy" ? price.gt(limit) : price.lt(limit));
  if (price.lte(ZERO) || isWorse) misfits.push("price");
  const intent = order.history.find(({ event }) => event === "order.submitting")?.at;
  const isEarly = intent !== undefined && fill.at < intent - SKEW_MS;
  if (now !== undefined && (isEarly || fill.at > now + SKEW_MS)) misfits.push("time");
  return misfits;
}
