/**
 * Currencies of which an exchange states itself what is left without the debts. Bybit counts what was borrowed for a
 * spot trade in the balance of the wallet, and has taken off what a derivative owes: of the sum of both debts, ccxt
 * does not say which part is still to be taken off. Of a unified account at Bitget, ccxt gives the equity as the total
 * and the debt besides. Of those at Gate and KuCoin, ccxt leaves out what derivatives won, lost and hold as margin.
 */
import type { UnifiedBalance } from "./ccxt.ts";

interface CoinRow {
  readonly coin: unknown;
  /** Empty or absent for an account that is not unified. */
  readonly equity: unknown;
}

/** By the exchange's names of the currencies. */
export function equitiesIn(exchange: string, { info }: UnifiedBalance): ReadonlyMap<string, string> {
  const equities = new Map<string, string>();
  for (const { coin, equity } of rowsIn(exchange, info))
    if (typeof coin === "string" && typeof equity === "string" && equity !== "") equities.set(coin, equity);
  return equities;
}

/** Exchanges of a family, such as `bybiteu`, have the same answers. */
function rowsIn(exchange: string, info: unknown): readonly CoinRow[] {
  if (exchange.startsWith("bitget")) return listOf(info).map(({ coin, equity }) => ({ coin, equity }));
  if (exchange.startsWith("bybit"))
    return listOf(memberOf(info, "result", "list"))
      .flatMap(({ coin }) => listOf(coin))
      .map(({ coin, equity }) => ({ coin, equity }));
  if (exchange.startsWith("gate"))
    return Object.entries(memberOf(info, "balances") ?? {}).map(([coin, row]) => ({
      coin,
      equity: memberOf(row, "equity"),
    }));
  if (!exchange.startsWith("kucoin")) return [];
  return listOf(memberOf(info, "data", "accounts"))
    .flatMap(({ currencies }) => listOf(currencies))
    .map(({ currency, equity }) => ({ coin: currency, equity }));
}

type Members = Readonly<Record<string, unknown>>;

function listOf(value: unknown): readonly Members[] {
  return Array.isArray(value) ? (value as readonly Members[]) : [];
}

/** undefined if a member on the way is missing. */
function memberOf(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, name) => (found as Members | null | undefined)?.[name], value);
}
