/**
 * Coinbase's channel `ticker`, which has the best prices at each trade. Source: docs.cdp.coinbase.com, "Advanced Trade
 * WebSocket Channels". Its messages name pairs against USDC as those against USD: such a pair is asked for.
 */
import type { QuoteFeed, QuoteStep } from "../../quote-stream.ts";
import { bodyOf, listOf, textIn } from "../fields.ts";
import { idOf, streamedQuoteOf } from "./map.ts";

/** More than a desk watches at a time; Coinbase names no limit. */
const SYMBOLS_MAX = 200;

export function quoteFeed(url: string): QuoteFeed {
  return {
    name: "the stream of quotes",
    url,
    symbolsMax: SYMBOLS_MAX,
    // Without heartbeats Coinbase ends a connection whose symbols do not trade for a minute.
    opening: () => [JSON.stringify({ type: "subscribe", channel: "heartbeats" })],
    change: ({ action: type, symbols }) => [
      JSON.stringify({ type, product_ids: symbols.map((symbol) => idOf(symbol)), channel: "ticker" }),
    ],
    read: stepsOf,
  };
}

function stepsOf(message: unknown): readonly QuoteStep[] {
  const body = bodyOf(message);
  if (body["type"] === "error") return [{ kind: "failed", words: `Coinbase answered ${textIn(body, "message")}` }];
  if (body["channel"] === "subscriptions") return [{ kind: "ready" }];
  if (body["channel"] !== "ticker") return [];
  return listOf(body["events"])
    .flatMap(({ tickers }) => listOf(tickers))
    .map((ticker) => ({ kind: "quote", quote: streamedQuoteOf(ticker, body) }));
}
