import * as z from "zod";
import { decimal, rounded, text } from "../domain/decimal.ts";
import type { DecisionLine } from "../domain/orders/order-view.ts";
import { decisionLog } from "../trading/projections/decision-log.ts";
import { flag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import { readableDesk } from "./readable-desk.ts";
import { isOrderInScope } from "./orders/order-scope.ts";
import { localDay } from "./rendering/local-time.ts";
import { sideShade } from "./rendering/money.ts";
import type { Shade } from "./rendering/paint.ts";
import { type Column, type OutputStyle, tableOr } from "./rendering/table-text.ts";

export const command = defineCommand({
  name: "decisions",
  hiddenAliases: ["log"],
  group: "record",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list the decisions of the journal, newest first",
  description: "One line for each approval and rejection.",
  examples: ["qoc decisions", "qoc decisions --limit 10 --json"],
  input: () =>
    z.strictObject({
      limit: flag(z.coerce.number().int().positive().max(100_000).default(50), "N", "how many (50)"),
    }),
  output: () => z.array(z.looseObject({ date: z.string(), decision: z.enum(["APPROVED", "REJECTED"]) })),
  run: async ({ limit }, context) => {
    const desk = await readableDesk(context);
    return decisionLog(desk, { limit, isInScope: (order) => isOrderInScope(desk, context.actor, order) });
  },
  render: renderDecisions,
});

const COLUMNS: readonly Column<DecisionLine>[] = [
  { title: "date", cell: ({ date }) => date },
  { title: "decision", cell: ({ decision }) => decision },
  { title: "id", cell: ({ id }) => id },
  { title: "side", cell: ({ side }) => side.toUpperCase(), shade: ({ side }) => sideShade(side) },
  { title: "quantity", cell: ({ quantity }) => quantity, isNumber: true },
  { title: "symbol", cell: ({ symbol }) => symbol },
  { title: "price", cell: ({ price }) => price, isNumber: true },
  { title: "state", cell: ({ state }) => state },
  {
    title: "note",
    cell: ({ note, untrusted }) => (untrusted === null ? note : `${note}: ${untrusted.text}`),
    shrinks: true,
  },
];

/** For 80 columns: the day, a sign for the decision, and the price of the fills if there are any. */
function shortColumn(column: Column<DecisionLine>): Column<DecisionLine> {
  switch (column.title) {
    case "date":
      return { ...column, cell: ({ date }) => localDay(date) };
    case "decision":
      return {
        ...column,
        title: "",
        cell: ({ decision }) => (decision === "APPROVED" ? "✓" : "✗"),
        shade: decisionShade,
      };
    case "quantity":
      return { ...column, title: "qty" };
    case "price":
      return { ...column, cell: priceOf };
    default:
      return column;
  }
}

function decisionShade({ decision }: DecisionLine): Shade {
  return decision === "APPROVED" ? "green" : "red";
}

function priceOf({ averagePrice, price }: DecisionLine): string {
  return averagePrice === null ? price : text(rounded(decimal(averagePrice), 4));
}

function renderDecisions(decisions: readonly DecisionLine[], style: OutputStyle): readonly string[] {
  const columns = style.isTty ? COLUMNS.map(shortColumn) : COLUMNS;
  return tableOr(style, columns, decisions, "nothing was decided yet");
}
