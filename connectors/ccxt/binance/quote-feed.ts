/**
 * Binance's stream of 24-hour tickers, in which each message has the time and the members of the ticker that the quote
 * is asked from. The faster stream of best prices states no time. Source: binance-spot-api-docs, web-socket-streams.md.
 */
import type { QuoteFeed, QuoteStep } from "../../quote-stream.ts";
import { bodyOf, textIn } from "../fields.ts";
import { idOf, streamedQuoteOf } from "./map.ts";

/** More than a desk watches at a time; a connection has at most 1,024 streams. */
const SYMBOLS_MAX = 200;

export function quoteFeed(url: string): QuoteFeed {
  /** The desk's names of the streamed symbols, by Binance's. */
  const names = new Map<string, string>();
  let requests = 0;
  return {
    name: "the stream of quotes",
    url,
    symbolsMax: SYMBOLS_MAX,
    opening: () => [],
    change: ({ action, symbols }) => {
      for (const symbol of symbols)
        if (action === "subscribe") names.set(idOf(symbol), symbol);
        else names.delete(idOf(symbol));
      requests += 1;
      const params = symbols.map((symbol) => `${idOf(symbol).toLowerCase()}@ticker`);
      return [JSON.stringify({ method: action.toUpperCase(), params, id: requests })];
    },
    read: (message) => [stepOf(message, names)],
  };
}

function stepOf(message: unknown, names: ReadonlyMap<string, string>): QuoteStep {
  const body = bodyOf(message);
  const error = body["error"];
  if (error !== undefined) return { kind: "failed", words: `Binance answered ${textIn(bodyOf(error), "msg")}` };
  if (body["e"] !== "24hrTicker") return { kind: "other" };
  const symbol = names.get(textIn(body, "s"));
  return symbol === undefined ? { kind: "other" } : { kind: "quote", quote: streamedQuoteOf(symbol, body) };
}
