import * as z from "zod";
import { thinnedPoints } from "../../domain/account/equity-series.ts";
import { iso } from "../../lib/time.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { money } from "../rendering/money.ts";
import { tableOr } from "../rendering/table-text.ts";
import { lazy } from "../../lib/lazy.ts";

const time = lazy(() => z.iso.datetime({ offset: true }).or(z.iso.date()));

type NavPoint = readonly [at: string, nav: string];

export const command = defineCommand({
  name: "snapshots nav",
  group: "record",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the NAV that the snapshots recorded",
  description:
    "Also of snapshots whose files are gone. Of more than --points, the lowest and the highest of each part are kept.",
  examples: ["qoc snapshots nav", "qoc snapshots nav --from 2026-01-01 --points 100 --json"],
  input: () =>
    z.strictObject({
      from: flag(time().optional(), "DATE", "from this date on"),
      to: flag(time().optional(), "DATE", "up to this time"),
      points: flag(z.coerce.number().int().min(2).max(2_000).default(500), "N", "at most so many (500)"),
    }),
  output: () =>
    z.object({
      currency: z.string(),
      /** The number of points before they were thinned. */
      total: z.number(),
      points: z.array(z.tuple([z.string(), z.string()]).readonly()).readonly(),
    }),
  run: async ({ from, to, points: most }, context) => {
    const { state, config } = await readableDesk(context);
    const [first, last] = [from === undefined ? 0 : Date.parse(from), to === undefined ? Infinity : Date.parse(to)];
    const chosen = state.equity.filter(({ at }) => at >= first && at <= last);
    const points = thinnedPoints(chosen, most).map(({ at, nav }): NavPoint => [iso(at), nav]);
    return { currency: config.account.currency, total: chosen.length, points };
  },
  render: ({ currency, points }, style) =>
    tableOr(
      style,
      [
        { title: "time", cell: ([at]) => at },
        { title: "NAV", cell: ([, nav]) => money(nav, currency, style), isNumber: true },
      ],
      points,
      "no snapshots",
    ),
});
