/** The orders that may still trade at their venues, whatever the desk does. */
import type { DeskState } from "../../domain/desk-state.ts";
import { describeOrder } from "../../domain/orders/order.ts";
import { leaves } from "../../domain/orders/order-state.ts";
import { text } from "../../domain/decimal.ts";

export interface WorkingOrder {
  readonly id: string;
  readonly state: string;
  readonly sentence: string;
  readonly leaves: string;
}

export function workingOrders({ inFlight }: Pick<DeskState, "inFlight">): readonly WorkingOrder[] {
  return [...inFlight.values()].map((order) => ({
    id: order.id,
    state: order.state,
    sentence: `${describeOrder(order.terms)} (${order.terms.mode})`,
    leaves: text(leaves(order)),
  }));
}
