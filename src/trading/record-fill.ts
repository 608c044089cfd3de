/** Journals each fill once, whether the worker sent it or the desk fetched it. Resolves after the flush. */
import { type Decimal, ZERO, decimal, min, text } from "../domain/decimal.ts";
import type { ConnectorName, OrderId } from "../domain/ids.ts";
import type { FillFinding } from "../domain/event.ts";
import { misfitsOf } from "../domain/fill-fit.ts";
import { fillKey, fillRank, sameContent } from "../domain/fill.ts";
import { ownerOf } from "../domain/desk-state.ts";
import type { FillBatch } from "../domain/ports.ts";
import type { VenueFill } from "../domain/venue.ts";
import type { Desk } from "./desk.ts";
import { isSimulated } from "./market-snapshot.ts";

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
    desk.log.error(`fill ${fill.fillId} of ${connector} came again with different content; the first one stays`, {
      fill,
    });
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
    inferred: inferred === true ? true : undefined,
    finding: inferred === true ? undefined : findingOn(desk, { connector, id, fill, known }),
  });
}

interface ArrivedFill {
  readonly connector: ConnectorName;
  readonly id: OrderId | null;
  readonly fill: VenueFill;
  /** The version of the fill that arrived before. */
  readonly known: VenueFill | undefined;
}

/** The finding on a fill of an order of this desk; undefined if the fill fits. */
function findingOn(
  desk: Pick<Desk, "clock" | "state" | "venues">,
  { connector, id, fill, known }: ArrivedFill,
): FillFinding | undefined {
  const order = id === null ? undefined : desk.state.orders.get(id);
  if (order === undefined || fill.busts !== undefined) return undefined;
  const misfits = misfitsOf(order, fill, isSimulated(desk, connector) ? undefined : desk.clock.now());
  if (misfits.length > 0) return { kind: "disputed", misfits };
  const counted = order.fills.has(fillKey(connector, fill)) ? decimal(known?.quantity ?? "0") : ZERO;
  const filled = order.filled.minus(counted).plus(decimal(fill.quantity));
  return filled.gt(decimal(order.terms.quantity)) ? { kind: "overfill", misfits: [] } : undefined;
}

/**
 * A fill inferred from the venue's total represents fills that have not arrived yet. When they arrive, the inferred
 * fill is reduced, so that our fills never sum to more than the venue's total. The reduction is journaled before the
 * new fill: a crash between the two leaves a gap, which the next reconciliation closes, and never counts a fill twice.
 */
function reduceInferredFills(
  desk: Pick<Desk, "clock" | "commit" | "state">,
  connector: ConnectorName,
  id: OrderId,
  added: Decimal,
): void {
  const order = desk.state.orders.get(id);
  if (order === undefined || !order.flags.has("inferred_fill")) return;
  let excess = order.filled.plus(added).minus(order.reportedFilled);
  for (const { fill, inferred } of [...order.fills.values()].toReversed()) {
    const quantity = decimal(fill.quantity);
    if (!inferred || !quantity.gt(ZERO) || !excess.gt(ZERO)) continue;
    const reduction = min(quantity, excess);
    excess = excess.minus(reduction);
    const original = fill.corrects ?? fill.fillId;
    // The later of two corrections counts, so each correction must be later than the fill it corrects.
    const at = Math.max(desk.clock.now(), fill.at + 1);
    const remaining: VenueFill = {
      ...fill,
      fillId: `${original}-at-${at}`,
      corrects: original,
      quantity: text(quantity.minus(reduction)),
      at,
    };
    void desk.commit({ type: "fill.received", id, connector, fill: remaining, generation: 0, inferred: true });
  }
}
