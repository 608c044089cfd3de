/** What a review says about the order that a cancel or a replacement names. */
import type { BookChange, TargetView } from "../../domain/orders/review-view.ts";
import { type Decimal, ZERO, min, text } from "../../domain/decimal.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { type OrderTerms, describeOrder, instrumentKey, kindOf } from "../../domain/orders/order.ts";
import { type OrderRecord, isTerminal, leaves, targetRecord } from "../../domain/orders/order-state.ts";
import { reservedUnit } from "../../gate/valuation.ts";

/** undefined for a plain order. */
export function targetView(state: Readonly<DeskState>, terms: OrderTerms): TargetView | undefined {
  const kind = kindOf(terms);
  const target = targetRecord(state, terms);
  if (kind === "order" || target === undefined) return undefined;
  const unprotected = unprotectedQuantity(state, target);
  return {
    kind,
    id: target.id,
    state: target.state,
    sentence: describeOrder(target.terms),
    quantity: target.terms.quantity,
    filled: text(target.filled),
    leaves: text(isTerminal(target.state) ? ZERO : leaves(target)),
    clientOrderId: target.clientOrderId ?? null,
    venueOrderId: target.venueOrderId ?? null,
    cancelRequested: target.cancelRequested !== undefined && !isTerminal(target.state),
    unprotected: unprotected.gt(ZERO) ? text(unprotected) : null,
  };
}

/**
 * The part of the position that the order protects and that no other stop order covers. A protection is a stop order on
 * the side that closes the position.
 */
function unprotectedQuantity(state: Readonly<DeskState>, target: Readonly<OrderRecord>): Decimal {
  const { connector, symbol } = target.terms;
  const held = state.positions.get(instrumentKey(connector, symbol))?.quantity ?? ZERO;
  if (isTerminal(target.state) || !isProtection(target.terms, held)) return ZERO;
  let covered = ZERO;
  for (const other of state.inFlight.values()) {
    const { terms } = other;
    const isHere = terms.connector === connector && terms.symbol === symbol && other.id !== target.id;
    if (isHere && isProtection(terms, held)) covered = covered.plus(leaves(other));
  }
  return min(leaves(target), held.abs().minus(covered));
}

function isProtection({ type, side }: OrderTerms, held: Decimal): boolean {
  const closes = held.gt(ZERO) ? "sell" : "buy";
  return (type === "stop" || type === "stop_limit") && !held.eq(ZERO) && side === closes;
}

/** The position stays as it is, and the money that the order reserves is free again. */
export function cancelChanges(state: Readonly<DeskState>, terms: OrderTerms): readonly BookChange[] {
  const target = targetRecord(state, terms);
  const account = state.accounts.get(terms.connector);
  const held = text(state.positions.get(instrumentKey(terms.connector, terms.symbol))?.quantity ?? ZERO);
  const unit = reservedUnit(state, terms);
  const open = target === undefined || isTerminal(target.state) ? ZERO : leaves(target);
  const reserved = unit === undefined ? null : text(terms.side === "buy" ? open.times(unit) : ZERO);
  return [
    { what: `${terms.symbol} held`, before: held, after: held, unit: "" },
    { what: "left to fill", before: text(open), after: text(ZERO), unit: "" },
    { what: "reserved for it", before: reserved, after: text(ZERO), unit: account?.account.currency ?? "" },
  ];
}

/** Warnings for the human, in whole sentences. */
export function targetWarnings(target: TargetView | undefined, symbol: string): readonly string[] {
  if (target === undefined) return [];
  const { id, kind, unprotected, cancelRequested } = target;
  const until = kind === "replace" ? " until the new order works" : "";
  return [
    ...(unprotected === null
      ? []
      : [`${id} protects the position: without it no stop covers ${unprotected} ${symbol}${until}`]),
    ...(cancelRequested ? [`a cancel of ${id} is under way`] : []),
  ];
}
