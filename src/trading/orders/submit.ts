/** The only module that gives an order to the host. Journals the result: accepted, rejected, not sent or unknown. */
import { ownWords } from "../../domain/market/own-words.ts";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { VenueOrderId } from "../../domain/ids.ts";
import type { Order } from "../../domain/orders/order.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import { otherWithVenueId } from "../../domain/fills/fill-state.ts";
import type { Cleared } from "../../gate/cleared.ts";
import type { PlaceOutcome } from "../../host/venue-client.ts";
import type { Desk } from "../desk.ts";
import { judgeEarlyFills } from "../fills/record-fill.ts";
import { receiptOf } from "./order-view.ts";

type SubmittingDesk = Pick<Desk, "clock" | "commit" | "state" | "venues">;

/**
 * The result is on disk before this settles. @throws VENUE_REJECTED, OUTCOME_UNKNOWN, CONNECTOR_NOT_READY (not sent).
 */
export async function submitOrder(desk: SubmittingDesk, order: OrderRecord, cleared: Cleared<Order>): Promise<void> {
  const result = checkedOutcome(desk, order, await desk.venues.place(cleared));
  try {
    await recordOutcome(desk, order, result);
  } catch (error) {
    // With an intent that is not on disk nothing was sent: the human must not mistake this order for such an order.
    throw unknownOutcome(order, `${outcomeWords(result)}, but that is not recorded: ${messageOf(error)}`, error);
  }
  const { connector } = cleared.terms;
  if (result.kind === "accepted") return;
  const { reason } = result;
  if (result.kind === "unclear") throw unknownOutcome(order, reason);
  const options = { data: receiptOf(order) };
  if (result.kind === "rejected") throw new QocError("VENUE_REJECTED", { id: order.id, connector, reason }, options);
  const words = `: ${ownWords(connector, reason)}`;
  throw new QocError("CONNECTOR_NOT_READY", { connector, state: "unable to send", reason: words }, options);
}

async function recordOutcome(desk: SubmittingDesk, order: OrderRecord, result: PlaceOutcome): Promise<void> {
  const { id } = order;
  switch (result.kind) {
    case "accepted": {
      const venueOrderId = result.venueOrderId as VenueOrderId;
      judgeEarlyFills(desk, order, venueOrderId);
      return desk.commit({ type: "order.accepted", id, venueOrderId });
    }
    case "rejected":
      return desk.commit({ type: "order.rejected", id, by: "venue", reason: result.reason, actor: "host" });
    case "not-sent":
      return desk.commit({ type: "order.not_sent", id, reason: result.reason });
    case "unclear":
      return desk.commit({ type: "order.unknown", id, reason: result.reason });
  }
}

function outcomeWords(result: PlaceOutcome): string {
  switch (result.kind) {
    case "accepted":
      return "the venue acknowledged it";
    case "rejected":
      return `the venue rejected it (${result.reason})`;
    case "not-sent":
      return `it was not sent (${result.reason})`;
    case "unclear":
      return result.reason;
  }
}

function unknownOutcome(order: OrderRecord, reason: string, cause?: unknown): QocError {
  return new QocError("OUTCOME_UNKNOWN", { id: order.id, reason }, { cause, data: receiptOf(order) });
}

/** An acknowledgement with the venue's id of another order in flight says nothing certain of this one. */
function checkedOutcome({ state }: Pick<Desk, "state">, order: OrderRecord, outcome: PlaceOutcome): PlaceOutcome {
  if (outcome.kind !== "accepted") return outcome;
  const other = otherWithVenueId(state, order, outcome.venueOrderId);
  return other === undefined
    ? outcome
    : { kind: "unclear", reason: `its acknowledgement has the venue's id of ${other}` };
}
