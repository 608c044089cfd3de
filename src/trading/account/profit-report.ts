/** Adds up a ledger for output: profit by date, connector or instrument, in one currency, with what is not known. */
import { type Decimal, ONE, ZERO, rounded, text } from "../../domain/decimal.ts";
import { sumCurrency } from "../../domain/account/exchange-rate.ts";
import { shownCurrency, shownSymbol } from "../../domain/untrusted.ts";
import type { IncomeParts, ProfitParts, ProfitRow } from "./ledger-parts.ts";

export const PROFIT_KEYS = ["day", "connector", "symbol"] as const;
export type ProfitKey = (typeof PROFIT_KEYS)[number];

/** Gains; fees are below zero. The lines add up to `total`, which is the change of the NAV less flows. */
export interface ProfitLines {
  readonly realized: string;
  readonly unrealized: string;
  readonly fees: string;
  readonly dividends: string;
  readonly interest: string;
  /** Of the exchange rates: on what an account held at the open of the day, and on its balances in other currencies. */
  readonly fx: string;
  /** What the venue did not itemise, such as funding, or profit of unknown cost. */
  readonly other: string;
  readonly total: string;
}

export interface ProfitReport {
  readonly currency: string;
  readonly by: ProfitKey;
  readonly rows: readonly ({ readonly key: string } & ProfitLines)[];
  readonly total: ProfitLines;
  /** Paid in less paid out; no profit. */
  readonly flows: string;
  /** `connector/symbol`: their cost or mark is not known, so their profit is in `other`. */
  readonly incomplete: readonly string[];
  /** Accounts that are left out, because there was no exchange rate. */
  readonly unconverted: readonly string[];
}

const LINES = ["realized", "unrealized", "fees", "dividends", "interest", "fx", "other"] as const;
type Sums = Record<(typeof LINES)[number], Decimal>;

function noSums(): Sums {
  const income = { dividends: ZERO, interest: ZERO };
  return { realized: ZERO, unrealized: ZERO, fees: ZERO, ...income, fx: ZERO, other: ZERO };
}

/** What belongs to no instrument. */
const ACCOUNT_KEY = "(account)";

export function profitReport(
  rows: readonly ProfitRow[],
  { by, currency: base }: { readonly by: ProfitKey; readonly currency: string },
): ProfitReport {
  const accounts = rows.map((row) => ({ currency: row.currency, rate: row.closeRate }));
  const currency = sumCurrency(base, accounts);
  const groups = new Map<string, Sums>();
  const total = noSums();
  const [incomplete, unconverted] = [new Set<string>(), new Set<string>()];
  let flows = ZERO;
  for (const row of rows) {
    const rate = currency === base ? row.closeRate : ONE;
    if (rate === undefined) {
      unconverted.add(`${row.connector}: ${shownCurrency(row.currency)}`);
      continue;
    }
    for (const symbol of row.incomplete) incomplete.add(`${row.connector}/${shownSymbol(symbol)}`);
    flows = flows.plus(row.flow.times(rate));
    for (const [key, sums] of linesOf(row, by, { rate, openRate: currency === base ? row.openRate : ONE })) {
      const group = groups.get(key) ?? noSums();
      groups.set(key, group);
      for (const line of LINES) {
        group[line] = group[line].plus(sums[line]);
        total[line] = total[line].plus(sums[line]);
      }
    }
  }
  const keyed = [...groups].map(([key, sums]) => ({ key, ...shown(sums) }));
  return {
    currency: shownCurrency(currency),
    by,
    rows: by === "day" ? keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1)) : keyed,
    total: shown(total),
    flows: text(rounded(flows, 8)),
    incomplete: [...incomplete],
    unconverted: [...unconverted],
  };
}

interface RowRates {
  readonly rate: Decimal;
  readonly openRate: Decimal | undefined;
}

/** The lines of one account and date in the currency of the report, by key. */
function linesOf(row: ProfitRow, by: ProfitKey, { rate, openRate }: RowRates): readonly (readonly [string, Sums])[] {
  const sums = sumParts([...row.symbols.values(), ...row.income.values()], rate);
  const change = row.close.minus(row.open).minus(row.flow).times(rate);
  const known = LINES.reduce((sum, line) => sum.plus(sums[line]), ZERO);
  const ownFx = row.balanceFx.times(rate);
  const other = change.minus(known).minus(ownFx);
  const fx = openRate === undefined ? ownFx : row.open.times(rate.minus(openRate)).plus(ownFx);
  if (by !== "symbol") return [[by === "day" ? row.date : row.connector, { ...sums, fx, other }]];
  const account = row.income.get("");
  return [
    ...[...row.symbols].map(([symbol, parts]) => [shownSymbol(symbol), sumParts([parts], rate)] as const),
    ...[...row.income]
      .filter(([symbol]) => symbol !== "")
      .map(([symbol, parts]) => [shownSymbol(symbol), sumParts([parts], rate)] as const),
    [ACCOUNT_KEY, { ...sumParts(account === undefined ? [] : [account], rate), fx, other }],
  ];
}

const PART_LINES = ["realized", "unrealized", "fees", "dividends", "interest"] as const;

function sumParts(all: readonly (ProfitParts | IncomeParts)[], rate: Decimal): Sums {
  const sums = noSums();
  for (const parts of all as readonly Partial<ProfitParts & IncomeParts>[])
    for (const line of PART_LINES) sums[line] = sums[line].plus((parts[line] ?? ZERO).times(rate));
  return sums;
}

function shown(sums: Sums): ProfitLines {
  const amount = (value: Decimal): string => text(rounded(value, 8));
  return {
    realized: amount(sums.realized),
    unrealized: amount(sums.unrealized),
    fees: amount(sums.fees),
    dividends: amount(sums.dividends),
    interest: amount(sums.interest),
    fx: amount(sums.fx),
    other: amount(sums.other),
    total: amount(LINES.reduce((sum, line) => sum.plus(sums[line]), ZERO)),
  };
}
