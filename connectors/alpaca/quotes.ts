/** Quotes of Alpaca: asked for one by one, and streamed for the symbols that were asked for. */
import type { ConnectorContext, Quote } from "@qoc-app/sdk";
import { QuoteStream } from "../quote-stream.ts";
import { isCrypto, quoteOf } from "./map.ts";
import { quoteFeed } from "./quote-feed.ts";
import type { AlpacaClient, Feed, Settings, VenueQuote } from "./wire.ts";

export class AlpacaQuotes {
  readonly #client: AlpacaClient;
  readonly #feed: Feed;
  readonly #stocks: QuoteStream;
  /** Alpaca streams coins at another address. */
  readonly #coins: QuoteStream;

  constructor(client: AlpacaClient, { feed, quotes: origin }: Settings, ctx: ConnectorContext) {
    this.#client = client;
    this.#feed = feed;
    const open = (source: Feed | "crypto"): QuoteStream =>
      new QuoteStream(quoteFeed({ origin, source, key: ctx.secret("api_key"), secret: ctx.secret("api_secret") }), {
        emit: (quote) => ctx.emitQuote(quote),
        warn: (message) => ctx.logger.warn(message),
      });
    this.#stocks = open(feed);
    this.#coins = open("crypto");
  }

  /** @throws Error if Alpaca has no quote of the symbol. */
  async get(symbol: string): Promise<Quote> {
    const [quote, source, stream] = isCrypto(symbol)
      ? ([await this.#findCoin(symbol), "crypto", this.#coins] as const)
      : ([await this.#findStock(symbol), this.#feed, this.#stocks] as const);
    if (quote === undefined || quote === null) throw new Error(`Alpaca has no quote of ${symbol}`);
    const mapped = quoteOf(symbol, quote, source);
    stream.want(symbol);
    return mapped;
  }

  async #findCoin(symbol: string): Promise<VenueQuote | undefined> {
    const path = `/v1beta3/crypto/us/latest/quotes?symbols=${encodeURIComponent(symbol)}`;
    return (await this.#client.find<{ quotes?: Record<string, VenueQuote> }>(path, "data"))?.quotes?.[symbol];
  }

  async #findStock(symbol: string): Promise<VenueQuote | null | undefined> {
    const path = `/v2/stocks/${encodeURIComponent(symbol)}/quotes/latest?feed=${this.#feed}`;
    return (await this.#client.find<{ quote?: VenueQuote | null }>(path, "data"))?.quote;
  }

  close(): void {
    this.#stocks.close();
    this.#coins.close();
  }
}
