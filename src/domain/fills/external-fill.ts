/**
 * Fills of orders that this desk did not send. They change no position: the position follows the venue's at the next
 * mark. Until then, limits count them.
 */
import { type Decimal, ZERO, decimal } from "../decimal.ts";
import type { FillReceived, Recorded } from "../event.ts";
import type { FillKey } from "./fill.ts";
import { type InstrumentKey, instrumentKey } from "../orders/order.ts";
import { TextMap } from "../../lib/text-map.ts";
import type { VenueFill } from "../market/venue.ts";

/** The external fills of one instrument since its position was last read from the venue. */
export interface ExternalFills {
  /** The version of each fill that counts. */
  readonly fills: TextMap<FillKey, VenueFill>;
  bought: Decimal;
  sold: Decimal;
  /** Of the newest fill. */
  seq: number;
  at: number;
}

export type ExternalFillsByInstrument = Map<InstrumentKey, ExternalFills>;

export function addExternalFill(
  all: ExternalFillsByInstrument,
  key: FillKey,
  { seq, at, event: { connector, fill } }: Recorded<FillReceived>,
): void {
  const instrument = instrumentKey(connector, fill.symbol);
  let known = all.get(instrument);
  if (known === undefined) {
    known = { fills: new TextMap(), bought: ZERO, sold: ZERO, seq, at };
    all.set(instrument, known);
  }
  count(known, known.fills.get(key), -1);
  known.fills.set(key, fill);
  count(known, fill, 1);
  known.seq = seq;
  known.at = at;
}

/** Removes a fill whose order turned out to be one of this desk. */
export function removeExternalFill(all: ExternalFillsByInstrument, instrument: InstrumentKey, key: FillKey): void {
  const known = all.get(instrument);
  const fill = known?.fills.get(key);
  if (known === undefined || fill === undefined) return;
  count(known, fill, -1);
  known.fills.delete(key);
  if (known.fills.size === 0) all.delete(instrument);
}

function count(known: ExternalFills, fill: VenueFill | undefined, sign: 1 | -1): void {
  if (fill === undefined || fill.busts !== undefined) return;
  const quantity = decimal(fill.quantity);
  const sum = fill.side === "buy" ? known.bought : known.sold;
  const changed = sign === 1 ? sum.plus(quantity) : sum.minus(quantity);
  if (fill.side === "buy") known.bought = changed;
  else known.sold = changed;
}
