/** `[account]` of desk.toml. */
import * as z from "zod";
import { decimal, text } from "../domain/decimal.ts";
import { decimalOption } from "../domain/config/guard-config.ts";
import { lazy } from "../lib/lazy.ts";

export const accountSchema = lazy(() =>
  z.strictObject({
    currency: z
      .string()
      .regex(/^[A-Z]{3,5}$/, 'must be a currency code such as "USD"')
      .default("USD"),
    nav_method: z.enum(["last_snapshot", "live"]).default("last_snapshot"),
    /** An approval at a terminal above this notional takes the typed symbol; below it, y. */
    type_symbol_above: decimalOption().default(decimal("10000")),
    /** Per cent a year, for the Sharpe ratio. */
    risk_free_pct: z.number().min(-10).max(100).default(0),
  }),
);

export interface AccountConfig {
  readonly currency: string;
  /** `desk.toml:12`; undefined if no file states the currency. */
  readonly currencyAt?: string | undefined;
  readonly navMethod: "last_snapshot" | "live";
  /** A decimal: above this notional an approval at a terminal takes the typed symbol. */
  readonly typedAbove: string;
  /** Per cent a year, for the Sharpe ratio. */
  readonly riskFreePct: number;
}

export function accountOf(
  data: z.infer<ReturnType<typeof accountSchema>>,
  currencyAt: string | undefined,
): AccountConfig {
  return {
    currency: data.currency,
    currencyAt,
    navMethod: data.nav_method,
    typedAbove: text(data.type_symbol_above),
    riskFreePct: data.risk_free_pct,
  };
}
