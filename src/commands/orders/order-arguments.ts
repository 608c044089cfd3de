/** Schemas that the commands about orders share. */
import * as z from "zod";
import { ORDER_STATES } from "../../domain/order-state.ts";
import { positional } from "../arguments.ts";

export const orderRef = positional(z.string(), "ID|FILE", "an order's id, a unique start of it, or its file", {
  completes: "order",
});

/** The same for commands that decide on a proposal. */
export const proposalRef = positional(z.string(), "ID|FILE", "an order's id, a unique start of it, or its file", {
  completes: "proposal",
});

export const orderSummarySchema = z.looseObject({
  id: z.string(),
  state: z.enum(ORDER_STATES),
  path: z.string(),
  digest: z.string(),
  terms: z.looseObject({}),
});
