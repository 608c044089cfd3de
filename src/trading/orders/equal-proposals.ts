/**
 * Proposals with the same terms: the receipt and the review name those that wait, those that the human rejected, and
 * those that were sent.
 */
import { REJECTION_MS } from "../../domain/eviction.ts";
import { type OrderRecord, type OrderState, rejectedBy } from "../../domain/orders/order-state.ts";
import { type OrderTerms, hasSameTerms, kindOf, targetOf } from "../../domain/orders/order.ts";
import { isRepeatedBy } from "../../domain/orders/repeated-order.ts";
import { type Untrusted, shownSymbol } from "../../domain/untrusted.ts";
import type { Desk } from "../desk.ts";
import { orderTexts } from "./order-view.ts";

const NAMED_MAX = 5;

export interface EqualProposal {
  readonly id: string;
  /** `proposed`: it waits; `rejected`: by a human; any other state: it was approved. */
  readonly state: OrderState;
  /** The human's comment on the rejection. */
  readonly untrusted: Untrusted | null;
  /** Its symbol, if that is another one with the key of the same instrument: only the venue knows whether it is. */
  readonly symbol?: string;
}

/**
 * The newest proposals with the terms of `order` that wait, that a human rejected within a week, or that were approved
 * and work, or have filled since `order` was proposed.
 */
export function equalProposals(
  { state, clock }: Pick<Desk, "state" | "clock">,
  order: Readonly<OrderRecord>,
): readonly EqualProposal[] {
  return [...state.orders.values()]
    .flatMap((other): readonly EqualProposal[] => {
      const { symbol } = other.terms;
      const spelling = symbol === order.terms.symbol ? {} : { symbol: shownSymbol(symbol) };
      if (isRepeatedBy(other, order)) return [{ id: other.id, state: other.state, untrusted: null, ...spelling }];
      if (other.id === order.id || !isSameProposal(other.terms, order.terms)) return [];
      if (other.state === "proposed") return [{ id: other.id, state: "proposed", untrusted: null, ...spelling }];
      const at = other.history.at(-1)?.at ?? other.proposedAt;
      const isRecent = other.state === "rejected" && clock.now() - at < REJECTION_MS;
      if (!isRecent || rejectedBy(other) !== "human") return [];
      const { reason } = orderTexts(other);
      // The reason of a removed file is the desk's.
      const comment = reason?.source === "human" ? reason : null;
      return [{ id: other.id, state: "rejected", untrusted: comment, ...spelling }];
    })
    .slice(-NAMED_MAX);
}

/** Two cancels of one order are equal; a replacement is equal to another of the same order only. */
function isSameProposal(a: OrderTerms, b: OrderTerms): boolean {
  return (
    kindOf(a) === kindOf(b) && targetOf(a)?.id === targetOf(b)?.id && (a.cancels !== undefined || hasSameTerms(a, b))
  );
}

/** One sentence for each, without the human's comment. */
export function equalSentences(equal: readonly EqualProposal[]): readonly string[] {
  return equal.map(({ id, state, symbol }) => {
    const what = symbol === undefined ? "the same order" : `an order with the same terms of ${symbol}`;
    if (state === "proposed") return `${what} waits as ${id}`;
    if (state === "rejected") return `${what} was rejected as ${id}`;
    return `${what} was approved as ${id}, which is ${state.replaceAll("_", " ")}`;
  });
}
