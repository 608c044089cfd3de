/** The review of one proposal as one value, which the terminal, the page and `--json` render. */
import type { SigningRequest } from "../authority/authority.ts";
import type { PasskeyRequest } from "../pages/passkey.ts";
import type { ErrorJson } from "../errors/error.ts";
import type { OrderTerms } from "./order.ts";
import type { OrderDetail, OrderTexts } from "./order-view.ts";
import type { Untrusted } from "../untrusted.ts";
import type { Mode } from "../market/venue.ts";
import type { Check, Verdict } from "./verdict.ts";

export interface BookChange {
  readonly what: string;
  /** A decimal; null: not available. */
  readonly before: string | null;
  readonly after: string | null;
  /** A currency, "%", or "" for a quantity. */
  readonly unit: string;
}

/** A price of the order against the side of the market that it would trade with. */
export interface PriceDistance {
  readonly what: "limit" | "stop" | "protection price";
  readonly price: string;
  readonly side: "bid" | "ask";
  readonly market: string;
  /** Percent of the market; below zero: the price is below the market. */
  readonly percent: string;
}

export interface RealizedEstimate {
  readonly amount: string;
  /** The price that the estimate assumes. */
  readonly price: string;
  readonly unit: string;
}

export interface TargetView {
  readonly kind: "cancel" | "replace";
  readonly id: string;
  readonly state: string;
  readonly sentence: string;
  readonly quantity: string;
  readonly filled: string;
  /** What the cancel ends. */
  readonly leaves: string;
  readonly clientOrderId: string | null;
  readonly venueOrderId: string | null;
  /** A cancel of it is under way. */
  readonly cancelRequested: boolean;
  /** The position that no stop order protects after the cancel; null if none loses its protection. */
  readonly unprotected: string | null;
}

export interface Review {
  readonly id: string;
  readonly path: string;
  readonly sentence: string;
  readonly mode: Mode;
  readonly digest: string;
  readonly terms: OrderTerms;
  /** The order that a cancel or a replacement names; absent for a plain order. */
  readonly target?: TargetView | undefined;
  /** The venue that the proposal names. */
  readonly venue: string | null;
  readonly researchRef: string | null;
  readonly proposedBy: string | null;
  readonly proposedAt: string;
  readonly issue: string | null;
  readonly sources: readonly string[];
  readonly decision: Verdict["decision"];
  readonly checks: readonly Check[];
  readonly book: readonly BookChange[];
  readonly prices: readonly PriceDistance[];
  /** The last time that the protection price followed the market, and the price before. */
  readonly repriced: { readonly at: string; readonly from: string } | null;
  /** The P&L that the order would realize. */
  readonly realized: RealizedEstimate | null;
  readonly quote: {
    readonly bid: string;
    readonly ask: string;
    readonly last: string | null;
    readonly at: string;
    /** When the venue last said that the quote is still valid. */
    readonly asOf?: string | undefined;
  } | null;
  readonly notional: string | null;
  /** The currency of `notional`; empty: unknown. */
  readonly currency: string;
  /** Above this notional the human types the symbol, not y. */
  readonly typedAbove: string;
  readonly warnings: readonly string[];
  readonly untrusted: OrderTexts & {
    /** The human's comment on the last rejection of the same order. */
    readonly rejection: Untrusted | null;
    /** What the connector says about the price. */
    readonly market: Untrusted | null;
    /** The connector's error messages for data that could not be fetched. */
    readonly problems: Untrusted | null;
  };
}

/** An order with its review, all of one moment: the digest of the order is the digest of the review. */
export type ReviewedOrder = OrderDetail & {
  /** null if the order is no proposal. */
  readonly review?: Review | null;
  /** What an approval of this review must sign, if the review is journaled. */
  readonly signing?: SigningRequest | undefined;
  /** The passkeys that may approve this live order at the page that asked; absent: it is approved in a terminal. */
  readonly passkey?: PasskeyRequest | undefined;
  /** Why the desk approves nothing now, whatever the checks say. */
  readonly refusal?: Pick<ErrorJson, "code" | "details"> | undefined;
  /** A terminal shows every check and the whole text of others. */
  readonly full?: boolean | undefined;
};
