/** The options of the built-in cash account, checked with desk.toml. A test compares these rules with its own. */
import { isCurrencyCode } from "../domain/account/currency.ts";
import { existsInCalendar } from "./paper-options.ts";

type CashRule = (value: unknown, options: Readonly<Record<string, unknown>>) => string | undefined;

const BALANCES_MAX = 50;
const AMOUNT = /^-?\d{1,15}(\.\d{1,12})?$/;

function isBalance([code, amount]: readonly [string, unknown]): boolean {
  return isCurrencyCode(code) && typeof amount === "string" && AMOUNT.test(amount);
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

export const CASH_RULES: Readonly<Record<string, CashRule>> = {
  balances: (value) => {
    const entries = entriesOf(value);
    const isTable = entries.length > 0 && entries.length <= BALANCES_MAX && entries.every(isBalance);
    return isTable ? undefined : 'amounts in quotes by currency, such as { USD = "25000", EUR = "1200.50" }';
  },
  currency: (value, { balances }) => {
    const codes = entriesOf(balances).map(([code]) => code);
    const isKnown = value === undefined ? codes.length <= 1 : typeof value === "string" && codes.includes(value);
    return isKnown ? undefined : `the account's currency, one of its balances: ${codes.join(", ")}`;
  },
  as_of: (value) =>
    existsInCalendar(value) ? undefined : 'a date such as "2026-11-27", or a time such as "2026-11-27T18:00Z"',
};

/** `USD=25000,EUR=1200.50` as lines of `[connector.options]`; the first currency is the account's. */
export function balancesToml(word: string): readonly string[] | undefined {
  const pairs = word.split(",").map((part) => part.split("="));
  const codes = new Set(pairs.map(([code]) => code));
  const isList = pairs.every((pair) => pair.length === 2 && isBalance([pair[0] ?? "", pair[1]]));
  if (!isList || codes.size !== pairs.length || pairs.length > BALANCES_MAX) return undefined;
  const [first = ""] = codes;
  return [
    ...(codes.size === 1 ? [] : [`currency = "${first}"`]),
    `balances = { ${pairs.map(([code = "", amount]) => `${code} = "${amount}"`).join(", ")} }`,
  ];
}
