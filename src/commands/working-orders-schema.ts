import * as z from "zod";

/** The orders that still work at their venues. */
export const workingOrdersSchema = z.array(
  z.object({ id: z.string(), state: z.string(), sentence: z.string(), leaves: z.string() }),
);
