/**
 * Kraken's ticker of version 2, at each change of the best prices. Source: docs.kraken.com, "Ticker" of the spot
 * WebSocket. A message without a time is no quote: only its receipt would say when its prices were valid.
 */
import type { QuoteFeed, QuoteStep } from "../../quote-stream.ts";
import { bodyOf, listOf } from "../fields.ts";
import { streamedQuoteOf } from "./map.ts";

/** More than a desk watches at a time; Kraken names no limit. */
const SYMBOLS_MAX = 200;

export function quoteFeed(url: string): QuoteFeed {
  return {
    name: "the stream of quotes",
    url,
    symbolsMax: SYMBOLS_MAX,
    opening: () => [],
    change: ({ action, symbols: symbol }) => [
      JSON.stringify({ method: action, params: { channel: "ticker", symbol, event_trigger: "bbo", snapshot: false } }),
    ],
    read: stepsOf,
  };
}

/** A pair that Kraken does not stream is asked for. */
function stepsOf(message: unknown): readonly QuoteStep[] {
  const { channel, data } = bodyOf(message);
  if (channel !== "ticker") return [];
  return listOf(data).flatMap((ticker) => {
    const quote = streamedQuoteOf(ticker);
    return quote === undefined ? [] : [{ kind: "quote", quote }];
  });
}
