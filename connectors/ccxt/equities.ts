/**
 * Currencies of which an exchange states itself what is left without the debts. Bybit counts what was borrowed for a
 * spot trade in the balance of the wallet, and has taken off what a derivative owes: of the sum of both debts, ccxt
 * does not say which part is still to be taken off.
 */
import type { UnifiedBalance } from "./ccxt.ts";

interface WalletAnswer {
  readonly result?: { readonly list?: readonly { readonly coin?: readonly CoinRow[] }[] };
}

interface CoinRow {
  readonly coin?: string;
  /** Empty for an account that is not unified. */
  readonly equity?: string;
}

/** By the exchange's names of the currencies. */
export function equitiesIn(exchange: string, { info }: UnifiedBalance): ReadonlyMap<string, string> {
  const equities = new Map<string, string>();
  if (exchange !== "bybit") return equities;
  const { list } = (info as WalletAnswer | undefined)?.result ?? {};
  for (const { coin: rows } of Array.isArray(list) ? (list as { coin?: readonly CoinRow[] }[]) : [])
    for (const { coin, equity } of rows ?? [])
      if (typeof coin === "string" && typeof equity === "string" && equity !== "") equities.set(coin, equity);
  return equities;
}
