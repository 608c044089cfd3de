/**
 * The order that a replacement takes the place of: working and as it was shown until the cancel, ended by the word of
 * its venue at dispatch. What it filled after the review is no longer sent, so that both together never trade more than
 * was approved.
 */
import { type Decimal, decimal } from "../../domain/decimal.ts";
import { type OrderTarget, type OrderTerms, isTargetAsShown } from "../../domain/orders/order.ts";
import { filledAtVenue, isEndConfirmed } from "../../domain/orders/cancel-request.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import type { Check } from "../../domain/orders/verdict.ts";
import { block, pass } from "../check-result.ts";
import { EVERY_STAGE, type GateCheck } from "../check-context.ts";
import type { GateInput } from "../input.ts";

const key = "replaced-order";

export const replacedOrder: GateCheck = {
  key,
  stages: EVERY_STAGE,
  appliesTo: ({ replaces }) => replaces !== undefined,
  evaluate: ({ input }) => {
    const shown = input.order.terms.replaces as OrderTarget;
    const target = input.state.orders.get(shown.id);
    if (target === undefined) return block(key, "REPLACED_UNKNOWN", `the journal has no order ${shown.id}`);
    return input.stage === "dispatch" ? ended(input, target) : working(input, target);
  },
};

function working({ order, connector }: GateInput, target: Readonly<OrderRecord>): Check {
  const { id, state } = target;
  const shown = order.terms.replaces as OrderTarget;
  const actual = { actual: state };
  if (state !== "accepted" && state !== "partially_filled")
    return block(key, "REPLACED_NOT_WORKING", `${id} is ${state}; only a working order can be replaced`, actual);
  if (target.cancelRequested !== undefined)
    return block(key, "REPLACED_CANCELLING", `a cancel of ${id} is under way; propose a new order when it has ended`);
  if (!isTargetAsShown(shown, target))
    return block(key, "REPLACED_CHANGED", `${id} has filled ${target.filled.toFixed()} since; review it again`, actual);
  if (connector.reportsOrders !== true) {
    const message = `${connector.name} has no getOrder, so that the end of ${id} cannot be confirmed; cancel it, then propose a new order`;
    return block(key, "REPLACED_NOT_REPORTED", message);
  }
  return pass(key, `${id} is ${state}; it is cancelled first, and the new order follows its end`);
}

function ended({ order, state: { orders } }: GateInput, target: Readonly<OrderRecord>): Check {
  const { id, state } = target;
  if (!isEndConfirmed(target))
    return block(key, "REPLACED_STILL_WORKING", `${id} is ${state}; its venue has not confirmed its end`);
  const approved = orders.get(order.id)?.terms ?? order.terms;
  const left = remainingQuantity(approved, target);
  const figures = { limit: left.toFixed(), actual: order.terms.quantity };
  const message = `${id} is ${state} with ${filledAtVenue(target).toFixed()} filled; ${figures.limit} of the approved quantity is left`;
  return decimal(order.terms.quantity).lte(left)
    ? pass(key, message, figures)
    : block(key, "REPLACED_FILLED", message, figures);
}

/** The approved quantity of a replacement less what the order before it filled since the review; may be below zero. */
export function remainingQuantity(approved: OrderTerms, target: Readonly<OrderRecord>): Decimal {
  const since = filledAtVenue(target).minus(decimal(approved.replaces?.filled ?? "0"));
  return decimal(approved.quantity).minus(since);
}
