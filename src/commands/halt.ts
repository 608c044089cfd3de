import * as z from "zod";
import { setTrading } from "../trading/orders/decide.ts";
import { workingOrders } from "../trading/orders/working-orders.ts";
import { flag, positional, toggle } from "./arguments.ts";
import { type CommandSession, defineCommand, localServices } from "./command.ts";
import { changeTrading } from "./change-trading.ts";
import { authoritySchema } from "./signed-call.ts";
import { renderTrading, tradingStateSchema } from "./trading-state-schema.ts";

const REASON = "halted by the operator";

export const command = defineCommand({
  name: "halt",
  group: "orders",
  audience: "human",
  runs: "local-if-silent",
  writes: ["journal"],
  summary: "block all new orders immediately",
  description:
    "Cancels still pass. The halt survives a restart. Also works while the desk is down: it then starts halted.",
  examples: ["qoc halt", "qoc halt gone to lunch", 'qoc halt --reducing --reason "earnings week"'],
  input: () =>
    z.strictObject({
      words: positional(z.array(z.string()).default([]), "REASON", "why, in free words"),
      reason: flag(z.string().optional(), "TEXT", "the same as a flag", { short: "m" }),
      reducing: toggle("admit orders that strictly reduce a position"),
      /** The client's signature: --reducing after a whole halt allows more than before. A page signs each halt. */
      authority: authoritySchema().optional(),
    }),
  output: tradingStateSchema,
  run: async ({ words, reason, reducing, authority }, context) => {
    const stated = statedReason(words, reason);
    if (context.desk === undefined) {
      if (reducing) context.progress.line("the desk does not answer: it is halted entirely, not to --reducing");
      return localServices(context).haltOf(context.cwd, stated);
    }
    const { desk } = context.desk;
    const state = reducing ? "reducing" : "halted";
    const { actor, page } = context;
    const change = { state, reason: stated, actor, authority, page } as const;
    return { ...(await setTrading(desk, change)), working: workingOrders(desk.state) };
  },
  render: renderTrading,
  cli: (session: CommandSession, { words, reason, ...input }) =>
    changeTrading(session, "halt", { ...input, reason: statedReason(words as string[] | undefined, reason) }),
});

function statedReason(words: readonly string[] = [], reason: unknown): string {
  const text = [...words, ...(typeof reason === "string" ? [reason] : [])].join(" ").trim();
  return text === "" ? REASON : text;
}
