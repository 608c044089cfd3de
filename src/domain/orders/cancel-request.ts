/**
 * What a proposal to cancel or to replace an order does to that order and to itself. A cancel has the states of an
 * order: `submitting` while the venue has not answered, `accepted` when the venue took it, `rejected` when it refused.
 * How the order itself ends is the venue's to report.
 */
import type { Actor } from "../authority/actor.ts";
import type { CancelEvent } from "./cancel-event.ts";
import { type Decimal, type DecimalText, max } from "../decimal.ts";
import type { OrderId } from "../ids.ts";
import type { OrderTerms } from "./order.ts";
import type { OrderState } from "./order-state-names.ts";

/** The cancel that a proposal asked for. */
export interface CancelRequestRecord {
  sent?: true;
  accepted?: true;
  failed?: string;
}

interface RequestFields {
  readonly id: OrderId;
  readonly request: CancelRequestRecord;
  cancelRequested?: { at: number; by: Actor };
}

/** Applies the event to the order that is to be cancelled, or to the proposal that asks for it. */
export function applyCancelEvent(order: RequestFields, at: number, event: CancelEvent): void {
  const isProposal = event.proposal === order.id;
  switch (event.type) {
    case "cancel.requested":
      if (isProposal) order.request.sent = true;
      else order.cancelRequested ??= { at, by: event.actor };
      return;
    case "cancel.accepted":
      if (isProposal) order.request.accepted = true;
      return;
    case "cancel.failed":
      if (isProposal) order.request.failed ??= event.reason;
      else delete order.cancelRequested;
  }
}

interface CancelFields extends Pick<RequestFields, "request"> {
  readonly approvals: readonly unknown[];
  readonly rejected: { readonly human?: string };
  readonly resolved?: unknown;
  readonly notSent?: string;
  readonly unknownReason?: string;
}

/** The state of a proposal that cancels an order. */
export function cancelStateOf(order: CancelFields): OrderState {
  if (order.request.accepted === true) return "accepted";
  if (order.resolved !== undefined) return "cancelled";
  if (order.request.failed !== undefined || order.rejected.human !== undefined) return "rejected";
  if (order.notSent !== undefined) return "cancelled";
  if (order.unknownReason !== undefined) return "unknown";
  if (order.request.sent === true) return "submitting";
  return order.approvals.length > 0 ? "approved" : "proposed";
}

export function hasCancelEnded(state: OrderState): boolean {
  return state === "accepted" || state === "rejected" || state === "cancelled";
}

/** The terms of a replacement as the venue has them: it may have been sent with less than was approved. */
export function sentTerms(terms: OrderTerms, sentQuantity: DecimalText | undefined): OrderTerms {
  return sentQuantity === undefined ? terms : { ...terms, quantity: sentQuantity };
}

interface Filled {
  readonly filled: Decimal;
  readonly reportedFilled: Decimal;
}

/** The filled quantity by the venue's total, of which the fills may not have arrived yet. */
export function filledAtVenue({ filled, reportedFilled }: Filled): Decimal {
  return max(filled, reportedFilled);
}

interface OrderEnd {
  readonly state: OrderState;
  readonly final?: string;
  readonly resolved?: unknown;
}

/** The venue reported the end of the order, or all of it is filled. An order that a human closed may still work. */
export function isEndConfirmed({ state, final, resolved }: OrderEnd): boolean {
  return state === "filled" || (final !== undefined && resolved === undefined);
}
