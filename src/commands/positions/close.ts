import * as z from "zod";
import { changedRules } from "../../trading/config/config-notices.ts";
import { closePositions } from "../../trading/orders/close-positions.ts";
import { flag, positional, toggle } from "../arguments.ts";
import { defineCommand, requireDesk, usageError } from "../command.ts";
import { proposalReport, proposalReportSchema, renderProposal } from "../orders/propose.ts";

export const command = defineCommand({
  name: "positions close",
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["orders/pending/"],
  summary: "draft the orders that close positions",
  description: "Each draft is a market order that waits for your approval.",
  examples: ["qoc positions close SPX", "qoc positions close --all"],
  exits: [5],
  input: () =>
    z.strictObject({
      symbol: positional(z.string().optional(), "SYMBOL", "the position to close"),
      all: toggle("close every position"),
      connector: flag(z.string().optional(), "NAME", "only at this connector", { completes: "connector" }),
    }),
  output: () => z.array(proposalReportSchema()),
  run: async ({ symbol, all, connector }, context) => {
    if (all === (symbol !== undefined)) throw usageError("positions close", "name a symbol, or --all");
    const { desk } = requireDesk(context);
    const proposed = await closePositions(desk, { symbol, connector, actor: context.actor });
    const changed = changedRules(await desk.configuration.standing());
    return proposed.map((draft) => proposalReport(draft, context.actor, changed));
  },
  render: (drafts, style) => drafts.flatMap((draft) => renderProposal(draft, style)),
});
