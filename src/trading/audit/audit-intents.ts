/** The audit of intents: each order and each cancel by proposal was approved as it was sent, and was sent once. */
import { type DecimalText, ZERO, decimal } from "../../domain/decimal.ts";
import type { OrderReviewed, OrderSubmitting } from "../../domain/event.ts";
import type { ClientOrderId, Digest, OrderId } from "../../domain/ids.ts";
import { type OrderTerms, kindOf, targetOf } from "../../domain/orders/order.ts";
import type { Mode } from "../../domain/market/venue.ts";
import type { AuditFinding } from "./audit-finding.ts";

export interface AuditedOrder {
  /** The newest reviews by the number of their record. */
  reviews: Map<number, OrderReviewed>;
  approval?: ApprovedTerms;
  mode: Mode | undefined;
  /** The mode of its terms as they were read last. */
  proposedMode?: Mode;
  isSubmitted: boolean;
  /** Its approved cancel or replacement was acted on: the cancel intent names it. */
  hasCancelled: boolean;
}

interface ApprovedTerms {
  readonly seq: number;
  readonly digest: Digest;
  readonly clientOrderId: ClientOrderId | undefined;
  readonly terms: OrderTerms;
}

/** `mode`: in which the order was approved. */
export function openAuditedOrder(mode?: Mode): AuditedOrder {
  return { reviews: new Map(), mode, isSubmitted: false, hasCancelled: false };
}

/**
 * A review that the client displayed is the head of the signature. Without one the desk makes the review when it takes
 * the signature, so that the review is a later record.
 */
export function isReviewed({ reviews }: AuditedOrder, digest: Digest, shown: string, head: number): boolean {
  if (shown === "") return [...reviews].some(([seq, review]) => seq > head && review.digest === digest);
  const review = reviews.get(head);
  return review?.digest === digest && review.shown === shown;
}

/** The findings on a cancel that a proposal asks for. Records that the cancel may have been sent. */
export function cancelFindings(order: AuditedOrder, id: OrderId, proposal: OrderId): readonly AuditFinding[] {
  const target = order.approval === undefined ? undefined : targetOf(order.approval.terms);
  const findings: AuditFinding[] = [];
  if (target?.id !== id)
    findings.push({ code: "APPROVAL_MISSING", message: `${id} was cancelled for ${proposal} without an approval` });
  if (order.hasCancelled)
    findings.push({ code: "INTENT_REPEATED", message: `${id} was cancelled for ${proposal} before` });
  order.hasCancelled = true;
  return findings;
}

/** The findings on a submit intent. Records that the order may have been sent. */
export function submitFindings(order: AuditedOrder, event: OrderSubmitting): readonly AuditFinding[] {
  const findings = [...unapproved(order, event)];
  if (order.isSubmitted) findings.push({ code: "INTENT_REPEATED", message: `${event.id} was sent before` });
  order.isSubmitted = true;
  return findings;
}

function unapproved(
  { approval, hasCancelled }: AuditedOrder,
  { id, digest, clientOrderId, quantity }: OrderSubmitting,
): readonly AuditFinding[] {
  const missing = (message: string): readonly AuditFinding[] => [{ code: "APPROVAL_MISSING", message }];
  if (approval === undefined) return missing(`${id} was sent without an approval`);
  if (approval.digest !== digest || approval.clientOrderId !== clientOrderId)
    return missing(`${id} was sent with other terms than were approved`);
  const { terms } = approval;
  if (kindOf(terms) === "cancel") return missing(`${id} was sent as an order; a cancel was approved`);
  if (!isApprovedQuantity(terms, quantity)) return missing(`${id} was sent with a quantity that was not approved`);
  if (terms.replaces === undefined || hasCancelled) return [];
  const message = `${id} was sent before ${terms.replaces.id}, which it replaces, was cancelled`;
  return [{ code: "APPROVAL_INVALID", message }];
}

/** A replacement may be sent with less than was approved. */
function isApprovedQuantity({ quantity, replaces }: OrderTerms, sent: DecimalText | undefined): boolean {
  if (sent === undefined) return true;
  return replaces !== undefined && decimal(sent).gt(ZERO) && decimal(sent).lt(decimal(quantity));
}
