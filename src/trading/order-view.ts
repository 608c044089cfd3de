/** Orders as the outside sees them: decimal text, ISO times, whole digests. */
import { type Decimal, ZERO, decimal, ratio, text } from "../domain/decimal.ts";
import type { OrderTerms } from "../domain/order.ts";
import { type OrderRecord, countedFills, leaves, rejectedBy } from "../domain/order-state.ts";
import { type Untrusted, connectorSource, plainName, untrusted } from "../domain/untrusted.ts";
import { plainPath } from "../workspace/path-policy.ts";
import { iso } from "./desk.ts";

export interface Receipt {
  readonly id: string;
  readonly state: string;
  readonly clientOrderId: string | null;
  readonly venueOrderId: string | null;
}

export function receiptOf(order: Readonly<OrderRecord>): Receipt {
  return {
    id: order.id,
    state: order.state,
    clientOrderId: order.clientOrderId ?? null,
    venueOrderId: order.venueOrderId ?? null,
  };
}

export interface OrderSummary extends Receipt {
  readonly path: string;
  readonly digest: string;
  readonly terms: OrderTerms;
  readonly filled: string;
  readonly leaves: string;
  readonly averagePrice: string | null;
  readonly flags: readonly string[];
  readonly rejectedBy: "human" | "venue" | null;
  readonly resolvedBy: string | null;
  /** null where it is not a plain name; then it stands below. */
  readonly proposedBy: string | null;
  readonly proposedAt: string;
  readonly issue: string | null;
  /** What its author had read, as the desk saw it. */
  readonly sources: readonly string[];
  readonly untrusted: OrderTexts;
  readonly cancelRequested: boolean;
  readonly approvals: readonly { at: string; by: string; channel: string; digest: string; expiresAt: string }[];
  readonly verdicts: readonly {
    at: string;
    stage: string;
    decision: string;
    digest: string;
    reasons: readonly unknown[];
  }[];
}

/** What others wrote about an order. null: nothing was written. */
export interface OrderTexts {
  readonly rationale: Untrusted | null;
  /** Why it stands where it stands, in the words of who decided that. */
  readonly reason: Untrusted | null;
  /** Names that a hand wrote and that are none. */
  readonly names: Untrusted | null;
}

export interface OrderDetail extends OrderSummary {
  readonly fills: readonly {
    fillId: string | null;
    quantity: string;
    price: string;
    time: string;
    fee: string | null;
    busted: boolean;
    inferred: boolean;
  }[];
  readonly history: readonly { seq: number; at: string; event: string; state: string }[];
}

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

/** Of a proposal when it was read, of a decision when it was made. */
export function orderTexts(order: Readonly<OrderRecord>): OrderTexts {
  const from = (source: string, at: number, text: string | undefined): Untrusted | null =>
    text === undefined || text.trim() === "" ? null : untrusted(source, at, text);
  const file = plainPath(order.path);
  const by = order.resolved !== undefined ? "human" : order.state === "denied" ? "guard" : rejectedBy(order);
  const decider = by === "human" || by === "guard" ? by : connectorSource(order.terms.connector);
  const { proposedBy, issue = "", researchRef = "", venueOrderId = "" } = order;
  const names = { proposedBy, issue, researchRef, venueOrderId };
  const odd = Object.entries(names).filter(([, name]) => name !== "" && plainName(name) === null);
  return {
    rationale: from(file, order.proposedAt, order.rationale),
    reason: from(decider, order.history.at(-1)?.at ?? order.proposedAt, reasonOf(order)),
    names: from(file, order.proposedAt, odd.map(([what, name]) => `${what}: ${name}`).join("\n")),
  };
}

export function detailOf(order: Readonly<OrderRecord>, path: string): OrderDetail {
  return {
    ...summaryOf(order, path),
    fills: countedFills(order).map(({ fill, inferred }) => ({
      fillId: plainName(fill.fillId),
      quantity: fill.quantity,
      price: fill.price,
      time: iso(fill.at),
      fee: fill.fee ?? null,
      busted: fill.busts !== undefined,
      inferred,
    })),
    history: order.history.map(({ seq, at, event, state }) => ({ seq, at: iso(at), event, state })),
  };
}

/** Why it stands where it stands, where that needs a word. */
export function reasonOf(order: Readonly<OrderRecord>): string | undefined {
  switch (order.state) {
    case "rejected":
      return order.rejected.venue ?? order.rejected.human;
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

function averageOf(order: Readonly<OrderRecord>): string | null {
  let notional: Decimal = ZERO;
  for (const { fill } of order.fills.values()) {
    if (fill.busts === undefined) notional = notional.plus(decimal(fill.quantity).times(decimal(fill.price)));
  }
  return order.filled.gt(ZERO) ? text(ratio(notional, order.filled, 8)) : null;
}
