import * as z from "zod";
import { thinnedPoints } from "../domain/equity-series.ts";
import { iso } from "../lib/time.ts";
import { flag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { readableDesk } from "./readable-desk.ts";
import { money } from "./rendering/money.ts";
import { tableOr } from "./rendering/table-text.ts";

const time = z.iso
  .datetime({ offset: true })
  .or(z.iso.date())
  .transform((text) => new Date(text).getTime());

export const command = defineCommand({
  name: "equity",
  group: "record",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "show the NAV of the snapshots over time",
  description: "From the journal. Of a long time, the minimum and the maximum of each part.",
  examples: ["qoc equity", "qoc equity --from 2026-01-01 --points 60", "qoc equity --json"],
  input: z.strictObject({
    from: flag(time.optional(), "TIME", "from this time or day on"),
    to: flag(time.optional(), "TIME", "up to this time or day"),
    points: flag(z.coerce.number().int().min(2).max(2_000).default(500), "N", "at most N points (500)"),
  }),
  output: z.object({
    currency: z.string(),
    /** The number of points before they were thinned. */
    total: z.number(),
    points: z.array(z.tuple([z.string(), z.string()])),
  }),
  run: async ({ from = 0, to = Number.POSITIVE_INFINITY, points }, context) => {
    const { state, config } = await readableDesk(context);
    const chosen = state.equity.filter(({ at }) => at >= from && at <= to);
    return {
      currency: config.account.currency,
      total: chosen.length,
      points: thinnedPoints(chosen, points).map(({ at, nav }): [string, string] => [iso(at), nav]),
    };
  },
  render: ({ currency, points }, style) =>
    tableOr(
      style,
      [
        { title: "time", cell: ([at]) => at },
        { title: "NAV", cell: ([, nav]) => money(nav, currency, style), isNumber: true },
      ],
      points,
      "no snapshots: qoc snapshot",
    ),
});
