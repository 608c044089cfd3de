import * as z from "zod";
import { ZERO, parseText, text } from "../domain/decimal.ts";
import { SAME_UNITS, type StatedRatio, splitDigest } from "../trading/account/stated-split.ts";
import { resolveOrder } from "../trading/orders/decide.ts";
import { digestOf } from "../domain/digest.ts";
import { EXIT } from "../domain/errors/error.ts";
import { flag, positional } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { receiptSchema } from "./orders/receipt.ts";
import { authoritySchema, callSigned } from "./signed-call.ts";
import { lazy } from "../lib/lazy.ts";

/** `7:1` */
const splitSchema = lazy(() =>
  z.string().transform((raw, context): StatedRatio => {
    try {
      const [after, before] = raw.split(":").map(parseText);
      const isRatio = after?.gt(ZERO) === true && before?.gt(ZERO) === true && !after.eq(before);
      if (isRatio && raw.split(":").length === 2) return [text(after), text(before)];
    } catch {
      // Said below.
    }
    context.addIssue({ code: "custom", message: "must be units after and before the split, such as 7:1" });
    return z.NEVER;
  }),
);

export const command = defineCommand({
  name: "resolve",
  aliases: ["orders resolve"],
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "close a lost order or a flagged instrument by hand",
  description:
    "An order whose venue has lost it, or an instrument as CONNECTOR/SYMBOL, which takes the venue's quantity. " +
    "--split and --renamed keep the cost instead: for what the venue shows and does not announce. " +
    "A fill or an activity that cannot be read, as CONNECTOR/ID of qoc status, is no longer asked for.",
  examples: [
    'qoc resolve 20260705-001 --note "never reached the venue"',
    'qoc resolve ibkr/AAPL --split 7:1 -m "split"',
    'qoc resolve ibkr/FB --renamed META -m "letter of the broker"',
  ],
  exits: [5],
  input: () =>
    z.strictObject({
      id: positional(z.string(), "ID|CONNECTOR/SYMBOL", "the unknown or lost order, or the flagged instrument", {
        completes: "order",
      }),
      note: flag(z.string().min(3), "TEXT", "what you saw at the venue", { short: "m" }),
      split: flag(splitSchema().optional(), "AFTER:BEFORE", "the instrument was split: units after for units before"),
      renamed: flag(z.string().min(1).max(128).optional(), "SYMBOL", "the instrument has this name now"),
      /** The client's signature. */
      authority: authoritySchema().optional(),
    }),
  output: () =>
    z.union([
      receiptSchema(),
      z.object({ instrument: z.string(), quantity: z.string() }),
      z.object({ item: z.string() }),
    ]),
  run: ({ id, note, split, renamed, authority }, context) => {
    const { actor, page } = context;
    return resolveOrder(requireDesk(context).desk, id, { note, split, renamed, actor, authority, page });
  },
  cli: async (session, input) => {
    const [id, note] = [String(input["id"] ?? ""), String(input["note"] ?? "")];
    const split = splitSchema().safeParse(input["split"]);
    const newSymbol = input["renamed"] === undefined ? undefined : String(input["renamed"]);
    const ratio = split.success ? split.data : newSymbol === undefined ? undefined : SAME_UNITS;
    const intent =
      ratio === undefined
        ? ({ action: "resolve", id, digest: digestOf(note) } as const)
        : ({ action: "split", id, digest: splitDigest({ ratio, newSymbol, note }) } as const);
    await session.show("resolve", await callSigned(session, { command: "resolve", input, intent }));
    return EXIT.done;
  },
});
