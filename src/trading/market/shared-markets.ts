/** One request of the market data of an instrument for many proposals of it. */
import { type OrderTerms, instrumentKey } from "../../domain/orders/order.ts";
import type { Desk } from "../desk.ts";
import { type MarketSnapshot, fetchMarketSnapshot } from "./market-snapshot.ts";

export type MarketOf = (terms: Pick<OrderTerms, "connector" | "symbol">) => Promise<MarketSnapshot>;

/** A scan of many files may last longer. */
const AGE_MAX_MS = 2_000;

export function sharedMarkets(desk: Desk): MarketOf {
  const markets = new Map<string, { readonly market: Promise<MarketSnapshot>; readonly mono: number }>();
  return ({ connector, symbol }) => {
    const key = instrumentKey(connector, symbol);
    const mono = desk.clock.monotonic();
    const known = markets.get(key);
    if (known !== undefined && mono - known.mono < AGE_MAX_MS) return known.market;
    const market = fetchMarketSnapshot(desk, connector, symbol);
    markets.set(key, { market, mono });
    return market;
  };
}
