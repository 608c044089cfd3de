/** A split of an instrument: positions change by its ratio, and their value and cost stay. */
import { type Amount, amount, splitRatio, textOf } from "../amount.ts";
import type { VenueState } from "./state.ts";

export interface SplitTerms {
  readonly symbol: string;
  /** Units after for units before: 7 for 1. */
  readonly after: Amount;
  readonly before: Amount;
}

export function applySplit(state: VenueState, { symbol, after, before }: SplitTerms): VenueState {
  return {
    ...state,
    holdings: state.holdings.map((holding) =>
      holding.symbol === symbol
        ? {
            symbol,
            quantity: textOf(splitRatio(amount(holding.quantity), after, before)),
            averagePrice: textOf(splitRatio(amount(holding.averagePrice), before, after)),
          }
        : holding,
    ),
  };
}
