/** Orders for output: decimal strings, ISO times, whole digests. */
import { type Decimal, ZERO, decimal, quotient, text } from "../domain/decimal.ts";
import type { OrderTerms } from "../domain/order.ts";
import { type OrderRecord, countedFills, leaves, rejectedBy } from "../domain/order-state.ts";
import { type Untrusted, connectorSource, plainName, untrusted } from "../domain/untrusted.ts";
import { plainPath } from "../workspace/path-policy.ts";
import { iso } from "../lib/time.ts";
import type { ProposalProblem } from "./desk.ts";

export interface Receipt {
  readonly id: string;
  readonly state: string;
  readonly clientOrderId: string | null;
  readonly venueOrderId: string | null;
  /** The order that a cancel named, as it is then. */
  readonly target?: { readonly id: string; readonly state: string } | undefined;
  /** A rejected file that was no proposal, so that the journal has no order of it. */
  readonly movedFile?: { readonly path: string; readonly comment: "none" | "written" | "not written" } | undefined;
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
  /** null if it is not a plain name; the name is then in `untrusted.names`. */
  readonly proposedBy: string | null;
  readonly proposedAt: string;
  readonly issue: string | null;
  /** The sources that the author's commands had read. */
  readonly sources: readonly string[];
  readonly untrusted: OrderTexts;
  readonly cancelRequested: boolean;
  /** What the file of a proposal needs before it can be read again. */
  readonly needs?: ProposalProblem["needs"] | undefined;
  readonly approvals: readonly { at: string; by: string; channel: string; digest: string; expiresAt: string }[];
  readonly verdicts: readonly {
    at: string;
    stage: string;
    decision: string;
    digest: string;
    reasons: readonly unknown[];
  }[];
}

/** Text that others wrote about an order; null without such text. */
export interface OrderTexts {
  readonly rationale: Untrusted | null;
  /** The reason for the current state, in the text of the party that decided it. */
  readonly reason: Untrusted | null;
  /** Names in the file that are not plain names. */
  readonly names: Untrusted | null;
  /** Why a human resolved the order, whatever has happened to it since. */
  readonly resolveNote?: Untrusted | null;
}

const FILLS_SHOWN_MAX = 100;
const HISTORY_SHOWN_MAX = 200;

/** Bounded: an order may have tens of thousands of fills. The newest fills and the newest events are shown. */
export interface OrderDetail extends OrderSummary {
  readonly fillCount: number;
  readonly historyCount: number;
  readonly fills: readonly {
    fillId: string | null;
    quantity: string;
    price: string;
    time: string;
    fee: string | null;
    feeCurrency: string | null;
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
  return {
    ...summaryOf(order, path),
    fillCount: fills.length,
    historyCount: order.history.length,
    fills: fills.slice(-FILLS_SHOWN_MAX).map(({ fill, inferred }) => ({
      fillId: plainName(fill.fillId),
      quantity: fill.quantity,
      price: fill.price,
      time: iso(fill.at),
      fee: fill.fee ?? null,
      feeCurrency: fill.fee === undefined ? null : plainName(fill.feeCurrency ?? ""),
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

function averageOf(order: Readonly<OrderRecord>): string | null {
  let notional: Decimal = ZERO;
  for (const { fill } of order.fills.values()) {
    if (fill.busts === undefined) notional = notional.plus(decimal(fill.quantity).times(decimal(fill.price)));
  }
  return order.filled.gt(ZERO) ? text(quotient(notional, order.filled)) : null;
}
