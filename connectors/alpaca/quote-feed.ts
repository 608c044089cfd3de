/**
 * Alpaca's streams of quotes. Source: "Real-time Stock Data" and "Real-time Crypto Data" in Alpaca's documentation.
 * The messages are lists, and their quotes have the members of the latest quote of the market data API. Pure.
 */
import type { QuoteFeed, QuoteStep } from "../quote-stream.ts";
import { quoteOf } from "./map.ts";
import type { Feed, VenueQuote } from "./wire.ts";

/** The free plan streams 30 symbols. */
const SYMBOLS_MAX = 30;

/** What Alpaca refuses an account by its plan, so that another attempt soon is refused, too. */
const REFUSALS: Readonly<Record<string, string>> = {
  402: "Alpaca refused the keys",
  405: "the account's plan streams fewer symbols",
  406: "the account's plan has one connection to market data, and another program uses it",
  409: "the account's plan has no stream of this feed; choose another feed in [connector.options]",
};

interface FeedMessage extends Partial<VenueQuote> {
  readonly T?: string;
  /** The symbol of a quote. */
  readonly S?: string;
  readonly msg?: string;
  readonly code?: string;
}

export interface FeedOptions {
  readonly origin: string;
  readonly source: Feed | "crypto";
  readonly key: string;
  readonly secret: string;
}

export function quoteFeed({ origin, source, key, secret }: FeedOptions): QuoteFeed {
  return {
    name: source === "crypto" ? "the stream of quotes of coins" : "the stream of quotes of stocks",
    url: `${origin}${source === "crypto" ? "/v1beta3/crypto/us" : `/v2/${source}`}`,
    symbolsMax: SYMBOLS_MAX,
    opening: () => [JSON.stringify({ action: "auth", key, secret })],
    change: ({ action, symbols }) => [JSON.stringify({ action, quotes: symbols })],
    read: (messages) => {
      if (!Array.isArray(messages)) throw new Error("it is no list");
      return (messages as readonly FeedMessage[]).map((message) => stepOf(message, source));
    },
  };
}

function stepOf(message: FeedMessage, source: Feed | "crypto"): QuoteStep {
  const { T: type, S: symbol, msg = "", code = "" } = message;
  if (type === "q" && symbol !== undefined)
    return { kind: "quote", quote: quoteOf(symbol, message as VenueQuote, source) };
  if (type === "success" && msg === "authenticated") return { kind: "ready" };
  if (type !== "error") return { kind: "other" };
  const refusal = REFUSALS[code];
  return refusal === undefined
    ? { kind: "failed", words: `Alpaca answered ${code}: ${msg}` }
    : { kind: "refused", words: `${refusal} (${code}: ${msg})` };
}
