/** A fill, from whichever side it comes, becomes a durable event once; the worker is answered only after it is on disk. */
import type { ConnectorName } from "../domain/ids.ts";
import { fillKey, fillRank, sameContent } from "../domain/fill.ts";
import { ownerOf } from "../domain/book.ts";
import type { VenueFill } from "../domain/venue.ts";
import type { Desk } from "./desk.ts";

export interface FillSource {
  readonly connector: ConnectorName;
  /** Which life of the worker sent it; 0 where the desk asked for it. */
  readonly generation: number;
  readonly inferred?: boolean;
}

/** Resolves when every new fill is on disk. Answers how many were new. */
export const recordFills = async (desk: Desk, source: FillSource, fills: readonly VenueFill[]): Promise<number> => {
  let last: Promise<void> | undefined;
  let fresh = 0;
  for (const fill of fills) {
    const committed = recordFill(desk, source, fill);
    if (committed === undefined) continue;
    fresh += 1;
    last = committed;
  }
  await last;
  return fresh;
};

const recordFill = (desk: Desk, { connector, generation, inferred }: FillSource, fill: VenueFill): Promise<void> | undefined => {
  const id = ownerOf(desk.book, connector, fill) ?? null;
  const known = desk.book.fills.get(fillKey(connector, fill));
  if (known !== undefined && fillRank(fill) <= fillRank(known)) {
    if (fillRank(fill) < fillRank(known) || sameContent(known, fill)) return undefined;
    desk.log.error(`fill ${fill.fillId} of ${connector} came again with other content; the first one stays`, { fill });
    return desk.publish({ type: "fill.conflicted", id, connector, fill }, { durable: true }).committed;
  }
  return desk.publish(
    { type: "fill.received", id, connector, fill, generation, ...(inferred === true ? { inferred } : {}) },
    { durable: true },
  ).committed;
};
