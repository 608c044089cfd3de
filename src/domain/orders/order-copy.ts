/** A copy of an order that stays as it is while the fold changes the order. */
import type { OrderRecord } from "./order-state.ts";

/**
 * Copies what the fold changes in place. It replaces the other members as a whole, such as the lists of reviews and the
 * terms, and an empty set before it gets a member: copy and order share them. So they share each fill and each entry of
 * the history, which never change.
 */
export function copyOrder(order: Readonly<OrderRecord>): OrderRecord {
  const { fills, inferredFills, disputedFills, flags, history, rejected, request, replaced } = order;
  const copy: OrderRecord = {
    ...order,
    rejected: { ...rejected },
    request: { ...request },
    fills: new Map(fills),
    inferredFills: inferredFills.size === 0 ? inferredFills : new Set(inferredFills),
    disputedFills: disputedFills.size === 0 ? disputedFills : new Map(disputedFills),
    flags: flags.size === 0 ? flags : new Set(flags),
    history: [...history],
  };
  if (replaced !== undefined) copy.replaced = { ...replaced, ids: new Set(replaced.ids) };
  return copy;
}
