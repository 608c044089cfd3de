/** An order as commands return it: decimal strings, ISO times, whole digests. */
import type { OrderTerms } from "./order.ts";
import type { Untrusted } from "../untrusted.ts";

/** What the file of a proposal needs before it can be approved. */
export type ProposalNeed = "correction" | "connector" | "another-name" | "another-proposal" | "running-desk";

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
  readonly needs?: ProposalNeed | undefined;
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

/** Bounded: an order may have tens of thousands of fills. The newest fills and the newest events are shown. */
export interface OrderDetail extends OrderSummary {
  /** The quantity of fills that contradict the order, which do not count; absent without such fills. */
  readonly disputed?: string | undefined;
  readonly fillCount: number;
  readonly historyCount: number;
  readonly fills: readonly {
    fillId: string | null;
    quantity: string;
    price: string;
    time: string;
    fee: string | null;
    feeCurrency: string | null;
    /** null: the venue does not say it. */
    liquidity: "maker" | "taker" | null;
    /** null: the venue does not say when. */
    settlesAt: string | null;
    busted: boolean;
    inferred: boolean;
  }[];
  readonly history: readonly { seq: number; at: string; event: string; state: string }[];
}

/** One decision of the journal. */
export interface DecisionLine {
  readonly date: string;
  readonly decision: "APPROVED" | "REJECTED";
  readonly id: string;
  readonly side: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly price: string;
  readonly state: string;
  readonly averagePrice: string | null;
  /** The party that ended the order; `guard: pass` if none did. */
  readonly note: string;
  /** The reason in that party's text. */
  readonly untrusted: Untrusted | null;
}
