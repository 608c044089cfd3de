/** The book as text: positions for `positions list`, sums and accounts for `status` and `snapshot`. */
import type { AccountLine, AccountView, Amount, PositionView } from "../../trading/account-view.ts";
import { type Column, type OutputStyle, keyValueLines, table, tableOr } from "./table-text.ts";
import { oneLine } from "./terminal-text.ts";

const COLUMNS: readonly Column<PositionView>[] = [
  { title: "symbol", cell: ({ symbol }) => symbol },
  { title: "quantity", cell: ({ quantity }) => quantity, isNumber: true },
  { title: "average", cell: ({ averagePrice }) => averagePrice ?? "-", isNumber: true },
  { title: "mark", cell: ({ markPrice }) => markPrice ?? "-", isNumber: true },
  {
    title: "value",
    cell: ({ value, currency }) => (value === null ? "no value" : money(value, currency)),
    isNumber: true,
  },
  { title: "unrealized", cell: ({ unrealizedPnl }) => signedOrDash(unrealizedPnl), isNumber: true },
  { title: "realized", cell: ({ realizedPnl }) => signedOrDash(realizedPnl), isNumber: true },
  {
    title: "at",
    cell: ({ connector, standing }) => (standing === "enabled" ? connector : `${connector} (${standing})`),
    shrinks: true,
  },
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

function signedOrDash(amount: string | null): string {
  return amount === null ? "-" : signed(amount);
}

/** An amount with its currency. */
export function money(amount: string | null, currency: string | null): string {
  return amount === null ? "not known" : [amount, ...(currency === null ? [] : [currency])].join(" ");
}

/** The sums of the book, each with its currency, and what is not in them. */
export function bookSums(book: AccountView, style: OutputStyle): readonly string[] {
  const { currency } = book;
  return [
    ...keyValueLines(style, [
      ["NAV", money(book.nav, currency)],
      ["cash", money(book.cash, currency)],
      ["buying power", money(book.buyingPower, currency)],
      ["today", money(book.dayPnl === null ? null : signed(book.dayPnl), currency)],
      ...book.profit.map((line) => ["realized", money(signed(line.realized), line.currency)] as const),
      ...(book.fees.length === 0 ? [] : [["fees", book.fees.map(feeText).join(", ")] as const]),
      ...(book.asOf === null ? [] : [["as of", book.asOf] as const]),
    ]),
    ...book.accounts.flatMap(exceptionLines),
    ...book.profit
      .filter(({ incomplete }) => incomplete.length > 0)
      .map(({ incomplete }) => oneLine(`! P&L without ${incomplete.join(", ")}: cost or mark is not known`)),
  ];
}

function feeText({ amount, currency }: Amount): string {
  return money(amount, currency);
}

function exceptionLines({ connector, nav, currency, isInSum, unvalued, unexplained }: AccountLine): readonly string[] {
  return [
    ...(isInSum ? [] : [`! ${connector}: NAV ${nav} ${currency} is not in the sums: no exchange rate`]),
    ...(unexplained === null
      ? []
      : [
          `! ${connector}: NAV changed by ${unexplained} ${currency} that no trade explains: qoc account flow ${connector}`,
        ]),
    ...(unvalued.length === 0 ? [] : [`! ${connector}: no value for ${unvalued.join(", ")}; its NAV leaves that out`]),
  ].map(oneLine);
}

const ACCOUNT_COLUMNS: readonly Column<AccountLine>[] = [
  { title: "account", cell: ({ connector }) => connector },
  { title: "mode", cell: ({ mode }) => mode },
  { title: "NAV", cell: ({ nav, currency }) => money(nav, currency), isNumber: true },
  { title: "cash", cell: ({ cash, currency }) => money(cash, currency), isNumber: true },
  {
    title: "today",
    cell: ({ dayPnl, currency }) => money(dayPnl === null ? null : signed(dayPnl), currency),
    isNumber: true,
  },
  {
    title: "",
    cell: ({ isCountedByGuards }) => (isCountedByGuards ? "" : "not counted by guards"),
    shrinks: true,
  },
];

/** One line an account; nothing if the sums already are the only account. */
export function accountTable(accounts: readonly AccountLine[], style: OutputStyle): readonly string[] {
  const [only] = accounts;
  if (accounts.length === 1 && only?.isInSum === true && only.isCountedByGuards) return [];
  return accounts.length === 0 ? [] : table(style, ACCOUNT_COLUMNS, accounts);
}

/** What to do about positions at connectors that desk.toml does not enable. */
export function strandedLines(positions: readonly PositionView[]): readonly string[] {
  return positions
    .filter(({ standing }) => standing !== "enabled")
    .flatMap(({ connector, symbol, standing }) =>
      standing === "disabled"
        ? [`! ${connector}/${symbol} counts nowhere: ${connector} is disabled`]
        : [
            `! ${connector}/${symbol} counts nowhere: ${connector} is not in desk.toml`,
            `  to write it off: qoc resolve ${connector}/${symbol} -m "removed"`,
          ],
    );
}
