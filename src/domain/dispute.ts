/** Fills that contradict or exceed their orders. They block their instruments. */
import type { FillFinding, FillReceived, Recorded } from "./event.ts";
import { type FillKey, fillKey } from "./fill.ts";
import type { OrderId } from "./ids.ts";
import { type InstrumentKey, instrumentKey } from "./order.ts";
import type { OrderRecord } from "./order-state.ts";
import type { VenueFill } from "./venue.ts";

/** A fill that contradicts its order or exceeds it, until a comparison agrees or a human resolves its instrument. */
export interface DisputeRecord {
  readonly kind: FillFinding["kind"];
  readonly order: OrderId;
  readonly key: FillKey;
  readonly fill: VenueFill;
  readonly misfits: FillFinding["misfits"];
  readonly seq: number;
  readonly at: number;
}

/** By instrument; oldest first. */
export type Disputes = Map<InstrumentKey, readonly DisputeRecord[]>;

/** Blocks the instrument of the order and, if the fill names another, that instrument too. */
export function addDispute(disputes: Disputes, order: OrderRecord, { seq, at, event }: Recorded<FillReceived>): void {
  const { connector, fill, finding } = event;
  if (finding === undefined) return;
  const { kind, misfits } = finding;
  const dispute: DisputeRecord = { kind, misfits, order: order.id, key: fillKey(connector, fill), fill, seq, at };
  for (const symbol of new Set([order.terms.symbol, fill.symbol])) {
    const key = instrumentKey(connector, symbol);
    disputes.set(key, [...(disputes.get(key) ?? []), dispute]);
  }
}

/** Removes the disputes of one fill, which another version of the fill replaces. Returns false if there were none. */
export function removeDispute(disputes: Disputes, key: FillKey): boolean {
  let wasDisputed = false;
  for (const [instrument, known] of disputes) {
    const others = known.filter((dispute) => dispute.key !== key);
    if (others.length === known.length) continue;
    wasDisputed ||= known.some((dispute) => dispute.key === key && dispute.kind === "disputed");
    if (others.length === 0) disputes.delete(instrument);
    else disputes.set(instrument, others);
  }
  return wasDisputed;
}
