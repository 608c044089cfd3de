/** Open positions as a table, for `positions list`, `status` and `snapshot`. */
import type { PositionView } from "../../trading/account-view.ts";
import { type Column, type OutputStyle, table, tableOr } from "./table-text.ts";

const COLUMNS: readonly Column<PositionView>[] = [
  { title: "symbol", cell: ({ symbol }) => symbol },
  { title: "quantity", cell: ({ quantity }) => quantity, isNumber: true },
  { title: "average", cell: ({ averagePrice }) => averagePrice ?? "-", isNumber: true },
  { title: "mark", cell: ({ markPrice }) => markPrice ?? "-", isNumber: true },
  { title: "value", cell: ({ value }) => value ?? "-", isNumber: true },
  {
    title: "unrealized",
    cell: ({ unrealizedPnl }) => (unrealizedPnl === null ? "-" : signed(unrealizedPnl)),
    isNumber: true,
  },
  { title: "at", cell: ({ connector }) => connector, shrinks: true },
];

export function renderPositions(positions: readonly PositionView[], style: OutputStyle): readonly string[] {
  return tableOr(style, COLUMNS, positions, "no open positions");
}

/** The table alone, without a line for an empty book. */
export function positionTable(positions: readonly PositionView[], style: OutputStyle): readonly string[] {
  return positions.length === 0 ? [] : table(style, COLUMNS, positions);
}

/** A gain or a loss by its sign, not by a colour. */
export function signed(amount: string): string {
  return amount.startsWith("-") || /^0(\.0*)?$/.test(amount) ? amount : `+${amount}`;
}
