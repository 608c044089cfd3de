/**
 * What the desk's state says after the journal failed. The fold is ahead of the disk then: an intent that is not on
 * disk was not sent, whatever the next start finds of it.
 */
import { type DeskState, applyEvent } from "../../domain/desk-state.ts";
import type { DeskEvent } from "../../domain/event.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";

const REASON =
  "the journal failed before this was on disk, so that nothing was sent; after the next start it is a proposal again, cancelled or unknown";

/** In memory alone. `durable`: the newest record that is on disk. */
export function markUnrecorded(state: DeskState, durable: number, at: number): void {
  for (const order of [...state.orders.values()]) {
    const event = endOf(order, durable);
    if (event !== undefined) applyEvent(state, { seq: state.seq, at, epoch: state.epoch, event });
  }
}

/** The decision of the order that is not on disk, as a record that takes it back; undefined without one. */
function endOf({ id, state, terms, history }: Readonly<OrderRecord>, durable: number): DeskEvent | undefined {
  const isLost = (type: DeskEvent["type"]): boolean =>
    history.some(({ seq, event }) => event === type && seq > durable);
  const wasHeld = (type: DeskEvent["type"]): boolean =>
    history.some(({ seq, event }) => event === type && seq <= durable);
  const isOpen = state === "approved" || state === "submitting";
  const isUnsent = isOpen && (isLost("order.submitting") || isLost("order.approved"));
  if (isUnsent) return { type: "order.not_sent", id, reason: REASON };
  const isCancelLost = terms.cancels === undefined && isLost("cancel.requested") && !wasHeld("cancel.requested");
  return isCancelLost ? { type: "cancel.failed", id, reason: REASON } : undefined;
}
