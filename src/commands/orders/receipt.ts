/** The output of the commands that decide on an order. */
import type { Receipt } from "../../domain/orders/order-view.ts";
import * as z from "zod";
import { ORDER_STATES } from "../../domain/orders/order-state.ts";
import type { OutputStyle } from "../rendering/table-text.ts";
import { amountText } from "../rendering/money.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { lazy } from "../../lib/lazy.ts";

export const receiptSchema = lazy(() =>
  z.object({
    id: z.string(),
    state: z.enum(ORDER_STATES),
    clientOrderId: z.string().nullable(),
    venueOrderId: z.string().nullable(),
    /** After a wait for the fill. */
    filled: z.string().optional(),
    averagePrice: z.string().nullable().optional(),
    /** The order that a cancel named, as it is then. */
    target: z.object({ id: z.string(), state: z.enum(ORDER_STATES) }).optional(),
    /** A rejected file that was no proposal. */
    movedFile: z.object({ path: z.string(), comment: z.enum(["none", "written", "not written"]) }).optional(),
  }),
);

interface FilledReceipt extends Receipt {
  readonly filled?: string | undefined;
  readonly averagePrice?: string | null | undefined;
}

export function renderReceipt(
  { id, state, clientOrderId, venueOrderId, filled, averagePrice, target, movedFile }: FilledReceipt,
  style: OutputStyle,
): readonly string[] {
  if (!style.isTty) {
    const more = target === undefined ? [] : [target.id, target.state];
    const file = movedFile === undefined ? [] : [movedFile.path];
    return [[id, state, clientOrderId ?? "", venueOrderId ?? "", ...more, ...file].map(oneLine).join("\t")];
  }
  if (movedFile !== undefined) {
    const { path, comment } = movedFile;
    const words = { none: "", written: ", with your comment", "not written": "; its format takes no comment" };
    return [
      `${style.paint("bold", oneLine(id))} is rejected; it was no proposal, so no order is recorded`,
      `the file is ${oneLine(path)}${words[comment]}`,
    ];
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
