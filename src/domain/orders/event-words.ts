/**
 * The events of an order's history in words, with fills that are not ordinary ones; programs read their names. The page
 * uses them, so nothing is imported here; a test compares them with the events.
 */
export const EVENT_WORDS = {
  "proposal.seen": "proposed",
  "guards.evaluated": "guards checked",
  "order.approved": "approved",
  "order.reviewed": "reviewed",
  "order.submitting": "sent",
  "order.accepted": "accepted by the venue",
  "order.unknown": "outcome not known",
  "order.rejected": "rejected",
  "order.denied": "denied by the guards",
  "order.not_sent": "not sent",
  "order.reported": "reported by the venue",
  "order.missing": "not known at the venue",
  "order.misreported": "reported as another order by the venue",
  "order.resolved": "resolved by hand",
  "fill.received": "filled",
  "fill.disputed": "fill disputed, not counted",
  "fill.busted": "fill taken back by the venue",
  "fill.completed": "fee of a fill added",
  "fill.conflicted": "fill came again with other content",
  "cancel.requested": "cancel requested",
  "cancel.accepted": "cancel accepted",
  "cancel.failed": "cancel failed",
} as const;

/** The name itself if it has no words here. */
export function eventWords(event: string): string {
  return Object.hasOwn(EVENT_WORDS, event) ? EVENT_WORDS[event as keyof typeof EVENT_WORDS] : event;
}
