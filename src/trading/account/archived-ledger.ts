/** A profit ledger, parts of which are in the archive of a checkpoint. */
import type { DiskArchive } from "../../bus/archive.ts";
import type { LedgerParts, ProfitRow, TradeRow, ValuePoint } from "./ledger-parts.ts";

export interface WholeLedger {
  /** By connector and date. */
  readonly rows: readonly ProfitRow[];
  readonly points: readonly ValuePoint[];
  readonly trades: readonly TradeRow[];
}

/** The fills that are asked for. */
export interface TradeRange {
  /** No fill is kept before the one or after the other, ms. */
  readonly first: number;
  readonly last: number;
  isKept(at: number): boolean;
}

/** @throws ARCHIVE_DAMAGED. */
export function ledgerWithArchive(
  archive: Pick<DiskArchive, "layers" | "values">,
  parts: LedgerParts,
  range: TradeRange | undefined,
): WholeLedger {
  const rows = new Map<string, ProfitRow[]>([...parts.rows.keys()].map((connector) => [connector, []]));
  const points: ValuePoint[] = [];
  const trades: TradeRow[] = [];
  for (const layer of archive.layers) {
    for (const row of archive.values(layer, "profitRows") as readonly ProfitRow[]) rows.get(row.connector)?.push(row);
    for (const point of archive.values(layer, "valuePoints") as readonly ValuePoint[]) points.push(point);
    const { from, to } = layer.tradeTimes;
    if (range === undefined || to < range.first || from > range.last) continue;
    for (const trade of archive.values(layer, "trades") as readonly TradeRow[])
      if (range.isKept(trade.fill.at)) trades.push(trade);
  }
  for (const [connector, own] of parts.rows) for (const row of own) rows.get(connector)?.push(row);
  const later = range === undefined ? [] : parts.trades.filter(({ fill }) => range.isKept(fill.at));
  return { rows: [...rows.values()].flat(), points: [...points, ...parts.points], trades: [...trades, ...later] };
}
