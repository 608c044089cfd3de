import * as z from "zod";
import type { EquityCurve } from "../../domain/account/equity-curve.ts";
import { equityCurve } from "../../trading/account/equity-curve.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { dateRangeInput, emptyLines, nothingIn, refuseReversed } from "../date-range.ts";
import { equityOf, readLedger } from "../read-ledger.ts";
import { money } from "../rendering/money.ts";
import { table } from "../rendering/table-text.ts";

const POINTS_MAX = 2_000;

export const command = defineCommand({
  name: "equity points",
  group: "record",
  audience: "human",
  runs: "local",
  writes: [],
  summary: "list the NAV and the drawdown over time, in few points",
  description:
    "The numbers of `qoc equity`. Of more than --points, the lowest, the highest and the worst drawdown of each part stay.",
  examples: ["qoc equity points", "qoc equity points --from 2026-01-01 --points 100 --json"],
  input: () =>
    z.strictObject({
      ...dateRangeInput(),
      points: flag(z.coerce.number().int().min(2).max(POINTS_MAX).default(500), "N", "at most so many (500)"),
    }),
  output: () =>
    z.looseObject({
      currency: z.string(),
      total: z.number(),
      points: z.array(z.tuple([z.string(), z.string(), z.string()]).readonly()).readonly(),
      fills: z.array(z.tuple([z.number(), z.number()]).readonly()).readonly(),
      flows: z.array(z.tuple([z.string(), z.string()]).readonly()).readonly(),
      unconverted: z.array(z.string()),
    }),
  run: async ({ points: most, ...range }, context): Promise<EquityCurve & { readonly empty?: string }> => {
    refuseReversed("equity points", range);
    // The page's call: the journal is folded in a thread, because the desk must not wait for it.
    if (context.desk !== undefined) return context.desk.equity(range, most);
    const ledger = await readLedger(context, {});
    const curve = equityCurve(equityOf(ledger, range), most);
    const dates = ledger.points.map(({ date }) => date);
    return curve.points.length === 0 ? { ...curve, empty: nothingIn(range, dates) } : curve;
  },
  render: ({ currency, points, empty }, style) =>
    empty === undefined
      ? table(
          style,
          [
            { title: "time", cell: ([at]) => at },
            { title: "NAV", cell: ([, nav]) => money(nav, currency, style), isNumber: true },
            { title: "drawdown", cell: ([, , drawdown]) => `${(Number(drawdown) * 100).toFixed(2)} %`, isNumber: true },
          ],
          points,
        )
      : emptyLines(style, empty),
});
