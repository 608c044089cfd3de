import * as z from "zod";
import { resolveOrder } from "../trading/orders/decide.ts";
import { digestOf } from "../domain/digest.ts";
import { EXIT } from "../domain/errors/error.ts";
import { flag, positional } from "./arguments.ts";
import { defineCommand, requireDesk } from "./command.ts";
import { receiptSchema } from "./orders/receipt.ts";
import { authoritySchema, callSigned } from "./signed-call.ts";

export const command = defineCommand({
  name: "resolve",
  aliases: ["orders resolve"],
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "close a lost order or a flagged instrument by hand",
  description: "An order whose venue has lost it, or an instrument as CONNECTOR/SYMBOL.",
  examples: ['qoc resolve 20260705-001 --note "never reached the venue"', 'qoc resolve paper/SPX --note "split"'],
  exits: [5],
  input: z.strictObject({
    id: positional(z.string(), "ID|CONNECTOR/SYMBOL", "the unknown or lost order, or the flagged instrument", {
      completes: "order",
    }),
    note: flag(z.string().min(3), "TEXT", "what you saw at the venue", { short: "m" }),
    /** The client's signature. */
    authority: authoritySchema.optional(),
  }),
  output: z.union([receiptSchema, z.object({ instrument: z.string(), quantity: z.string() })]),
  run: ({ id, note, authority }, context) => {
    const { actor, page } = context;
    return resolveOrder(requireDesk(context).desk, id, { note, actor, authority, page });
  },
  cli: async (session, input) => {
    const [id, note] = [String(input["id"] ?? ""), String(input["note"] ?? "")];
    const intent = { action: "resolve", id, digest: digestOf(note) } as const;
    await session.show("resolve", await callSigned(session, { command: "resolve", input, intent }));
    return EXIT.done;
  },
});
