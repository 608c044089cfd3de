import * as z from "zod";
import { EXIT } from "../../domain/errors/error.ts";
import { positionViews } from "../../trading/account/account-view.ts";
import { markAll } from "../../trading/account/snapshot.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { connectorInScope, isInScope } from "../connector-scope.ts";
import { renderPositions } from "../rendering/positions.ts";
import type { AccountsView } from "../accounts/list.ts";

const NAME = "positions list";

export const command = defineCommand({
  name: NAME,
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list the open positions with their marks",
  description: "By the desk's own fills, marked by their connectors.",
  examples: ["qoc positions list", "qoc positions list --json"],
  input: () =>
    z.strictObject({
      connector: flag(z.string().optional(), "NAME", "only this connector", { completes: "connector" }),
    }),
  output: () => z.array(z.looseObject({ connector: z.string(), symbol: z.string(), quantity: z.string() })),
  mcp: { openWorld: true },
  run: async ({ connector: name }, context) => {
    if (context.desk !== undefined) await markAll(context.desk.desk);
    const desk = await readableDesk(context);
    const positions = positionViews(desk).filter(
      ({ connector }) => (name === undefined || connector === name) && isInScope(desk, context.actor, connector),
    );
    // A disabled connector may still have positions; an unknown name has none, and is a typing error.
    if (name !== undefined && positions.length === 0) connectorInScope(desk, context.actor, { name, command: NAME });
    return positions;
  },
  render: renderPositions,
  /** On a terminal also what the accounts hold besides, and how old their reports are. */
  cli: async (session, input) => {
    const positions = await session.call(NAME, input);
    await session.show(NAME, positions);
    if (!session.isTty || session.flags.json || input["connector"] !== undefined) return EXIT.done;
    const view = (await session.call("accounts list", {})) as AccountsView;
    if (view.accounts.some(({ isStale, balances }) => isStale || balances.length > 0) || view.accounts.length > 1)
      await session.show("accounts list", view);
    return EXIT.done;
  },
});
