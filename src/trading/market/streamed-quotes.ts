/** The quotes that connectors stream, for the status: with their age, so that none looks newer than it is. */
import { ZERO } from "../../domain/decimal.ts";
import { instrumentKey } from "../../domain/orders/order.ts";
import { validAt } from "../../domain/market/quote.ts";
import type { StreamedQuoteView } from "../../domain/status-view.ts";
import { shownSymbol } from "../../domain/untrusted.ts";
import { iso } from "../../lib/time.ts";
import type { Desk } from "../desk.ts";
import { venueNow } from "./market-snapshot.ts";

/** In one status. A connector may stream thousands of symbols. */
const QUOTES_SHOWN_MAX = 50;

export function streamedQuotes(
  desk: Pick<Desk, "clock" | "config" | "market" | "state" | "venues">,
): readonly StreamedQuoteView[] {
  const { market, state } = desk;
  const wanted = new Set<string>(
    [...state.inFlight.values()].map(({ terms }) => instrumentKey(terms.connector, terms.symbol)),
  );
  for (const [key, { quantity }] of state.positions) if (!quantity.eq(ZERO)) wanted.add(key);
  const all = desk.config.connectors
    .filter(({ enabled }) => enabled)
    .flatMap(({ name }) => market.quotes.all(name).map((quote) => ({ connector: name, quote })));
  const isWanted = ({ connector, quote }: (typeof all)[number]): boolean =>
    wanted.has(instrumentKey(connector, quote.symbol));
  const shown = [...all.filter(isWanted), ...all.filter((each) => !isWanted(each))].slice(0, QUOTES_SHOWN_MAX);
  return shown.map(({ connector, quote }) => ({
    connector,
    symbol: shownSymbol(quote.symbol),
    bid: quote.bid,
    ask: quote.ask,
    last: quote.last ?? null,
    at: iso(quote.at),
    ageSeconds: Math.max(0, Math.round((venueNow(desk, connector) - validAt(quote)) / 1000)),
  }));
}
