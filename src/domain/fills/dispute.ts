/** Fills that contradict or exceed their orders. They block their instruments. */
import type { FillFinding, FillReceived, Recorded } from "../event.ts";
import { type FillKey, fillKey } from "./fill.ts";
import type { OrderId } from "../ids.ts";
import { type InstrumentKey, instrumentKey } from "../orders/order.ts";
import type { OrderRecord } from "../orders/order-state.ts";
import type { VenueFill } from "../market/venue.ts";

/** A fill that contradicts its order or exceeds it, until a comparison agrees or a human resolves its instrument. */
export interface DisputeRecord {
  readonly kind: Exclude<FillFinding["kind"], "external">;
  readonly order: OrderId;
  readonly key: FillKey;
  readonly fill: VenueFill;
  readonly misfits: FillFinding["misfits"];
  readonly seq: number;
  readonly at: number;
}

/** By instrument; oldest first. */
export type Disputes = Map<InstrumentKey, DisputeRecord[]>;
/** The instruments that the disputes of a fill block. */
export type DisputedFills = Map<FillKey, ReadonlySet<InstrumentKey>>;

export interface DisputeState {
  /** Disputed and excess fills by instrument, which they block. */
  readonly disputes: Disputes;
  readonly disputedFills: DisputedFills;
}

/** Blocks the instrument of the order and, if the fill names another, that instrument too. */
export function addDispute(
  { disputes, disputedFills }: DisputeState,
  order: OrderRecord,
  { seq, at, event }: Recorded<FillReceived>,
): void {
  const { connector, fill, finding } = event;
  if (finding === undefined || finding.kind === "external") return;
  const { kind, misfits } = finding;
  const dispute: DisputeRecord = {
    kind,
    misfits,
    order: order.id,
    key: fillKey(connector, fill, order.terms.symbol),
    fill,
    seq,
    at,
  };
  const instruments = new Set([order.terms.symbol, fill.symbol].map((symbol) => instrumentKey(connector, symbol)));
  for (const instrument of instruments) {
    const known = disputes.get(instrument);
    if (known === undefined) disputes.set(instrument, [dispute]);
    else known.push(dispute);
  }
  disputedFills.set(dispute.key, instruments);
}

/** Removes the disputes of one fill, which another version of the fill replaces. */
export function removeDispute({ disputes, disputedFills }: DisputeState, key: FillKey): void {
  if (disputedFills.size === 0) return;
  for (const instrument of disputedFills.get(key) ?? []) {
    const others = disputes.get(instrument)?.filter((dispute) => dispute.key !== key) ?? [];
    if (others.length === 0) disputes.delete(instrument);
    else disputes.set(instrument, others);
  }
  disputedFills.delete(key);
}

/** Ends all disputes of an instrument. A fill that names another instrument goes on blocking that instrument. */
export function clearDisputes({ disputes, disputedFills }: DisputeState, instrument: InstrumentKey): void {
  for (const { key } of disputes.get(instrument) ?? []) {
    const blocked = disputedFills.get(key);
    const others = new Set([...(blocked ?? [])].filter((other) => other !== instrument));
    if (others.size === 0) disputedFills.delete(key);
    else disputedFills.set(key, others);
  }
  disputes.delete(instrument);
}
