/** Orders as the outside sees them: decimal text, ISO times, whole digests. */
import { type Decimal, ZERO, decimal, ratio, text } from "../domain/decimal.ts";
import type { OrderTerms } from "../domain/order.ts";
import { type OrderRecord, leaves, rejectedBy } from "../domain/order-state.ts";
import { iso } from "./desk.ts";

export interface Receipt {
  readonly id: string;
  readonly state: string;
  readonly clientOrderId: string | null;
  readonly venueOrderId: string | null;
}

export const receiptOf = (order: Readonly<OrderRecord>): Receipt => ({
  id: order.id,
  state: order.state,
  clientOrderId: order.clientOrderId ?? null,
  venueOrderId: order.venueOrderId ?? null,
});

export interface OrderSummary extends Receipt {
  readonly path: string;
  readonly digest: string;
  readonly terms: OrderTerms;
  readonly filled: string;
  readonly leaves: string;
  readonly averagePrice: string | null;
  readonly flags: readonly string[];
  readonly rejectedBy: "human" | "guard" | "venue" | null;
  readonly resolvedBy: string | null;
  readonly reason: string | null;
  readonly rationale: string;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly issue: string | null;
  readonly cancelRequested: boolean;
  readonly approvals: readonly { at: string; by: string; channel: string; digest: string; expiresAt: string }[];
  readonly verdicts: readonly { at: string; stage: string; decision: string; digest: string; reasons: readonly unknown[] }[];
}

export interface OrderDetail extends OrderSummary {
  readonly fills: readonly {
    fillId: string;
    quantity: string;
    price: string;
    time: string;
    fee: string | null;
    busted: boolean;
    inferred: boolean;
  }[];
  readonly history: readonly { seq: number; at: string; event: string; state: string }[];
}

export const summaryOf = (order: Readonly<OrderRecord>, path: string): OrderSummary => ({
  ...receiptOf(order),
  path,
  digest: order.digest,
  terms: order.terms,
  filled: text(order.filled),
  leaves: text(leaves(order)),
  averagePrice: averageOf(order),
  flags: [...order.flags],
  rejectedBy: rejectedBy(order) ?? null,
  resolvedBy: order.resolved?.by ?? null,
  reason: reasonOf(order) ?? null,
  rationale: order.rationale,
  proposedBy: order.proposedBy,
  proposedAt: iso(order.proposedAt),
  issue: order.issue ?? null,
  cancelRequested: order.cancelRequested !== undefined,
  approvals: order.approvals.map(({ at, by, channel, digest, expiresAt }) => ({
    at: iso(at),
    by,
    channel,
    digest,
    expiresAt: iso(expiresAt),
  })),
  verdicts: order.verdicts.map(({ at, stage, decision, digest, reasons }) => ({ at: iso(at), stage, decision, digest, reasons })),
});

export const detailOf = (order: Readonly<OrderRecord>, path: string): OrderDetail => ({
  ...summaryOf(order, path),
  fills: [...order.fills.values()].map(({ fill, inferred }) => ({
    fillId: fill.fillId,
    quantity: fill.quantity,
    price: fill.price,
    time: iso(fill.at),
    fee: fill.fee ?? null,
    busted: fill.busts !== undefined,
    inferred,
  })),
  history: order.history.map(({ seq, at, event, state }) => ({ seq, at: iso(at), event, state })),
});

/** Why it stands where it stands, where that needs a word. */
export const reasonOf = (order: Readonly<OrderRecord>): string | undefined => {
  switch (order.state) {
    case "rejected":
      return order.rejected.venue ?? order.rejected.guard ?? order.rejected.human;
    case "unknown":
      return order.unknownReason;
    case "cancelled":
      return order.resolved?.note ?? order.notSent;
    default:
      return undefined;
  }
};

const averageOf = (order: Readonly<OrderRecord>): string | null => {
  let notional: Decimal = ZERO;
  for (const { fill } of order.fills.values()) {
    if (fill.busts === undefined) notional = notional.plus(decimal(fill.quantity).times(decimal(fill.price)));
  }
  return order.filled.gt(ZERO) ? text(ratio(notional, order.filled, 8)) : null;
};
