/** `[connector.options]` of a cash account, and what an edit of its balances moved. */
import { ConnectRefused } from "@qoc-app/sdk";
import { Big } from "big.js";
import { timeOf } from "../paper/options.ts";

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

const Exact = Big();
Exact.strict = true;
Exact.NE = -1_000_000;
Exact.PE = 1_000_000;

export const OPTION_NAMES = ["balances", "currency", "as_of"];
const BALANCES_MAX = 50;
const CODE = /^[A-Z0-9]{2,12}$/;
const AMOUNT = /^-?\d{1,15}(\.\d{1,12})?$/;

/** @throws ConnectRefused with the option's name, its value and what it must be. */
export function readOptions(raw: Readonly<Record<string, unknown>>): CashOptions {
  const unknown = Object.keys(raw).find((key) => !OPTION_NAMES.includes(key));
  if (unknown !== undefined)
    throw new ConnectRefused(
      `[connector.options] ${unknown} is not an option of cash; it has ${OPTION_NAMES.join(", ")}`,
    );
  const balances = readBalances(raw["balances"]);
  return { balances, currency: readCurrency(raw["currency"], balances), asOf: readTime(raw["as_of"]) };
}

function invalid(key: string, value: unknown, allowed: string): ConnectRefused {
  return new ConnectRefused(`[connector.options] ${key} is ${JSON.stringify(value)}; it must be ${allowed}`);
}

function readBalances(value: unknown): Balances {
  const entries = typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  const isBalance = ([code, amount]: [string, unknown]): boolean =>
    CODE.test(code) && typeof amount === "string" && AMOUNT.test(amount);
  if (entries.length === 0 || entries.length > BALANCES_MAX || !entries.every(isBalance))
    throw invalid("balances", value, 'amounts in quotes by currency, like { USD = "25000", EUR = "1200.50" }');
  return Object.fromEntries(entries.map(([code, amount]) => [code, textOf(new Exact(amount as string))]));
}

function readCurrency(value: unknown, balances: Balances): string {
  const codes = Object.keys(balances);
  const [only] = codes;
  if (value === undefined && codes.length === 1 && only !== undefined) return only;
  if (typeof value === "string" && codes.includes(value)) return value;
  throw invalid("currency", value, `the account's currency, one of ${codes.join(", ")}`);
}

function readTime(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const at = timeOf(value);
  if (at === undefined) throw invalid("as_of", value, 'a date like "2026-11-27" or "2026-11-27T18:00Z"');
  return at;
}

function textOf(amount: Big): string {
  return amount.eq("0") ? "0" : amount.toFixed();
}

/** What was added to each currency; empty if nothing changed. */
export function difference(before: Balances, after: Balances): readonly Change[] {
  const codes = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...codes].flatMap((currency) => {
    const amount = new Exact(after[currency] ?? "0").minus(before[currency] ?? "0");
    return amount.eq("0") ? [] : [{ currency, amount: textOf(amount) }];
  });
}
