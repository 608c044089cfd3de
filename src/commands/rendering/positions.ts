/** The book as text: positions for `positions list`, sums and accounts for `status` and `snapshot`. */
import type {
  AccountLine,
  AccountView,
  PositionView,
  ProfitLine,
  RateView,
} from "../../domain/account/account-view.ts";
import { flowCommand } from "../../domain/account/cash-event.ts";
import { decimal, rounded, significant, text } from "../../domain/decimal.ts";
import { type Column, type OutputStyle, keyValueLines, table, tableOr } from "./table-text.ts";
import { shownAge, shownTime } from "./local-time.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { balanceTable, exposureTable } from "./exposures.ts";
import { gainShade, money, signedMoney, unlabelled } from "./money.ts";
import { oneLine } from "./terminal-text.ts";

function columns(style: OutputStyle): readonly Column<PositionView>[] {
  return [
    { title: "symbol", cell: ({ symbol }) => symbol },
    {
      title: "quantity",
      cell: ({ quantity, multiplier }) => (multiplier === "1" ? quantity : `${quantity} × ${multiplier}`),
      isNumber: true,
    },
    { title: "average", cell: (position) => averageCell(position, style), isNumber: true },
    { title: "mark", cell: ({ markPrice }) => priceCell(markPrice, style), isNumber: true },
    {
      title: "value",
      cell: ({ value, currency }) => (value === null ? "no value" : money(value, currency, style)),
      isNumber: true,
    },
    {
      title: "unrealized",
      cell: ({ unrealizedPnl, currency }) => gainCell(unrealizedPnl, currency, style),
      shade: ({ unrealizedPnl }) => gainShade(unrealizedPnl),
      isNumber: true,
    },
    {
      title: "realized",
      cell: ({ realizedPnl, currency }) => gainCell(realizedPnl, currency, style),
      shade: ({ realizedPnl }) => gainShade(realizedPnl),
      isNumber: true,
    },
    {
      title: "at",
      cell: ({ connector, standing }) => (standing === "enabled" ? connector : `${connector} (${standing})`),
      shrinks: true,
    },
  ];
}

export function renderPositions(positions: readonly PositionView[], style: OutputStyle): readonly string[] {
  return tableOr(style, columns(style), positions, "no open positions");
}

/** The table alone, without a line for an empty book. */
export function positionTable(positions: readonly PositionView[], style: OutputStyle): readonly string[] {
  return positions.length === 0 ? [] : table(style, columns(style), positions);
}

const DIGITS_SHOWN = 9;
const WIDE_COLUMNS = 100;

/** A price keeps its digits, but an average has no more of them than a person can use. */
function priceCell(price: string | null, { isTty }: OutputStyle): string {
  if (price === null) return "-";
  return isTty && price.length > DIGITS_SHOWN + 1 ? text(significant(decimal(price), DIGITS_SHOWN)) : price;
}

/** On a narrow terminal an average has the decimals of the mark, and at least two: the table fits into 80 columns. */
function averageCell({ averagePrice, markPrice }: PositionView, style: OutputStyle): string {
  const shown = priceCell(averagePrice, style);
  if (averagePrice === null || markPrice === null || !style.isTty || style.columns >= WIDE_COLUMNS) return shown;
  const places = Math.max(2, fractionOf(markPrice));
  return fractionOf(shown) <= places ? shown : text(rounded(decimal(averagePrice), places));
}

function fractionOf(price: string): number {
  return price.split(".")[1]?.length ?? 0;
}

/** Another column of the row has the currency. */
function gainCell(amount: string | null, currency: string | null, style: OutputStyle): string {
  return amount === null ? "-" : unlabelled(signedMoney(amount, currency, style));
}

/** The sums of the book, each with its currency, and what is not in them. */
export function bookSums(book: AccountView, style: OutputStyle, shownAt?: string): readonly string[] {
  const { currency } = book;
  return [
    ...keyValueLines(style, [
      ["NAV", money(book.nav, currency, style)],
      ["cash", money(book.cash, currency, style)],
      ["buying power", `${money(book.buyingPower, currency, style)}${notPooled(book, style)}`],
      ...statedEntries(book.accounts, style),
      ["today", todayText(book, style), gainShade(book.dayPnl)],
      ...(style.isTty || book.day === null ? [] : [["day", book.day] as const]),
      ...book.profit.flatMap((line) => [profitEntry("realized", line, style), profitEntry("unrealized", line, style)]),
      ...(book.fees.length === 0
        ? []
        : [["fees", book.fees.map((fee) => money(fee.amount, fee.currency, style)).join(", ")] as const]),
      ...book.rates.map((rate) => ["rate", rateText(rate, style)] as const),
      ...(book.asOf === null ? [] : [["as of", shownAge(style, book.asOf, shownAt)] as const]),
    ]),
    ...book.accounts.flatMap(exceptionLines),
    ...book.profit
      .filter(({ incomplete }) => incomplete.length > 0)
      .map(({ incomplete }) => oneLine(`! P&L without ${incomplete.join(", ")}: cost or mark is not known`)),
  ];
}

/** What venues state of their accounts besides: a line for each account that has one. */
function statedEntries(accounts: readonly AccountLine[], style: OutputStyle) {
  return STATED.flatMap(([name, member]) =>
    accounts.flatMap(({ connector, currency, [member]: amount }) => {
      if (typeof amount !== "string") return [];
      const place = accounts.length === 1 ? "" : ` at ${connector}`;
      return [[name, oneLine(`${money(amount, currency, style)}${place}`)] as const];
    }),
  );
}

