/** The output of the commands that set whether the desk trades. */
import * as z from "zod";
import type { TradingReport } from "./command.ts";
import { type OutputStyle, keyValueLines } from "./rendering/table-text.ts";
import { workingLines } from "./rendering/working-orders.ts";
import { workingOrdersSchema } from "./working-orders-schema.ts";
import { lazy } from "../lib/lazy.ts";

export const tradingStateSchema = lazy(() =>
  z.object({
    trading: z.enum(["active", "reducing", "halted"]),
    reason: z.string(),
    /** false: the desk does not answer, and it starts in this state. */
    up: z.boolean().optional(),
    working: workingOrdersSchema(),
  }),
);

export function renderTrading(
  { trading, reason, working, up = true }: TradingReport,
  style: OutputStyle,
): readonly string[] {
  const facts: (readonly [string, string])[] = [["trading", trading]];
  if (reason !== "") facts.push(["reason", reason]);
  return [...keyValueLines(style, facts), ...(trading === "active" ? [] : workingLines(working, up))];
}
