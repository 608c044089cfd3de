/** The events of an order's history in words; programs read their names. */
import type { DeskEvent } from "../../domain/event.ts";

type HistoryEvent = Extract<
  DeskEvent["type"],
  `order.${string}` | `cancel.${string}` | `fill.${string}` | "proposal.seen" | "guards.evaluated"
>;

/** What an order's history calls a fill that is not an ordinary one. */
type FillVariant = "fill.disputed" | "fill.busted" | "fill.completed";

const WORDS: Readonly<Record<HistoryEvent | FillVariant, string>> = {
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
  "order.resolved": "resolved by hand",
  "fill.received": "filled",
  "fill.disputed": "fill disputed, not counted",
  "fill.busted": "fill taken back by the venue",
  "fill.completed": "fee of a fill added",
  "fill.conflicted": "fill came again with other content",
  "cancel.requested": "cancel requested",
  "cancel.accepted": "cancel accepted",
  "cancel.failed": "cancel failed",
};

/** The name itself if it has no words here. */
export function eventWords(event: string): string {
  return Object.hasOwn(WORDS, event) ? WORDS[event as keyof typeof WORDS] : event;
}
