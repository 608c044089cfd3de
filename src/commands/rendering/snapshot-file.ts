/** The book of a snapshot as text. */
import type { SnapshotFile, SnapshotPosition } from "../../workspace/snapshot-file.ts";
import { gainShade, money, signed, signedMoney } from "./money.ts";
import { type Column, type OutputStyle, keyValueLines, tableOr } from "./table-text.ts";

export function renderSnapshotFile(snapshot: SnapshotFile, style: OutputStyle): readonly string[] {
  const { currency } = snapshot;
  return [
    ...keyValueLines(style, [
      ["snapshot", snapshot.path],
      ["time", snapshot.time],
      ["NAV", money(snapshot.nav, currency, style)],
      ["cash", money(snapshot.cash, currency, style)],
      ["buying power", money(snapshot.buyingPower, currency, style)],
      ...snapshot.profit.flatMap((line) => [
        ["realized", signedMoney(line.realized, line.currency, style), gainShade(line.realized)] as const,
        ["unrealized", signedMoney(line.unrealized, line.currency, style), gainShade(line.unrealized)] as const,
      ]),
      ...(snapshot.fees.length === 0 ? [] : [["fees", snapshot.fees.join(", ")] as const]),
      ...(snapshot.stale.length === 0 ? [] : [["not asked", snapshot.stale.join(", ")] as const]),
      ...snapshot.accounts.map(
        ({ connector, nav, currency: code }) => [connector, `NAV ${money(nav, code, style)}`] as const,
      ),
    ]),
    ...(style.isTty ? [""] : []),
    ...tableOr(style, columns(style), snapshot.positions, "no open positions"),
  ];
}

function columns(style: OutputStyle): readonly Column<SnapshotPosition>[] {
  return [
    { title: "symbol", cell: ({ symbol }) => symbol },
    { title: "quantity", cell: ({ quantity }) => quantity, isNumber: true },
    { title: "average", cell: ({ averagePrice }) => averagePrice ?? "-", isNumber: true },
    { title: "mark", cell: ({ markPrice }) => markPrice ?? "-", isNumber: true },
    {
      title: "unrealized",
      cell: ({ unrealizedPnl, currency }) =>
        unrealizedPnl === null ? "-" : signed(money(unrealizedPnl, currency, style)),
      shade: ({ unrealizedPnl }) => gainShade(unrealizedPnl),
      isNumber: true,
    },
    { title: "at", cell: ({ connector }) => connector, shrinks: true },
  ];
}
