/** Cancels an order. A cancel passes in every trading state; the venue's report decides the order's final state. */
import type { Receipt } from "../../domain/orders/order-view.ts";
import { text } from "../../domain/decimal.ts";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { Authority } from "../../domain/authority/authority.ts";
import type { Actor } from "../../domain/event.ts";
import { otherWithVenueId } from "../../domain/fills/fill-state.ts";
import type { OrderId } from "../../domain/ids.ts";
import { type OrderRecord, isTerminal } from "../../domain/orders/order-state.ts";
import type { CancelHint } from "../../domain/sdk.ts";
import type { Decider } from "./decide.ts";
import type { Desk } from "../desk.ts";
import { findOrder } from "./find-order.ts";
import { receiptOf } from "./order-view.ts";
import { type OrderLookup, queryOrderStatus } from "./reconcile.ts";

/** @throws NOT_CANCELLABLE, OUTCOME_UNKNOWN, CALL_FAILED; SIGNATURE_REQUIRED for a page. */
export async function cancelOrder(desk: Desk, ref: string, { actor, authority, page }: Decider): Promise<Receipt> {
  const order = await findOrder(desk, ref);
  assertCancellable(order);
  const { id, digest, terms } = order;
  const subject = { action: "cancel", id, digest, shown: "", mode: terms.mode } as const;
  await desk.authority.checkPage({ ...subject, key: "desk", page }, authority);
  // The order may have ended while the signature was checked.
  assertCancellable(order);
  const answer = await requestCancel(desk, order, { actor, authority });
  if (answer.kind === "unidentified")
    throw new QocError("OUTCOME_UNKNOWN", { id: order.id, reason: answer.reason }, { data: receiptOf(order) });
  if (answer.kind === "taken") await adoptCancel(desk, order, answer.lookup);
  else if (!isTerminal(order.state)) {
    await desk.commit({ type: "cancel.failed", id: order.id, reason: answer.reason });
    throw cancelFailure(order, answer.reason, answer.error);
  }
  return receiptOf(order);
}

function assertCancellable(order: OrderRecord): void {
  const { id, state, terms } = order;
  if (state !== "proposed" && !isTerminal(state) && terms.cancels === undefined) return;
  const next = state === "proposed" ? `qoc reject ${id}` : `qoc orders show ${id}`;
  throw new QocError("NOT_CANCELLABLE", { id, state, next }, { data: receiptOf(order) });
}

export function cancelFailure(order: OrderRecord, message: string, cause: unknown): QocError {
  const details = { connector: order.terms.connector, method: "cancelOrder", message };
  return new QocError("CALL_FAILED", details, { cause, data: receiptOf(order) });
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
      const error = await cancelOrder(desk, id, { actor }).then(
        () => null,
        (failure: unknown) => (isTerminal(order.state) ? null : messageOf(failure)),
      );
      return { ...receiptOf(order), connector: terms.connector, symbol: terms.symbol, error };
    }),
  );
}

/**
 * What the venue made of a cancel. taken: it took the request, and `lookup` is what it then said about the order;
 * undefined: the look-up failed.
 * refused: it did not, and the order is not in question. unclear: the request may have reached it. unidentified: its id
 * of the order is not known, so that nothing was sent.
 */
export type CancelAnswer =
  | { readonly kind: "taken"; readonly lookup: OrderLookup | undefined }
  | { readonly kind: "refused" | "unclear"; readonly reason: string; readonly error: unknown }
  | { readonly kind: "unidentified"; readonly reason: string };

interface CancelOrigin {
  readonly actor: Actor;
  /** The approved proposal that asks for the cancel. */
  readonly proposal?: OrderId | undefined;
  /** Of a cancel by a page. */
  readonly authority?: Authority | undefined;
}

/**
 * Journals the cancel intent, waits until it is on disk, and sends the cancel. Journals what the venue then reports of
 * the order, and that a cancel without the venue's id was not sent; nothing about a cancel that failed otherwise. The
 * intent is journaled before the first `await`.
 */
export async function requestCancel(
  desk: Desk,
  order: OrderRecord,
  { actor, proposal, authority }: CancelOrigin,
): Promise<CancelAnswer> {
  await desk.commit({ type: "cancel.requested", id: order.id, actor, proposal, authority });
  if (order.state === "approved") {
    await desk.commit({ type: "order.not_sent", id: order.id, reason: "cancelled before it was sent" });
    return { kind: "taken", lookup: "found" };
  }
  if (order.venueOrderId === undefined) await queryOrderStatus(desk, order).catch(() => undefined);
  const { venueOrderId } = order;
  const other = venueOrderId && otherWithVenueId(desk.state, order, venueOrderId);
  if (venueOrderId === undefined || other !== undefined) {
    const trouble = other === undefined ? "is not known yet" : `is that of ${other} now`;
    const reason = `the venue's order id ${trouble}, so that no cancel was sent`;
    await desk.commit({ type: "cancel.failed", id: order.id, reason });
    return { kind: "unidentified", reason };
  }
  try {
    await desk.venues.cancel(order.terms.connector, venueOrderId, hintOf(order));
  } catch (error) {
    const lookup = await queryOrderStatus(desk, order).catch(() => undefined);
    return { kind: isRefusal(error, lookup) ? "refused" : "unclear", reason: messageOf(error), error };
  }
  return { kind: "taken", lookup: await queryOrderStatus(desk, order).catch(() => undefined) };
}

function hintOf({ clientOrderId, terms }: OrderRecord): CancelHint | undefined {
  return clientOrderId === undefined ? undefined : { clientOrderId, symbol: terms.symbol, side: terms.side };
}

/** The connector threw and its venue still reports the order, or the connector could not be called. */
function isRefusal(error: unknown, lookup: OrderLookup | undefined): boolean {
  const code = error instanceof QocError ? error.code : "";
  return (
    code === "CONNECTOR_NOT_READY" || code === "CONNECTOR_UNKNOWN" || (code === "CALL_FAILED" && lookup === "found")
  );
}

/**
 * A connector with only the seven required methods cannot report the order, and some venues forget an order that was
 * cancelled: a `cancelOrder` that resolved is the venue's answer.
 */
export async function adoptCancel(
  desk: Pick<Desk, "commit">,
  order: OrderRecord,
  lookup: OrderLookup | undefined,
): Promise<void> {
  const isAnswer = lookup === "not-found" || lookup === "unsupported";
  if (!isAnswer || isTerminal(order.state) || order.venueOrderId === undefined) return;
  await desk.commit({
    type: "order.reported",
    id: order.id,
    venueOrderId: order.venueOrderId,
    status: "cancelled",
    filledQuantity: text(order.filled),
  });
}
