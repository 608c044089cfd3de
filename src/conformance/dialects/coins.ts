/** What the wire formats of coin exchanges have in common. */
import type { DialectStatements, DialectTraits } from "../../domain/sdk-kit.ts";
import { decimal, text } from "../../domain/decimal.ts";
import { USUAL_TRAITS } from "./dialect.ts";

/** Twenty markets against one currency. */
export function coinSymbols(currency: string): readonly [string, string, ...string[]] {
  const others = Array.from({ length: 18 }, (_, index) => `COIN${index + 1}/${currency}`);
  return [`BTC/${currency}`, `ETH/${currency}`, ...others];
}

/** Money in two currencies, a rate of a market that the venue lists, and no hours. */
export function coinStatements(currency: string): DialectStatements {
  return {
    activities: [
      { kind: "deposit", amount: "250.50", currency },
      { kind: "withdrawal", amount: "-100.12345678", currency: "BTC" },
      { kind: "interest", amount: "0.00000001", currency: "BTC" },
    ],
    rate: { pair: `BTC/${currency}`, rate: "60123.456789012345" },
    schedule: "always",
  };
}

/** The account's cash as exchanges state it: in total, free for new orders, and held back. */
export function cashOf({ cash = "0", buying_power = "0" }: Readonly<Record<string, string>>): {
  readonly total: string;
  readonly free: string;
  readonly held: string;
} {
  return { total: cash, free: buying_power, held: text(decimal(cash).minus(decimal(buying_power))) };
}

/** Amounts have at most eight decimals. */
export const COIN_TRAITS = {
  ...USUAL_TRAITS,
  limitOrders: [
    { quantity: "0.1", limit: "49.07" },
    { quantity: "3", limit: "50" },
    { quantity: "1000.25", limit: "0.29" },
    { quantity: "0.001", limit: "48" },
  ],
  longest: {
    quantity: "1234.12345678",
    limit: "0.12345678",
    steps: { tickSize: "0.00000001", lotSize: "0.00000001" },
  },
  hasFillFees: true,
  hasOneCurrency: true,
  hasShorts: false,
  statesQuoteTime: false,
} satisfies Partial<DialectTraits>;
