import * as z from "zod";
import { lazy } from "../lib/lazy.ts";

/** The orders that still work at their venues. */
export const workingOrdersSchema = lazy(() =>
  z.array(z.object({ id: z.string(), state: z.string(), sentence: z.string(), leaves: z.string() })),
);
