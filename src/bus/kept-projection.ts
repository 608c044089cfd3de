/** What a checkpoint keeps beside the desk's state; the parts of it that cannot change any more move to the archive. */
export const PROJECTION_SECTIONS = ["profitRows", "valuePoints", "trades"] as const;
export type ProjectionSection = (typeof PROJECTION_SECTIONS)[number];

interface ProjectionRest {
  /** null if nothing is kept. */
  readonly value: unknown;
  /** Lists in the value that grow with fills. Their entries never change. */
  readonly growing: readonly object[];
}

export interface ProjectionPlan {
  /** What moves, in its order; it does not change any more. */
  readonly sections: Readonly<Record<ProjectionSection, readonly unknown[]>>;
  /** Of the trades that move: the first and the last time of a fill, ms. */
  readonly tradeTimes: { readonly from: number; readonly to: number };
  /** Whether the next checkpoint has more to move at once. */
  readonly isFull: boolean;
  /** What stays, at the record of this call. */
  rest(): ProjectionRest;
  /** Called when the archive has the sections. */
  remove(): void;
}

export interface KeptProjection {
  plan(): ProjectionPlan;
}
