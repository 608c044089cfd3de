/** Orders for output: decimal strings, ISO times, whole digests. */
import type { OrderDetail, OrderSummary, OrderTexts, Receipt } from "../../domain/orders/order-view.ts";
import { type Decimal, ZERO, decimal, quotient, text } from "../../domain/decimal.ts";
import {
  type OrderRecord,
  countedFills,
  disputedQuantity,
  leaves,
  rejectedBy,
} from "../../domain/orders/order-state.ts";
import { type Untrusted, connectorSource, plainName, untrusted } from "../../domain/untrusted.ts";
import { plainPath } from "../../workspace/path-policy.ts";
import { iso } from "../../lib/time.ts";

export function receiptOf(order: Readonly<OrderRecord>): Receipt {
  return {
    id: order.id,
    state: order.state,
    clientOrderId: order.clientOrderId ?? null,
    venueOrderId: order.venueOrderId ?? null,
  };
}

const FILLS_SHOWN_MAX = 100;
const HISTORY_SHOWN_MAX = 200;

export function summaryOf(order: Readonly<OrderRecord>, path: string): OrderSummary {
  return {
    ...receiptOf(order),
    venueOrderId: plainName(order.venueOrderId ?? ""),
    path: plainPath(path),
    digest: order.digest,
    terms: order.terms,
    filled: text(order.filled),
    leaves: text(leaves(order)),
    averagePrice: averageOf(order),
    flags: [...order.flags],
    rejectedBy: rejectedBy(order) ?? null,
    resolvedBy: order.resolved?.by ?? null,
    proposedBy: plainName(order.proposedBy),
    proposedAt: iso(order.proposedAt),
    issue: plainName(order.issue ?? ""),
    sources: order.sources ?? [],
    untrusted: orderTexts(order),
    cancelRequested: order.cancelRequested !== undefined,
    approvals: order.approvals.map(({ at, by, channel, digest, expiresAt }) => ({
      at: iso(at),
      by,
      channel,
      digest,
      expiresAt: iso(expiresAt),
    })),
    verdicts: order.verdicts.map(({ at, stage, decision, digest, reasons }) => ({
      at: iso(at),
      stage,
      decision,
      digest,
      reasons,
    })),
  };
}

/** The time of a proposal's text is when it was read; the time of a reason is when the decision was made. */
export function orderTexts(order: Readonly<OrderRecord>): OrderTexts {
  const from = (source: string, at: number, text: string | undefined): Untrusted | null =>
    text === undefined || text.trim() === "" ? null : untrusted(source, at, text);
  const file = plainPath(order.path);
  const by = order.resolved !== undefined ? "human" : order.state === "denied" ? "guard" : rejectedBy(order);
  const decider = isFileRemoved(order)
    ? "desk"
    : by === "human" || by === "guard"
      ? by
      : connectorSource(order.terms.connector);
  const { proposedBy, issue = "", researchRef = "", venue = "", venueOrderId = "" } = order;
  const names = { proposedBy, issue, researchRef, venue, venueOrderId };
  const resolvedAt = order.history.findLast(({ event }) => event === "order.resolved");
  const odd = Object.entries(names).filter(([, name]) => name !== "" && plainName(name) === null);
  return {
    rationale: from(file, order.proposedAt, order.rationale),
    reason: from(decider, order.history.at(-1)?.at ?? order.proposedAt, reasonOf(order)),
    resolveNote: from("human", resolvedAt?.at ?? order.proposedAt, order.resolved?.note),
    names: from(file, order.proposedAt, odd.map(([field, name]) => `${field}: ${name}`).join("\n")),
  };
}

export function detailOf(order: Readonly<OrderRecord>, path: string): OrderDetail {
  const fills = countedFills(order);
  const disputed = disputedQuantity(order);
  return {
    ...summaryOf(order, path),
    ...(disputed.gt(ZERO) && { disputed: text(disputed) }),
    fillCount: fills.length,
    historyCount: order.history.length,
    fills: fills.slice(-FILLS_SHOWN_MAX).map(({ fill, inferred }) => ({
      fillId: plainName(fill.fillId),
      quantity: fill.quantity,
      price: fill.price,
      time: iso(fill.at),
      fee: fill.fee ?? null,
      feeCurrency: fill.fee === undefined ? null : plainName(fill.feeCurrency ?? ""),
      liquidity: fill.liquidity ?? null,
      settlesAt: fill.settlesAt === undefined ? null : iso(fill.settlesAt),
      busted: fill.busts !== undefined,
      inferred,
    })),
    history: order.history
      .slice(-HISTORY_SHOWN_MAX)
      .map(({ seq, at, event, state }) => ({ seq, at: iso(at), event, state })),
  };
}

const FILE_REMOVED = "its file was removed";

/** The proposal ended because its file was removed, and no person gave a comment. */
function isFileRemoved(order: Readonly<OrderRecord>): boolean {
  return order.rejected.fileRemoved === true && order.rejected.venue === undefined && !order.rejected.human;
}

/** The reason for the order's state, if the state has one. */
export function reasonOf(order: Readonly<OrderRecord>): string | undefined {
  switch (order.state) {
    case "rejected":
      return (
        order.request.failed ??
        order.rejected.venue ??
        (order.rejected.human || (isFileRemoved(order) ? FILE_REMOVED : ""))
      );
    case "denied":
      return order.denied;
    case "unknown":
      return order.unknownReason;
    case "cancelled":
      return order.resolved?.note ?? order.notSent;
    default:
      return undefined;
  }
}

export function averageOf(order: Readonly<OrderRecord>): string | null {
  let notional: Decimal = ZERO;
  for (const { fill } of order.fills.values()) {
    if (fill.busts === undefined) notional = notional.plus(decimal(fill.quantity).times(decimal(fill.price)));
  }
  return order.filled.gt(ZERO) ? text(quotient(notional, order.filled)) : null;
}
