/** A proposal that waits although an order with its terms was sent, for example as a replacement. */
import { sentTerms } from "./cancel-request.ts";
import { hasSameTerms, targetOf } from "./order.ts";
import { isInFlight } from "./order-state-names.ts";
import type { OrderRecord } from "./order-state.ts";

type RepeatedProposal = Pick<OrderRecord, "id" | "terms" | "proposedAt">;

/**
 * Whether an order has the terms of the proposal and works, or has filled since the proposal was made. A replacement
 * does not repeat the order that it names.
 */
export function isRepeatedBy(sent: Readonly<OrderRecord>, proposal: RepeatedProposal): boolean {
  const { terms } = proposal;
  if (sent.id === proposal.id || terms.cancels !== undefined || sent.terms.cancels !== undefined) return false;
  if (sent.id === targetOf(terms)?.id || !hasSameTerms(sentTerms(sent.terms, sent.sentQuantity), terms)) return false;
  const approvedAt = sent.approvals.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
  return isInFlight(sent.state) || (sent.state === "filled" && approvedAt >= proposal.proposedAt);
}
