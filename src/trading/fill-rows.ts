/** The fills of all orders as rows, in the order of their arrival, the newest first. */
import type { DeskState } from "../domain/desk-state.ts";
import { ownerOf } from "../domain/fill-state.ts";
import { type Cell, RepeatedWords, type RowPage, type SentCell } from "../domain/row-page.ts";
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
  const rows: (readonly SentCell[])[] = [];
  const repeated = new RepeatedWords();
  let place = 0;
  for (const [key, fill] of state.fills) {
    if (place >= end) break;
    if (place >= start) rows.push(rowOf({ state, repeated }, key.slice(0, key.indexOf("/")), fill));
    place += 1;
  }
  const { words } = repeated;
  return { columns: COLUMNS, words, rows: rows.toReversed(), next: start > 0 ? start : null, total };
}

interface RowContext {
  readonly state: Readonly<DeskState>;
  readonly repeated: RepeatedWords;
}

function rowOf({ state, repeated }: RowContext, connector: string, fill: VenueFill): readonly SentCell[] {
  const { at, symbol, side, quantity, price, fee = null, feeCurrency, busts, corrects } = fill;
  const order = ownerOf(state, connector, fill) ?? null;
  const note =
    busts !== undefined ? "busted" : order === null ? "external" : corrects !== undefined ? "corrected" : null;
  const currency = fee === null || feeCurrency === undefined ? null : shownCurrency(feeCurrency);
  const word = (cell: Cell): SentCell => repeated.placeOf(cell);
  const first = [iso(at), order, word(connector), word(shownSymbol(symbol)), word(side)];
  return [...first, quantity, price, fee, word(currency), word(note)];
}
