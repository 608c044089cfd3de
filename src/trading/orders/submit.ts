/** The only module that gives an order to the host. Journals the result: accepted, rejected, not sent or unknown. */
import { ownWords } from "../../domain/market/own-words.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { VenueOrderId } from "../../domain/ids.ts";
import type { Order } from "../../domain/orders/order.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import { otherWithVenueId } from "../../domain/fills/fill-state.ts";
import type { Cleared } from "../../gate/cleared.ts";
import type { PlaceOutcome } from "../../host/venue-client.ts";
import type { Desk } from "../desk.ts";
import { judgeEarlyFills } from "../fills/record-fill.ts";
import { receiptOf } from "./order-view.ts";

/**
 * The result is on disk before this settles. @throws VENUE_REJECTED, OUTCOME_UNKNOWN, CONNECTOR_NOT_READY (not sent).
 */
export async function submitOrder(
  desk: Pick<Desk, "clock" | "commit" | "state" | "venues">,
  order: OrderRecord,
  cleared: Cleared<Order>,
): Promise<void> {
  const result = checkedOutcome(desk, order, await desk.venues.place(cleared));
  const { connector } = cleared.terms;
  switch (result.kind) {
    case "accepted":
      judgeEarlyFills(desk, order, result.venueOrderId as VenueOrderId);
      await desk.commit({ type: "order.accepted", id: order.id, venueOrderId: result.venueOrderId as VenueOrderId });
      return;
    case "rejected":
      await desk.commit({ type: "order.rejected", id: order.id, by: "venue", reason: result.reason, actor: "host" });
      throw new QocError(
        "VENUE_REJECTED",
        { id: order.id, connector, reason: result.reason },
        { data: receiptOf(order) },
      );
    case "not-sent":
      await desk.commit({ type: "order.not_sent", id: order.id, reason: result.reason });
      throw new QocError(
        "CONNECTOR_NOT_READY",
        { connector, state: "unable to send", reason: `: ${ownWords(connector, result.reason)}` },
        { data: receiptOf(order) },
      );
    case "unclear":
      await desk.commit({ type: "order.unknown", id: order.id, reason: result.reason });
      throw new QocError("OUTCOME_UNKNOWN", { id: order.id, reason: result.reason }, { data: receiptOf(order) });
  }
}

/** An acknowledgement with the venue's id of another order in flight says nothing certain of this one. */
function checkedOutcome({ state }: Pick<Desk, "state">, order: OrderRecord, outcome: PlaceOutcome): PlaceOutcome {
  if (outcome.kind !== "accepted") return outcome;
  const other = otherWithVenueId(state, order, outcome.venueOrderId);
  return other === undefined
    ? outcome
    : { kind: "unclear", reason: `its acknowledgement has the venue's id of ${other}` };
}
