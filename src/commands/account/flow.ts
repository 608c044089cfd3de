import * as z from "zod";
import { FLOW_KINDS } from "../../domain/account/cash-event.ts";
import { DecimalError, type DecimalText, parseText, text } from "../../domain/decimal.ts";
import { EXIT } from "../../domain/errors/error.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { type CashFlow, flowDigest, recordCashFlow } from "../../trading/account/cash-flow.ts";
import { flag, positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { authoritySchema, callSigned } from "../signed-call.ts";
import { lazy } from "../../lib/lazy.ts";

const amountSchema = lazy(() =>
  z.string().transform((raw, context): DecimalText => {
    try {
      return text(parseText(raw));
    } catch (error) {
      context.addIssue({ code: "custom", message: error instanceof DecimalError ? error.message : "is not a number" });
      return z.NEVER;
    }
  }),
);

export const command = defineCommand({
  name: "account flow",
  group: "record",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "say what a change of NAV that no trade explains was",
  description: "A deposit or withdrawal is no profit. Ends the block of an unexplained change.",
  examples: [
    'qoc account flow broker 10000 -m "wire of Monday"',
    'qoc account flow broker 5000 --kind withdrawal -m "rent"',
  ],
  exits: [5],
  input: () =>
    z.strictObject({
      connector: positional(z.string(), "CONNECTOR", "the account", { completes: "connector" }),
      amount: positional(amountSchema(), "AMOUNT", "in the account's currency"),
      kind: flag(z.enum(FLOW_KINDS).default("deposit"), "KIND", "deposit, withdrawal or result (a profit or loss)"),
      currency: flag(z.string().min(1).max(20).optional(), "CODE", "the currency of the amount, to check it"),
      note: flag(z.string().min(3), "TEXT", "what it was", { short: "m" }),
      /** The client's signature. */
      authority: authoritySchema().optional(),
    }),
  output: () =>
    z.object({
      connector: z.string(),
      kind: z.string(),
      amount: z.string(),
      currency: z.string(),
      unexplained: z.string().nullable(),
    }),
  run: ({ authority, connector, ...flow }, context) =>
    recordCashFlow(
      requireDesk(context).desk,
      { ...flow, connector: connector as ConnectorName },
      { actor: context.actor, authority },
    ),
  cli: async (session, input) => {
    const { kind = "deposit", note = "" } = input as Partial<CashFlow>;
    const amount = amountSchema().safeParse(input["amount"]);
    // The desk refuses an amount that is no number, and asks for no signature.
    const digest = amount.success ? flowDigest({ kind, amount: amount.data, note }) : "";
    const intent = { action: "flow", id: String(input["connector"] ?? ""), digest } as const;
    await session.show("account flow", await callSigned(session, { command: "account flow", input, intent }));
    return EXIT.done;
  },
});
