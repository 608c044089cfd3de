/** `qoc decisions`: one line per decision, from the journal's fold, so that it works without git. */
import type { DecisionLine, OrderDetail } from "../../domain/orders/order-view.ts";
import { type ProposalKind, kindOf, targetOf } from "../../domain/orders/order.ts";
import { type OrderRecord, decidedAt, isTerminal, rejectedBy } from "../../domain/orders/order-state.ts";
import type { HistoryReader } from "../../workspace/history.ts";
import type { ShownRevision } from "../../workspace/history-revisions.ts";
import type { Desk } from "../desk.ts";
import { iso } from "../../lib/time.ts";
import { detailOf, orderTexts, summaryOf } from "../orders/order-view.ts";
import { orderPath } from "./order-files.ts";
import { matchOrder } from "../orders/find-order.ts";
import { newestOrders } from "../orders/newest-orders.ts";
import { QocError } from "../../domain/errors/error.ts";

/** The newest decisions, newest first. */
export async function decisionLog(
  desk: Pick<Desk, "archive"> & { readonly state: Pick<Desk["state"], "orders"> },
  { limit, isInScope }: { readonly limit: number; isInScope(order: Readonly<OrderRecord>): boolean },
): Promise<readonly DecisionLine[]> {
  const accepts = (order: Readonly<OrderRecord>): boolean =>
    (order.approvals.length > 0 || isTerminal(order.state)) && isInScope(order);
  return (await newestOrders(desk, { limit, by: "decision", accepts })).map(lineOf);
}

function lineOf(order: Readonly<OrderRecord>): DecisionLine {
  const rejected = rejectedBy(order);
  const { reason } = orderTexts(order);
  return {
    date: iso(decidedAt(order)),
    decision: order.approvals.length > 0 && order.state !== "denied" ? "APPROVED" : "REJECTED",
    id: order.id,
    side: kindOf(order.terms) === "cancel" ? "cancel" : order.terms.side,
    symbol: order.terms.symbol,
    quantity: order.terms.quantity,
    price: order.terms.limitPrice ?? "market",
    state: order.state,
    averagePrice: summaryOf(order, "").averagePrice,
    note: (reason === null ? (rejected ?? PASSED[kindOf(order.terms)]) : (rejected ?? order.state)) + targetNote(order),
    untrusted: reason,
  };
}

/** No party ended it. A cancel goes through no guard. */
const PASSED: Record<ProposalKind, string> = { order: "guard: pass", replace: "guard: pass", cancel: "sent" };

function targetNote({ terms }: Readonly<OrderRecord>): string {
  const target = targetOf(terms);
  return target === undefined ? "" : `, ${kindOf(terms)}s ${target.id}`;
}

export type HistoryItem = ({ readonly kind: "order" } & OrderDetail) | ({ readonly kind: "revision" } & ShownRevision);

/** A name of a revision, never of an order. */
const REVISION = /^(HEAD|@|desk\b|[0-9a-f]{7,40}$|\d{4}-\d{2}-\d{2})/;

/** `qoc history show`: an order by its id, or a revision of the file history. */
export async function showEntry(
  desk: Pick<Desk, "archive" | "proposals" | "state"> & { readonly history: Pick<HistoryReader, "show"> },
  ref: string,
): Promise<HistoryItem> {
  try {
    const order = matchOrder(desk, ref);
    return { kind: "order", ...detailOf(order, orderPath(order)) };
  } catch (error) {
    if (!(error instanceof QocError) || error.code !== "ORDER_NOT_FOUND") throw error;
    const shown = await desk.history.show(ref).catch((failure: unknown) => {
      throw REVISION.test(ref) ? failure : error;
    });
    return { kind: "revision", ...shown };
  }
}
