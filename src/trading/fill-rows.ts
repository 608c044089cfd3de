/** The fills of all orders as rows, in the order of their arrival, the newest first. */
import type { DeskState } from "../domain/desk-state.ts";
import { ownerOf } from "../domain/fill-state.ts";
import type { Cell, RowPage } from "../domain/row-page.ts";
import { shownCurrency, shownSymbol } from "../domain/untrusted.ts";
import type { VenueFill } from "../domain/venue.ts";
import { iso } from "../lib/time.ts";

const COLUMNS = [
  "time",
  "order",
  "connector",
  "symbol",
  "side",
  "quantity",
  "price",
  "fee",
  "feeCurrency",
  "note",
] as const;

export interface FillRowsRequest {
  /** The cursor of the part before. */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** A fill keeps its place when a correction or its fee arrives, so that a place is a cursor. */
export function fillRows(state: Readonly<DeskState>, { after, limit }: FillRowsRequest): RowPage<number> {
  const total = state.fills.size;
  const end = Math.min(after ?? total, total);
  const start = Math.max(0, end - limit);
  const rows: (readonly Cell[])[] = [];
  let place = 0;
  for (const [key, fill] of state.fills) {
    if (place >= end) break;
    if (place >= start) rows.push(rowOf(state, key.slice(0, key.indexOf("/")), fill));
    place += 1;
  }
  return { columns: COLUMNS, rows: rows.toReversed(), next: start > 0 ? start : null, total };
}

function rowOf(state: Readonly<DeskState>, connector: string, fill: VenueFill): readonly Cell[] {
  const { at, symbol, side, quantity, price, fee = null, feeCurrency, busts, corrects } = fill;
  const order = ownerOf(state, connector, fill) ?? null;
  const note =
    busts !== undefined ? "busted" : order === null ? "external" : corrects !== undefined ? "corrected" : null;
  const currency = fee === null || feeCurrency === undefined ? null : shownCurrency(feeCurrency);
  return [iso(at), order, connector, shownSymbol(symbol), side, quantity, price, fee, currency, note];
}
