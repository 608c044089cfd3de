/** A fill, from whichever side it comes, becomes a durable event once; the worker is answered only after it is on disk. */
import { type Decimal, ZERO, decimal, min, text } from "../domain/decimal.ts";
import type { ConnectorName, OrderId } from "../domain/ids.ts";
import { fillKey, fillRank, sameContent } from "../domain/fill.ts";
import { ownerOf } from "../domain/desk-state.ts";
import type { FillBatch } from "../domain/ports.ts";
import type { VenueFill } from "../domain/venue.ts";
import type { Desk } from "./desk.ts";

export interface RecordedBatch extends FillBatch {
  /** The fills were computed from a total that the venue reported. */
  readonly inferred?: boolean | undefined;
}

/** Resolves, when every new fill is on disk, with the number of new fills. */
export async function recordFills(desk: Desk, { fills, ...source }: RecordedBatch): Promise<number> {
  let last: Promise<unknown> | undefined;
  let fresh = 0;
  for (const fill of fills) {
    const committed = recordFill(desk, source, fill);
    if (committed === undefined) continue;
    fresh += 1;
    last = committed;
  }
  await last;
  return fresh;
}

function recordFill(
  desk: Desk,
  { connector, generation, inferred }: Omit<RecordedBatch, "fills">,
  fill: VenueFill,
): Promise<unknown> | undefined {
  const id = ownerOf(desk.state, connector, fill) ?? null;
  const known = desk.state.fills.get(fillKey(connector, fill));
  if (known !== undefined && fillRank(fill) <= fillRank(known)) {
    if (fillRank(fill) < fillRank(known) || sameContent(known, fill)) return undefined;
    desk.log.error(`fill ${fill.fillId} of ${connector} came again with other content; the first one stays`, { fill });
    return desk.commit({ type: "fill.conflicted", id, connector, fill });
  }
  if (inferred !== true && id !== null && fill.busts === undefined) {
    reduceInferredFills(desk, connector, id, decimal(fill.quantity).minus(decimal(known?.quantity ?? "0")));
  }
  return desk.commit({
    type: "fill.received",
    id,
    connector,
    fill,
    generation,
    ...(inferred === true ? { inferred } : {}),
  });
}

/**
 * A fill that was inferred from the venue's total stands for fills that had not come yet. As they come they take its place: our
 * fills never make more than the venue counts. Goes to disk with the fill that needs the room, and before it: a crash
 * between the two leaves a gap, which the venue closes, and never a fill counted twice.
 */
function reduceInferredFills(desk: Desk, connector: ConnectorName, id: OrderId, more: Decimal): void {
  const order = desk.state.orders.get(id);
  if (order === undefined || !order.flags.has("inferred_fill")) return;
  let excess = order.filled.plus(more).minus(order.reportedFilled);
  for (const { fill, inferred } of [...order.fills.values()].toReversed()) {
    const held = decimal(fill.quantity);
    if (!inferred || !held.gt(ZERO) || !excess.gt(ZERO)) continue;
    const taken = min(held, excess);
    excess = excess.minus(taken);
    const first = fill.corrects ?? fill.fillId;
    // Of two corrections the later one counts, so each is later than what it corrects.
    const at = Math.max(desk.clock.now(), fill.at + 1);
    const left: VenueFill = {
      ...fill,
      fillId: `${first}-at-${at}`,
      corrects: first,
      quantity: text(held.minus(taken)),
      at,
    };
    void desk.commit({ type: "fill.received", id, connector, fill: left, generation: 0, inferred: true });
  }
}
