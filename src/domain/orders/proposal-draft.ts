/** What a proposal's file asks for: an order, a cancel, or a replacement. */
import type { DecimalText } from "../decimal.ts";
import type { SymbolName } from "../ids.ts";
import type { OrderType, OrderWishes, Side, TimeInForce } from "./order.ts";

export interface DraftBase {
  readonly connector?: string | undefined;
  readonly venue?: string | undefined;
  readonly rationale: string;
  readonly researchRef?: string | undefined;
  readonly proposedBy: string;
  readonly issue?: string | undefined;
  /** The sources that the author read, as the desk recorded them. The desk ignores a `sources` list in the file. */
  readonly sources?: readonly string[];
}

export interface OrderDraft extends DraftBase, OrderWishes {
  readonly symbol: SymbolName;
  readonly side: Side;
  readonly quantity: DecimalText;
  readonly type: OrderType;
  readonly limitPrice?: DecimalText | undefined;
  readonly stopPrice?: DecimalText | undefined;
  /** undefined: what the instrument takes, see {@link defaultTimeInForce}. */
  readonly timeInForce?: TimeInForce | undefined;
}

/** Asks to cancel a working order. */
export interface CancelDraft extends DraftBase {
  /** The order's id. */
  readonly cancels: string;
}

/** Asks to replace a working order. What is absent stays as it is in that order. */
export interface ReplaceDraft extends DraftBase, Omit<OrderWishes, "postOnly"> {
  /** The order's id. */
  readonly replaces: string;
  readonly symbol?: SymbolName | undefined;
  readonly side?: Side | undefined;
  /** Of the whole order: what the replaced order has filled is part of it. */
  readonly quantity?: DecimalText | undefined;
  readonly type?: OrderType | undefined;
  readonly limitPrice?: DecimalText | undefined;
  readonly stopPrice?: DecimalText | undefined;
  readonly timeInForce?: TimeInForce | undefined;
  readonly postOnly?: boolean | undefined;
}

export type ProposalDraft = OrderDraft | CancelDraft | ReplaceDraft;

/** A draft whose time in force is known. */
export type CompleteDraft = OrderDraft & { readonly timeInForce: TimeInForce };
