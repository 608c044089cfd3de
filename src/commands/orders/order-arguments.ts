/** Schemas that the commands about orders share. */
import * as z from "zod";
import { ORDER_STATES, unknownStateMessage } from "../../domain/orders/order-state.ts";
import { flag, positional } from "../arguments.ts";
import { lazy } from "../../lib/lazy.ts";

export const orderRef = lazy(() =>
  positional(z.string(), "ID|FILE", "an order's id, a unique start of it, or its file", {
    completes: "order",
  }),
);

/** The same for commands that decide on a proposal. */
export const proposalRef = lazy(() =>
  positional(z.string(), "ID|FILE", "an order's id, a unique start of it, or its file", {
    completes: "proposal",
  }),
);

export const orderStateFlag = lazy(() =>
  flag(
    z.enum(ORDER_STATES, { error: ({ input }) => unknownStateMessage(String(input)) }).optional(),
    "STATE",
    "only this state: proposed, accepted, filled …",
    // An earlier state name gets the schema's message, which names the new one.
    { choices: [] },
  ),
);

export const orderSummarySchema = lazy(() =>
  z.looseObject({
    id: z.string(),
    state: z.enum(ORDER_STATES),
    path: z.string(),
    digest: z.string(),
    terms: z.looseObject({}),
  }),
);
