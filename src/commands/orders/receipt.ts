/** The output of the commands that decide on an order. */
import * as z from "zod";
import { ORDER_STATES } from "../../domain/order-state.ts";
import type { Receipt } from "../../trading/order-view.ts";
import type { OutputStyle } from "../rendering/table-text.ts";
import { amountText } from "../rendering/money.ts";
import { oneLine } from "../rendering/terminal-text.ts";

export const receiptSchema = z.object({
  id: z.string(),
  state: z.enum(ORDER_STATES),
  clientOrderId: z.string().nullable(),
  venueOrderId: z.string().nullable(),
  /** After a wait for the fill. */
  filled: z.string().optional(),
  averagePrice: z.string().nullable().optional(),
});

interface FilledReceipt extends Receipt {
  readonly filled?: string | undefined;
  readonly averagePrice?: string | null | undefined;
}

export function renderReceipt(
  { id, state, clientOrderId, venueOrderId, filled, averagePrice }: FilledReceipt,
  style: OutputStyle,
): readonly string[] {
  if (!style.isTty) return [[id, state, clientOrderId ?? "", venueOrderId ?? ""].map(oneLine).join("\t")];
  const venueId = venueOrderId === null ? "" : `; the venue calls it ${oneLine(venueOrderId)}`;
  const fill =
    filled === undefined || averagePrice === undefined || averagePrice === null
      ? ""
      : `: ${oneLine(filled)} at ${amountText(averagePrice, "")}`;
  return [`${style.paint("bold", oneLine(id))} is ${oneLine(state)}${fill}${venueId}`];
}
