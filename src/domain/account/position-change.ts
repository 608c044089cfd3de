/** What changes a position. */
import type { Decimal } from "../decimal.ts";
import type { Lot } from "./lots.ts";
import type { SplitRatio } from "./split-ratio.ts";
import type { VenueFill } from "../market/venue.ts";

export interface AdoptedBalance {
  readonly quantity: Decimal;
  readonly price: Decimal | undefined;
  /** When the desk recorded it, ms. */
  readonly at: number;
}

/**
 * A change of a position: a fill, the opening balance, the venue's quantity that a human adopted, a split, or lots that
 * became those of another instrument. Of a fill in the base: its reversal, or the fee that arrived later.
 */
export type FillChange = { readonly kind: "fill"; readonly key: string; fill: VenueFill };
export type PositionChange =
  | FillChange
  | { readonly kind: "reversal" | "fee"; readonly fill: VenueFill }
  | { readonly kind: "opening"; readonly quantity: Decimal; readonly price: Decimal | undefined }
  | ({ readonly kind: "adopted" } & AdoptedBalance)
  | { readonly kind: "split"; readonly ratio: SplitRatio; readonly at: number }
  | { readonly kind: "given"; readonly realized: Decimal; readonly isUnknown: boolean; readonly at: number }
  | { readonly kind: "received"; readonly lots: readonly Lot[]; readonly at: number }
  | ({ readonly kind: "carved" } & CarvedShare);

/** What a spin-off took out. */
interface CarvedShare {
  readonly share: Decimal;
  readonly realized: Decimal;
  readonly isUnknown: boolean;
  /** ms. */
  readonly at: number;
}

/** A reversal and a late fee are in the units of their records. */
export function timeOf(change: PositionChange | undefined): number {
  if (change === undefined || change.kind === "opening") return Number.NEGATIVE_INFINITY;
  if (change.kind === "reversal" || change.kind === "fee") return Number.POSITIVE_INFINITY;
  return "fill" in change ? change.fill.at : change.at;
}
