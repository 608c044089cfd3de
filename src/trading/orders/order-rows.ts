/** Orders as rows: the table of the page reads ten thousand of them in parts. */
import { text } from "../../domain/decimal.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { OrderId } from "../../domain/ids.ts";
import { kindOf } from "../../domain/orders/order.ts";
import { type OrderRecord, type OrderState, placeOf } from "../../domain/orders/order-state.ts";
import { type Cell, RepeatedWords, type RowPage } from "../../domain/pages/row-page.ts";
import { iso } from "../../lib/time.ts";
import type { Desk } from "../desk.ts";
import { newestOrders, orderCount } from "./newest-orders.ts";
import { averageOf } from "./order-view.ts";

interface OrderColumn {
  readonly name: string;
  /** Many orders have the same value. */
  readonly isRepeated?: boolean;
  readonly cell: (order: Readonly<OrderRecord>) => Cell;
}

const COLUMNS: readonly OrderColumn[] = [
  { name: "id", cell: ({ id }) => id },
  { name: "state", isRepeated: true, cell: ({ state }) => state },
  { name: "kind", isRepeated: true, cell: ({ terms }) => kindOf(terms) },
  { name: "side", isRepeated: true, cell: ({ terms }) => terms.side },
  { name: "quantity", cell: ({ terms }) => terms.quantity },
  { name: "symbol", isRepeated: true, cell: ({ terms }) => terms.symbol },
  { name: "type", isRepeated: true, cell: ({ terms }) => terms.type },
  { name: "price", cell: ({ terms }) => terms.limitPrice ?? terms.stopPrice ?? null },
  { name: "filled", cell: ({ filled }) => text(filled) },
  { name: "averagePrice", cell: averageOf },
  { name: "connector", isRepeated: true, cell: ({ terms }) => terms.connector },
  { name: "mode", isRepeated: true, cell: ({ terms }) => terms.mode },
  { name: "proposedAt", cell: ({ proposedAt }) => iso(proposedAt) },
  { name: "flags", isRepeated: true, cell: ({ flags }) => [...flags].join(" ") },
];

export interface OrderRowsRequest {
  readonly state?: OrderState | undefined;
  /** The last order of the part before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** @throws ORDER_NOT_FOUND if `after` is no order. */
export async function orderRows(
  desk: Pick<Desk, "archive"> & { readonly state: Pick<Desk["state"], "orders"> },
  { state, after, limit }: OrderRowsRequest,
): Promise<RowPage<OrderId>> {
  const last = after === undefined ? undefined : desk.state.orders.get(after as OrderId);
  if (after !== undefined && last === undefined) throw new QocError("ORDER_NOT_FOUND", { id: after, suggestion: "" });
  const before = last === undefined ? undefined : placeOf(last);
  const found = await newestOrders(desk, { limit: limit + 1, state, before });
  const part = found.slice(0, limit);
  const repeated = new RepeatedWords();
  const rows = part.map((order) =>
    COLUMNS.map(({ cell, isRepeated }) => (isRepeated === true ? repeated.placeOf(cell(order)) : cell(order))),
  );
  return {
    columns: COLUMNS.map(({ name }) => name),
    rows,
    words: repeated.words,
    next: found.length > part.length ? (part.at(-1)?.id ?? null) : null,
    total: orderCount(desk.state, state),
  };
}
