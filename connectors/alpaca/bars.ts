/** Bars of Alpaca, in pages. */
import type { Bar } from "@qoc-app/sdk";
import { barOf, isCrypto, timeframeOf } from "./map.ts";
import type { Feed, VenueBar } from "./wire.ts";

const PAGE = 10_000;
const PAGES_MAX = 10;

export interface BarsQuery {
  readonly resolution: string;
  readonly from?: number;
  readonly to?: number;
}

export interface BarsPage {
  readonly bars?: readonly VenueBar[] | Readonly<Record<string, readonly VenueBar[]>> | null;
  readonly next_page_token?: string | null;
}

/** Prices of stocks are adjusted for splits, so that a split is no fall. */
export async function readBars(
  read: (path: string) => Promise<BarsPage>,
  { symbol, feed, resolution, from, to }: BarsQuery & { readonly symbol: string; readonly feed: Feed },
): Promise<Bar[]> {
  const query = new URLSearchParams({ timeframe: timeframeOf(resolution), limit: String(PAGE) });
  if (from !== undefined) query.set("start", new Date(from).toISOString());
  if (to !== undefined) query.set("end", new Date(to).toISOString());
  if (isCrypto(symbol)) query.set("symbols", symbol);
  else {
    query.set("feed", feed === "iex" ? "iex" : "sip");
    query.set("adjustment", "split");
  }
  const base = isCrypto(symbol) ? "/v1beta3/crypto/us/bars" : `/v2/stocks/${encodeURIComponent(symbol)}/bars`;
  const bars: Bar[] = [];
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await read(`${base}?${query}`);
    bars.push(...barsOf(answer, symbol).map((bar) => barOf(symbol, bar)));
    if (answer.next_page_token === null || answer.next_page_token === undefined) return bars;
    query.set("page_token", answer.next_page_token);
  }
  throw new Error(`Alpaca has more than ${PAGE * PAGES_MAX} bars of ${symbol} there: ask for a shorter time`);
}

/** The bars of stocks are a list, those of coins a list for each symbol. */
function barsOf({ bars }: BarsPage, symbol: string): readonly VenueBar[] {
  if (bars === undefined || bars === null) return [];
  return "length" in bars ? (bars as readonly VenueBar[]) : (bars[symbol] ?? []);
}
