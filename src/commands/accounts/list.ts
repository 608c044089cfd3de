import * as z from "zod";
import type { AccountView } from "../../domain/account/account-view.ts";
import { accountView } from "../../trading/account/account-view.ts";
import { markAll } from "../../trading/account/snapshot.ts";
import { defineCommand } from "../command.ts";
import { bookInScope } from "../connector-scope.ts";
import { readableDesk } from "../readable-desk.ts";
import { accountLines } from "../rendering/positions.ts";

export type AccountsView = Pick<AccountView, "currency" | "accounts" | "exposures" | "rates">;

export const command = defineCommand({
  name: "accounts list",
  group: "research",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the accounts with balances, buying power, age",
  description:
    "Each account in its own currency, its balances in other currencies, and what is held of each asset over all venues.",
  examples: ["qoc accounts list", "qoc accounts list --json"],
  input: () => z.strictObject({}),
  output: () => z.looseObject({ accounts: z.array(z.looseObject({ connector: z.string(), nav: z.string() })) }),
  run: async (_input, context): Promise<AccountsView> => {
    const askedAt = context.desk?.desk.market.askedAt;
    if (context.desk !== undefined) await markAll(context.desk.desk);
    const desk = await readableDesk(context);
    const fileRates = await desk.workspace.rates.read();
    const book = bookInScope(desk, context.actor, accountView(desk, { askedAt, fileRates }));
    const { currency, accounts, exposures, rates } = book;
    return { currency, accounts, exposures, rates };
  },
  render: accountLines,
});
