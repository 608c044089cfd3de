import type { Receipt } from "../domain/orders/order-view.ts";
import * as z from "zod";
import { EXIT, QocError } from "../domain/errors/error.ts";
import { type CancelResult, cancelOrder, cancelOrders } from "../trading/orders/cancel.ts";
import { flag, positional, toggle } from "./arguments.ts";
import { defineCommand, requireDesk, usageError } from "./command.ts";
import { refuseUnknownConnector } from "./known-word.ts";
import { receiptSchema, renderReceipt } from "./orders/receipt.ts";
import { authoritySchema } from "./signed-call.ts";
import type { OutputStyle } from "./rendering/table-text.ts";
import { oneLine } from "./rendering/terminal-text.ts";

const NAME = "cancel";

export const command = defineCommand({
  name: NAME,
  aliases: ["orders cancel"],
  group: "orders",
  audience: "human",
  runs: "desk",
  writes: ["journal"],
  summary: "ask the venue to cancel working orders",
  description: "Passes in every trading state.",
  examples: ["qoc cancel 20260705-001", "qoc cancel --all", "qoc cancel --all --symbol SPX"],
  exits: [5, 6, 7],
  input: () =>
    z.strictObject({
      id: positional(z.string().optional(), "ID|FILE", "an order's id, a unique start of it, or its file", {
        completes: "order",
      }),
      all: toggle("cancel every working order"),
      connector: flag(z.string().optional(), "NAME", "with --all: at this connector", { completes: "connector" }),
      symbol: flag(z.string().optional(), "SYMBOL", "with --all: of this symbol"),
      /** The signature of a page. */
      authority: authoritySchema().optional(),
    }),
  output: () =>
    z.union([
      receiptSchema(),
      z.array(receiptSchema().extend({ connector: z.string(), symbol: z.string(), error: z.string().nullable() })),
    ]),
  run: async ({ id, all, connector, symbol, authority }, context): Promise<Receipt | readonly CancelResult[]> => {
    if (all === (id !== undefined)) throw usageError(NAME, "name one order, or --all");
    if (!all && (connector !== undefined || symbol !== undefined))
      throw usageError(NAME, "--connector and --symbol go with --all");
    const { desk } = requireDesk(context);
    const { actor, page } = context;
    // One signature covers one order.
    if (all && page !== undefined)
      throw new QocError("PAGE_NOT_ALLOWED", { action: "cancel --all", reason: "it signs each order" });
    if (connector !== undefined) refuseUnknownConnector(connector, desk.config.connectors);
    return id === undefined
      ? cancelOrders(desk, { connector, symbol, actor })
      : cancelOrder(desk, id, { actor, authority, page });
  },
  exitCode: (value) => (isList(value) && value.some(({ error }) => error !== null) ? EXIT.failed : EXIT.done),
  render: (value, style) => {
    if (!isList(value)) return renderReceipt(value, style);
    if (value.length === 0 && style.isTty) return ["no order is working"];
    return value.flatMap((result) => [
      ...renderReceipt(result, style),
      ...(result.error === null ? [] : [failureLine(result.error, style)]),
    ]);
  },
});

function isList(value: Receipt | readonly CancelResult[]): value is readonly CancelResult[] {
  return Array.isArray(value);
}

function failureLine(error: string, style: OutputStyle): string {
  return `  ${style.paint("red", "✗")} ${oneLine(error)}`;
}
