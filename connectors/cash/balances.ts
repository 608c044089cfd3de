/** `[connector.options]` of a cash account, and what an edit of its balances moved. */
import { ZERO, amount, textOf } from "../amount.ts";
import { assertKnown, invalidOption, timeOf } from "../paper/options.ts";

/** Exact decimals by currency. */
export type Balances = Readonly<Record<string, string>>;

interface CashOptions {
  /** Of the account; the other balances are converted by the desk. */
  readonly currency: string;
  readonly balances: Balances;
  /** When the balances were right, ms. */
  readonly asOf: number | undefined;
}

interface Change {
  readonly currency: string;
  /** Below zero for money that left the account. */
  readonly amount: string;
}

export interface Edit {
  /** Counts the edits of the account from 1. */
  readonly no: number;
  readonly at: number;
  readonly changes: readonly Change[];
}

export const OPTION_NAMES = ["balances", "currency", "as_of"];
const BALANCES_MAX = 50;
const CODE = /^[A-Z0-9]{2,12}$/;
const AMOUNT = /^-?\d{1,15}(\.\d{1,12})?$/;

/** @throws ConnectRefused with the option's name, its value and what it must be. */
export function readOptions(raw: Readonly<Record<string, unknown>>): CashOptions {
  assertKnown(raw, OPTION_NAMES, "cash");
  const balances = readBalances(raw["balances"]);
  return { balances, currency: readCurrency(raw["currency"], balances), asOf: readTime(raw["as_of"]) };
}

function readBalances(value: unknown): Balances {
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  const isBalance = ([code, total]: [string, unknown]): boolean =>
    CODE.test(code) && typeof total === "string" && AMOUNT.test(total);
  if (entries.length === 0 || entries.length > BALANCES_MAX || !entries.every(isBalance))
    throw invalidOption("balances", value, 'amounts in quotes by currency, like { USD = "25000", EUR = "1200.50" }');
  return Object.fromEntries(entries.map(([code, total]) => [code, textOf(amount(total as string))]));
}

function readCurrency(value: unknown, balances: Balances): string {
  const codes = Object.keys(balances);
  const [only] = codes;
  if (value === undefined && codes.length === 1 && only !== undefined) return only;
  if (typeof value === "string" && codes.includes(value)) return value;
  throw invalidOption("currency", value, `the account's currency, one of ${codes.join(", ")}`);
}

function readTime(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const at = timeOf(value);
  if (at === undefined) throw invalidOption("as_of", value, 'a date like "2026-11-27" or "2026-11-27T18:00Z"');
  return at;
}

/** What was added to each currency; empty if nothing changed. */
export function difference(before: Balances, after: Balances): readonly Change[] {
  const codes = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...codes].flatMap((currency) => {
    const moved = amount(after[currency] ?? "0").minus(amount(before[currency] ?? "0"));
    return moved.eq(ZERO) ? [] : [{ currency, amount: textOf(moved) }];
  });
}
