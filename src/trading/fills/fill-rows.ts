/** The fills of all orders as rows, in the order of their arrival, the newest first. */
import { setImmediate } from "node:timers/promises";
import type { DeskState } from "../../domain/desk-state.ts";
import { ownerOf } from "../../domain/fills/fill-state.ts";
import type { FillKey } from "../../domain/fills/fill.ts";
import type { OrderId } from "../../domain/ids.ts";
import { type Cell, RepeatedWords, type RowPage, type SentCell } from "../../domain/pages/row-page.ts";
import { shownCurrency, shownSymbol } from "../../domain/untrusted.ts";
import type { VenueFill } from "../../domain/market/venue.ts";
import { iso } from "../../lib/time.ts";
import type { Desk } from "../desk.ts";

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
  "liquidity",
  "settlesAt",
] as const;

export interface FillRowsRequest {
  /** The cursor of the part before. */
  readonly after?: number | undefined;
  readonly limit: number;
}

const FILLS_PER_SLICE = 4;

/** A place is a cursor: a fill keeps it when a correction or its fee arrives. @throws ARCHIVE_DAMAGED. */
export async function fillRows(
  { state, archive }: Pick<Desk, "state" | "archive">,
  { after, limit }: FillRowsRequest,
): Promise<RowPage<number>> {
  const { total, archived } = state.fills;
  const end = Math.min(after ?? total, total);
  const start = Math.max(0, end - limit);
  // Fills that leave memory meanwhile are found by their keys.
  const inMemory = new Map<number, FillKey>();
  let place = archived;
  for (const key of state.fills.keys()) {
    if (state.fills.isReplaced(key)) continue;
    if (place >= start && place < end) inMemory.set(place, key);
    place += 1;
  }
  const rows: (readonly SentCell[])[] = [];
  const repeated = new RepeatedWords();
  for (let to = end; to > start; to -= FILLS_PER_SLICE) {
    const from = Math.max(start, to - FILLS_PER_SLICE);
    const keys = archive.fillKeys(from, Math.min(to, archived));
    for (let at = to - 1; at >= from; at--) {
      const key = inMemory.get(at) ?? keys.get(at);
      const fill = key && state.fills.get(key);
      if (key !== undefined && fill !== undefined) rows.push(rowOf({ state, repeated }, key, fill));
    }
    await setImmediate();
  }
  const { words } = repeated;
  return { columns: COLUMNS, words, rows, next: start > 0 ? start : null, total };
}

interface RowContext {
  readonly state: Readonly<DeskState>;
  readonly repeated: RepeatedWords;
}

function rowOf({ state, repeated }: RowContext, key: FillKey, fill: VenueFill): readonly SentCell[] {
  const connector = key.slice(0, key.indexOf("/"));
  const { at, symbol, side, quantity, price, fee = null, feeCurrency, busts, corrects } = fill;
  const { liquidity = null, settlesAt } = fill;
  const order = ownerOf(state, connector, fill) ?? null;
  const note =
    busts !== undefined
      ? "busted"
      : order === null
        ? "external"
        : isDisputed(state, order, key)
          ? "disputed"
          : corrects !== undefined
            ? "corrected"
            : null;
  const currency = fee === null || feeCurrency === undefined ? null : shownCurrency(feeCurrency);
  const word = (cell: Cell): SentCell => repeated.placeOf(cell);
  const first = [iso(at), order, word(connector), word(shownSymbol(symbol)), word(side)];
  const settles = settlesAt === undefined ? null : iso(settlesAt);
  return [...first, quantity, price, fee, word(currency), word(note), word(liquidity), word(settles)];
}

/** The fill contradicts its order: it fills nothing and changes no position. */
function isDisputed({ orders }: Readonly<DeskState>, id: OrderId, key: FillKey): boolean {
  const order = orders.get(id);
  return order !== undefined && order.disputedFills.has(key) && !order.fills.has(key);
}
