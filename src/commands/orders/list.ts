import type { OrderSummary } from "../../domain/orders/order-view.ts";
import * as z from "zod";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import { newestOrders } from "../../trading/orders/newest-orders.ts";
import { orderPath } from "../../trading/projections/order-files.ts";
import { summaryOf } from "../../trading/orders/order-view.ts";
import { scanProposals } from "../../trading/orders/scan-proposals.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { sideShade } from "../rendering/money.ts";
import { shownOrderState } from "../rendering/shown-state.ts";
import { NEEDS } from "../rendering/proposal-needs.ts";
import { type Column, tableOr } from "../rendering/table-text.ts";
import { orderStateFlag, orderSummarySchema } from "./order-arguments.ts";
import { isOrderInScope } from "./order-scope.ts";

const ID: Column<OrderSummary> = { title: "id", cell: ({ id }) => id };
const STATE: Column<OrderSummary> = { title: "state", cell: shownOrderState };
/** On a terminal: the proposal of a file that is wrong now shows what the file needs. */
const STATE_OR_NEEDS: Column<OrderSummary> = {
  title: "state",
  cell: (order) => (order.needs === undefined ? shownOrderState(order) : NEEDS[order.needs]),
};
const TERMS: readonly Column<OrderSummary>[] = [
  {
    title: "side",
    cell: ({ terms }) => (terms.cancels === undefined ? terms.side : "cancel").toUpperCase(),
    shade: ({ terms }) => (terms.cancels === undefined ? sideShade(terms.side) : undefined),
  },
  { title: "quantity", cell: ({ terms }) => terms.quantity, isNumber: true },
  { title: "symbol", cell: ({ terms }) => terms.symbol },
  { title: "type", cell: ({ terms }) => terms.type },
  { title: "price", cell: ({ terms }) => terms.limitPrice ?? terms.stopPrice ?? "", isNumber: true },
  { title: "filled", cell: ({ filled }) => filled, isNumber: true },
  {
    title: "at",
    cell: ({ terms }) => (terms.mode === "live" ? `${terms.connector} LIVE` : terms.connector),
    shrinks: true,
  },
];

export const command = defineCommand({
  name: "orders list",
  group: "orders",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list orders and proposals, oldest first",
  examples: ["qoc orders list", "qoc orders list --state proposed --json"],
  input: () =>
    z.strictObject({
      state: orderStateFlag(),
      limit: flag(z.coerce.number().int().positive().max(10_000).default(200), "N", "the newest N (200)"),
    }),
  output: () => z.array(orderSummarySchema()),
  run: async ({ state, limit }, context) => {
    const desk = await readableDesk(context);
    const running = context.desk?.desk;
    const reason = running?.readOnly();
    if (running !== undefined && reason === undefined) await scanProposals(running);
    if (reason !== undefined) context.progress.line(`the desk is read-only: ${reason}`);
    const problems = [...desk.proposals.problems.values()];
    const wrong = problems.filter((problem) => problem.needs === "correction").length;
    const files = wrong === 1 ? "1 file needs" : `${wrong} files need`;
    if (wrong > 0) context.progress.line(`${files} correction: qoc status`);
    const needs = new Map(problems.map((problem) => [problem.id, problem.needs]));
    const accepts = (order: Readonly<OrderRecord>): boolean => isOrderInScope(desk, context.actor, order);
    const newest = await newestOrders(desk, { limit, state, accepts });
    return newest.toReversed().map((order) => ({
      ...summaryOf(order, orderPath(order)),
      needs: order.state === "proposed" ? needs.get(order.id) : undefined,
    }));
  },
  render: (orders, style) => {
    const columns = [ID, style.isTty ? STATE_OR_NEEDS : STATE, ...TERMS];
    return tableOr(style, columns, orders, "no orders");
  },
});
