/** Cancels an order. A cancel passes in every trading state; the venue's report decides the order's final state. */
import { text } from "../domain/decimal.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Actor } from "../domain/event.ts";
import { type OrderRecord, isTerminal } from "../domain/order-state.ts";
import type { Desk } from "./desk.ts";
import { findOrder } from "./find-order.ts";
import { type Receipt, receiptOf } from "./order-view.ts";
import { queryOrderStatus } from "./reconcile.ts";

export async function cancelOrder(desk: Desk, ref: string, actor: Actor): Promise<Receipt> {
  const order = await findOrder(desk, ref);
  if (order.state === "proposed" || isTerminal(order.state)) {
    throw new QocError("NOT_CANCELLABLE", { id: order.id, state: order.state }, { data: receiptOf(order) });
  }
  await desk.commit({ type: "cancel.requested", id: order.id, actor });
  if (order.state === "approved") {
    await desk.commit({ type: "order.not_sent", id: order.id, reason: "cancelled before it was sent" });
    return receiptOf(order);
  }
  if (order.venueOrderId === undefined) await queryOrderStatus(desk, order);
  if (order.venueOrderId === undefined) {
    throw new QocError(
      "OUTCOME_UNKNOWN",
      { id: order.id, reason: "the venue's order id is not known yet" },
      { data: receiptOf(order) },
    );
  }
  await cancelAtVenue(desk, order);
  return receiptOf(order);
}

export interface CancelResult extends Receipt {
  readonly connector: string;
  readonly symbol: string;
  /** Why the cancel failed; null if it did not. */
  readonly error: string | null;
}

/**
 * Cancels every order in flight, at one connector or of one symbol if given. An order whose cancel fails does not keep
 * the others from being cancelled.
 */
export async function cancelOrders(
  desk: Desk,
  { connector, symbol, actor }: { connector?: string | undefined; symbol?: string | undefined; actor: Actor },
): Promise<readonly CancelResult[]> {
  const chosen = [...desk.state.inFlight.values()].filter(
    ({ terms }) =>
      (connector === undefined || terms.connector === connector) && (symbol === undefined || terms.symbol === symbol),
  );
  return Promise.all(
    chosen.map(async (order): Promise<CancelResult> => {
      const { id, terms } = order;
      const error = await cancelOrder(desk, id, actor).then(
        () => null,
        (failure: unknown) => (isTerminal(order.state) ? null : messageOf(failure)),
      );
      return { ...receiptOf(order), connector: terms.connector, symbol: terms.symbol, error };
    }),
  );
}

async function cancelAtVenue(desk: Desk, order: OrderRecord): Promise<void> {
  const { connector } = order.terms;
  const venueOrderId = order.venueOrderId as NonNullable<OrderRecord["venueOrderId"]>;
  try {
    await desk.venues.cancel(connector, venueOrderId);
  } catch (error) {
    await queryOrderStatus(desk, order).catch(() => undefined);
    if (isTerminal(order.state)) return;
    await desk.commit({ type: "cancel.failed", id: order.id, reason: messageOf(error) });
    throw new QocError(
      "CALL_FAILED",
      { connector, method: "cancelOrder", message: messageOf(error) },
      { cause: error, data: receiptOf(order) },
    );
  }
  const lookup = await queryOrderStatus(desk, order);
  if (lookup === "found" || isTerminal(order.state)) return;
  // A connector with only the seven required methods cannot report the order; a cancelOrder that resolved is the
  // venue's answer.
  await desk.commit({
    type: "order.reported",
    id: order.id,
    venueOrderId,
    status: "cancelled",
    filledQuantity: text(order.filled),
  });
}
