/**
 * Replaces an order: cancels it, waits until its venue confirms the end, and only then sends the new order, with what
 * is left of the approved quantity. If the end is not confirmed, if nothing is left, or if a guard blocks by then, the
 * new order is not sent. Nothing goes on in the background, and a restart sends nothing.
 */
import type { Receipt } from "../../domain/orders/order-view.ts";
import { ZERO, decimal, text } from "../../domain/decimal.ts";
import type { Actor } from "../../domain/event.ts";
import { isEndConfirmed } from "../../domain/orders/cancel-request.ts";
import { type OrderRecord, targetRecord } from "../../domain/orders/order-state.ts";
import type { Clock } from "../../domain/ports.ts";
import { remainingQuantity } from "../../gate/checks/replaced-order.ts";
import { refused, stableInputs } from "./approval.ts";
import { requestCancel } from "./cancel.ts";
import type { Desk } from "../desk.ts";
import { clearAndDispatch } from "./dispatch.ts";
import { queryOrderStatus } from "./reconcile.ts";

/** How long the venue may take to confirm the end of the old order. */
const END_MS = 10_000;
const LOOK_UP_MS = 250;

/** `order` was approved just before. @throws REPLACEMENT_NOT_SENT, GUARD_BLOCKED, and what `submitOrder` throws. */
export async function replaceOrder(desk: Desk, order: OrderRecord, actor: Actor): Promise<Receipt> {
  const target = targetRecord(desk.state, order.terms) as OrderRecord;
  const obstacle = await endOrder(desk, target, { order, actor });
  if (obstacle !== undefined) throw await notSent(desk, order, obstacle);
  // The order may be cancelled or resolved while the market data is fetched.
  const check = (): void => {
    if (order.state !== "approved") throw refused(order, "ALREADY_DECIDED", { state: order.state });
  };
  check();
  const inputs = await stableInputs(desk, withRest(order, target), { check }).catch(async (error: unknown) => {
    throw order.state === "approved" ? await notSent(desk, order, "the guards could not be evaluated") : error;
  });
  const left = remainingQuantity(order.terms, target);
  if (!left.gt(ZERO)) throw await notSent(desk, order, `${target.id} filled before it was cancelled`);
  return clearAndDispatch(desk, order, { sent: withRest(order, target), ...inputs });
}

/** The order with what is left of its quantity. */
function withRest(order: OrderRecord, target: Readonly<OrderRecord>): OrderRecord {
  const left = remainingQuantity(order.terms, target);
  const quantity = left.gt(ZERO) && left.lt(decimal(order.terms.quantity)) ? text(left) : order.terms.quantity;
  return { ...order, terms: { ...order.terms, quantity } };
}

/**
 * Cancels the old order and waits for its end. Returns why the new order must not be sent. The cancel intent is
 * journaled before the first `await`, so that no second replacement of the same order passes the gate.
 */
async function endOrder(
  desk: Desk,
  target: OrderRecord,
  { order, actor }: { readonly order: OrderRecord; readonly actor: Actor },
): Promise<string | undefined> {
  const { id } = target;
  const answer = await requestCancel(desk, target, { actor, proposal: order.id });
  if (isEndConfirmed(target)) return undefined;
  if (answer.kind === "refused") {
    await desk.commit({ type: "cancel.failed", id, proposal: order.id, reason: answer.reason });
    return `the cancel of ${id} failed; it is ${target.state}`;
  }
  if (answer.kind !== "taken") return `the outcome of the cancel of ${id} is unknown`;
  return (await isEndedWithin(desk, target)) ? undefined : `the venue has not confirmed the end of ${id}`;
}

/** Looks the order up again and again until its venue reports the end. */
async function isEndedWithin(desk: Desk, target: OrderRecord): Promise<boolean> {
  const deadline = desk.clock.monotonic() + END_MS;
  while (!isEndConfirmed(target)) {
    if (desk.clock.monotonic() >= deadline) return false;
    await pause(desk.clock, LOOK_UP_MS);
    await queryOrderStatus(desk, target).catch(() => undefined);
  }
  return true;
}

function pause(clock: Pick<Clock, "after">, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

async function notSent(desk: Pick<Desk, "commit">, order: OrderRecord, reason: string): Promise<Error> {
  await desk.commit({ type: "order.not_sent", id: order.id, reason });
  return refused(order, "REPLACEMENT_NOT_SENT", { reason });
}