const STATED = [
  ["settled cash", "settledCash"],
  ["margin used", "marginUsed"],
  ["unrealized by venue", "venueUnrealizedPnl"],
] as const;

/** With its date: the day of a replayed market is not the day of the reader. */
function todayText({ dayPnl, day, currency, accounts }: AccountView, style: OutputStyle): string {
  const amount = signedMoney(dayPnl, currency, style);
  if (day !== null) return style.isTty ? `${amount}  (${day})` : amount;
  return style.isTty && accounts.length > 1 ? `${amount}  (by the day of each account)` : amount;
}

/** Each order has the buying power of its own account. */
function notPooled({ accounts }: AccountView, { isTty }: OutputStyle): string {
  return isTty && accounts.length > 1 ? ", not transferable between accounts" : "";
}

function rateText({ pair, rate, at, source, isStale, isForDisplay }: RateView, style: OutputStyle): string {
  const notes = [...(isStale ? ["old"] : []), ...(isForDisplay ? ["for display only"] : [])];
  const isKept = isStale || isForDisplay ? `: ${notes.join(", ")}; guards do not count by it` : "";
  return `${pair} ${rate} of ${source}, ${shownTime(style, at)}${isKept}`;
}

function profitEntry(name: "realized" | "unrealized", line: ProfitLine, style: OutputStyle) {
  return [name, signedMoney(line[name], line.currency, style), gainShade(line[name])] as const;
}

function exceptionLines(line: AccountLine): readonly string[] {
  const { connector, nav, currency, isInSum, isStale, sharedWith, asOf, unvalued, unexplained, unread = 0 } = line;
  const isMissing = !isInSum && sharedWith === null;
  return [
    ...(sharedWith === null ? [] : [`! ${connector}: the same account as ${sharedWith}; it counts once`]),
    ...(isMissing
      ? [`! ${connector}: NAV ${money(nav, currency, { isTty: true })} is not in the sums: no exchange rate`]
      : []),
    ...(isStale ? [`! ${connector}: its last report is of ${shownTime({ isTty: true }, asOf)}`] : []),
    ...(unexplained === null
      ? []
      : [
          `! ${connector}: NAV changed by ${money(unexplained, currency, { isTty: true })} that no trade explains`,
          `  ${flowCommand(connector, decimal(unexplained))}`,
        ]),
    ...(unread === 0 ? [] : [`! ${connector}: incomplete, ${unreadCount(unread)} cannot be read (qoc status)`]),
    ...(unvalued.length === 0 ? [] : [`! ${connector}: no value for ${unvalued.join(", ")}; its NAV leaves that out`]),
  ].map(oneLine);
}

function unreadCount(count: number): string {
  return count === 1 ? "a fill or an activity" : `${count} fills and activities`;
}

/** A terminal with fewer columns shows days without their year. */
const DAY_COLUMNS = 100;

function accountColumns(style: OutputStyle): readonly Column<AccountLine>[] {
  return [
    { title: "account", cell: ({ connector }) => connector, keeps: "apart" },
    { title: "mode", cell: ({ mode }) => mode },
    { title: "NAV", cell: ({ nav, currency }) => money(nav, currency, style), isNumber: true },
    { title: "cash", cell: ({ cash, currency }) => unlabelled(money(cash, currency, style)), isNumber: true },
    {
      title: "buying power",
      cell: ({ buyingPower, currency }) => unlabelled(money(buyingPower, currency, style)),
      isNumber: true,
    },
    {
      title: "today",
      cell: ({ dayPnl, currency }) => gainCell(dayPnl, currency, style),
      shade: ({ dayPnl }) => gainShade(dayPnl),
      isNumber: true,
    },
    // Two accounts of a million fit into 80 columns without the year.
    { title: "day", cell: ({ day }) => (style.isTty && style.columns < DAY_COLUMNS ? day.slice("2026-".length) : day) },
    {
      title: "",
      cell: ({ isCountedByGuards }) => (isCountedByGuards ? "" : "guards do not count it"),
      keeps: "apart",
    },
  ];
}

/** One line an account; nothing if the sums already are the only account. */
export function accountTable(accounts: readonly AccountLine[], style: OutputStyle): readonly string[] {
  const [only] = accounts;
  if (accounts.length === 1 && only?.isInSum === true && only.isCountedByGuards) return [];
  return accounts.length === 0 ? [] : table(style, accountColumns(style), accounts);
}

/** The parts of the book that have lines, each after an empty line. */
export function holdings(
  { accounts, exposures, currency }: Pick<AccountView, "accounts" | "exposures" | "currency">,
  style: OutputStyle,
): readonly (readonly string[])[] {
  return [balanceTable(accounts, style), exposureTable(exposures, currency, style)];
}

/** Every account, what it holds, and what is wrong with it. */
export function accountLines(
  view: Pick<AccountView, "accounts" | "exposures" | "currency" | "rates">,
  style: OutputStyle,
): readonly string[] {
  const parts = [
    tableOr(style, accountColumns(style), view.accounts, "no accounts yet"),
    ...holdings(view, style),
    [
      ...keyValueLines(style, [
        ...statedEntries(view.accounts, style),
        ...view.rates.map((rate) => ["rate", rateText(rate, style)] as const),
      ]),
      ...view.accounts.flatMap(exceptionLines),
    ],
  ].filter((lines) => lines.length > 0);
  return parts.flatMap((lines, place) => (place === 0 ? lines : ["", ...lines]));
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
            `  to write it off: qoc resolve ${quoteForShell(`${connector}/${symbol}`)} -m "removed"`,
          ],
    );
}
