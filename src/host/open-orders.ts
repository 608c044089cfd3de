/** Orders that a connector lists. An order that cannot be read is listed as such, so that it hides no other. */
import * as z from "zod";
import type { UnreadableVenueOrder, VenueReport } from "../domain/market/venue.ts";
import { hasInvisible } from "../lib/invisible-characters.ts";
import { FIELDS, compact, reportSchema } from "../protocol/schemas.ts";
import { answerIssue } from "./answer-issue.ts";

type ListedOrder = VenueReport | UnreadableVenueOrder;

const { line, name, numeric, optional, positive } = FIELDS;
/** An order of a list that the connector cannot read. Members that cannot be read either are left out. */
const unreadableOrderSchema = z.object({
  venueOrderId: name,
  clientOrderId: optional(name).catch(undefined),
  status: z.literal("unknown"),
  reason: line,
  symbol: optional(name).catch(undefined),
  side: optional(z.enum(["buy", "sell"])).catch(undefined),
  quantity: optional(positive).catch(undefined),
  limitPrice: optional(numeric).catch(undefined),
});

const REASON_CHARS_MAX = 200;
const ids = unreadableOrderSchema.pick({ venueOrderId: true, clientOrderId: true });

/** @throws nothing; an entry without a readable id is an issue of the list, because the desk could not name it. */
export const listedOrderSchema: z.ZodType<ListedOrder> = z.unknown().transform((raw, context): ListedOrder => {
  const report = reportSchema.safeParse(raw);
  if (report.success) return report.data;
  const unreadable = unreadableOrderSchema.safeParse(raw);
  if (unreadable.success) return compact(unreadable.data) as UnreadableVenueOrder;
  const named = ids.safeParse(raw);
  if (!named.success) {
    const [issue] = named.error.issues;
    context.addIssue({ code: "custom", path: [...(issue?.path ?? [])], message: issue?.message ?? "cannot be read" });
    return z.NEVER;
  }
  const reason = answerIssue(report.error, raw);
  return compact({
    ...named.data,
    status: "unknown" as const,
    reason: hasInvisible(reason) ? "its report is malformed" : reason.slice(0, REASON_CHARS_MAX),
  }) as UnreadableVenueOrder;
});
