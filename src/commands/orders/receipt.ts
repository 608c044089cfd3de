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
  /** The order that a cancel named, as it is then. */
  target: z.object({ id: z.string(), state: z.enum(ORDER_STATES) }).optional(),
});

interface FilledReceipt extends Receipt {
  readonly filled?: string | undefined;
  readonly averagePrice?: string | null | undefined;
}

export function renderReceipt(
  { id, state, clientOrderId, venueOrderId, filled, averagePrice, target }: FilledReceipt,
  style: OutputStyle,
): readonly string[] {
  if (!style.isTty) {
    const more = target === undefined ? [] : [target.id, target.state];
    return [[id, state, clientOrderId ?? "", venueOrderId ?? "", ...more].map(oneLine).join("\t")];
  }
  if (target !== undefined)
    return [
      `cancel ${style.paint("bold", oneLine(id))} is ${oneLine(state)}; ${oneLine(target.id)} is ${oneLine(target.state)}`,
    ];
  const venueId = venueOrderId === null ? "" : `; the venue calls it ${oneLine(venueOrderId)}`;
  const fill =
    filled === undefined || averagePrice === undefined || averagePrice === null
      ? ""
      : `: ${oneLine(filled)} at ${amountText(averagePrice, "")}`;
  return [`${style.paint("bold", oneLine(id))} is ${oneLine(state)}${fill}${venueId}`];
}
