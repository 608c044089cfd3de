import * as z from "zod";

/** The output of the commands that set whether the desk trades. */
export const tradingStateSchema = z.object({
  trading: z.enum(["active", "reducing", "halted"]),
  reason: z.string(),
});
