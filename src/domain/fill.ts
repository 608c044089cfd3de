/** A fill and its identity: the key it is applied under, once. */
import type { VenueFill } from "./venue.ts";

/** Connector and execution id. A correction or bust carries the key of the fill it changes. */
export type FillKey = `${string}/${string}`;

export function fillKey(connector: string, fill: VenueFill): FillKey {
  return `${connector}/${fill.corrects ?? fill.busts ?? fill.fillId}`;
}

/** What two messages of one fill must agree on. Fees may be filled in later by some venues and do not count. */
export function sameContent(a: VenueFill, b: VenueFill): boolean {
  return (
    a.fillId === b.fillId &&
    a.venueOrderId === b.venueOrderId &&
    a.symbol === b.symbol &&
    a.side === b.side &&
    a.quantity === b.quantity &&
    a.price === b.price &&
    a.busts === b.busts &&
    a.corrects === b.corrects
  );
}

/** 0 for the fill itself, 1 for its correction, 2 for its bust: the highest seen counts, whatever came first. */
export function fillRank(fill: VenueFill): number {
  return fill.busts !== undefined ? 2 : fill.corrects !== undefined ? 1 : 0;
}

/** Of two versions of one fill, the one that counts. Symmetric, so arrival order cannot matter. */
export function laterVersion(a: VenueFill, b: VenueFill): VenueFill {
  const byRank = fillRank(a) - fillRank(b);
  if (byRank !== 0) return byRank > 0 ? a : b;
  if (a.at !== b.at) return a.at > b.at ? a : b;
  return a.fillId >= b.fillId ? a : b;
}
