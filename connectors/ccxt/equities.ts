/**
 * Currencies of which an exchange states itself what is left without the debts. Bybit counts what was borrowed for a
 * spot trade in the balance of the wallet, and has taken off what a derivative owes: of the sum of both debts, ccxt
 * does not say which part is still to be taken off. Of a unified account at Bitget, ccxt gives the equity as the total
 * and the debt besides.
 */
import type { UnifiedBalance } from "./ccxt.ts";

interface WalletAnswer {
  readonly result?: { readonly list?: readonly { readonly coin?: readonly CoinRow[] }[] };
}

interface CoinRow {
  readonly coin?: string;
  /** Empty or absent for an account that is not unified. */
  readonly equity?: string;
}

/** By the exchange's names of the currencies. */
export function equitiesIn(exchange: string, { info }: UnifiedBalance): ReadonlyMap<string, string> {
  const equities = new Map<string, string>();
  for (const { coin, equity } of rowsIn(exchange, info))
    if (typeof coin === "string" && typeof equity === "string" && equity !== "") equities.set(coin, equity);
  return equities;
}

function rowsIn(exchange: string, info: unknown): readonly CoinRow[] {
  if (exchange === "bitget") return listOf<CoinRow>(info);
  if (exchange !== "bybit") return [];
  const { list } = (info as WalletAnswer | undefined)?.result ?? {};
  return listOf<{ readonly coin?: unknown }>(list).flatMap(({ coin }) => listOf<CoinRow>(coin));
}

function listOf<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}
