/** The output of the commands that decide on an order. */
import * as z from "zod";
import { ORDER_STATES } from "../../domain/order-state.ts";
import type { Receipt } from "../../trading/order-view.ts";
import type { OutputStyle } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";

export const receiptSchema = z.object({
  id: z.string(),
  state: z.enum(ORDER_STATES),
  clientOrderId: z.string().nullable(),
  venueOrderId: z.string().nullable(),
});

export function renderReceipt(
  { id, state, clientOrderId, venueOrderId }: Receipt,
  style: OutputStyle,
): readonly string[] {
  if (!style.isTty) return [[id, state, clientOrderId ?? "", venueOrderId ?? ""].map(oneLine).join("\t")];
  const venueId = venueOrderId === null ? "" : `; the venue calls it ${oneLine(venueOrderId)}`;
  return [`${style.paint("bold", oneLine(id))} is ${oneLine(state)}${venueId}`];
}
