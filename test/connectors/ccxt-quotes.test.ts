/** The messages of the exchanges' streams of quotes: Binance, Coinbase and Kraken. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { quoteFeed as binanceFeed } from "../../connectors/ccxt/binance/quote-feed.ts";
import { quoteFeed as coinbaseFeed } from "../../connectors/ccxt/coinbase/quote-feed.ts";
import { quoteFeed as krakenFeed } from "../../connectors/ccxt/kraken/quote-feed.ts";
import { parseJson } from "../../connectors/exact-json.ts";
import type { QuoteFeed, QuoteStep } from "../../connectors/quote-stream.ts";

const SYMBOLS = ["BTC/USDT", "ETH/USD"];

function subscribed(open: (url: string) => QuoteFeed): { readonly feed: QuoteFeed; readonly sent: readonly unknown[] } {
  const feed = open("wss://venue");
  const messages = [...feed.opening(), ...feed.change({ action: "subscribe", symbols: SYMBOLS })];
  return { feed, sent: messages.map((message) => JSON.parse(message) as unknown) };
}

const read = (feed: QuoteFeed, text: string): readonly QuoteStep[] => feed.read(parseJson(text));

// From the exchanges' documents.
const BINANCE =
  '{"e":"24hrTicker","E":1672515782136,"s":"BTCUSDT","p":"0.0015","P":"250.00","w":"0.0018","x":"0.0009",' +
  '"c":"0.0025","Q":"10","b":"0.0024","B":"10","a":"0.0026","A":"100","o":"0.0010","h":"0.0025","l":"0.0010",' +
  '"v":"10000","q":"18","O":0,"C":86400000,"F":0,"L":18150,"n":18151}';
const COINBASE =
  '{"channel":"ticker","client_id":"","timestamp":"2023-02-09T20:30:37.167359596Z","sequence_num":0,"events":[{"type":' +
  '"snapshot","tickers":[{"type":"ticker","product_id":"ETH-USD","price":"21932.98","volume_24_h":"16038.28770938",' +
  '"best_bid":"21931.98","best_bid_quantity":"8000.21","best_ask":"21933.98","best_ask_quantity":"8038.07770938"}]}]}';
const KRAKEN =
  '{"channel":"ticker","type":"update","data":[{"symbol":"ETH/USD","bid":0.10025,"bid_qty":740.0,"ask":0.10036,' +
  '"ask_qty":1361.44813783,"last":0.10035,"volume":997038.98383185,"vwap":0.10148,"low":0.09979,"high":0.10285,' +
  '"change":-0.00017,"change_pct":-0.17,"timestamp":"2026-08-25T00:00:00.123456Z"}]}';

const QUOTES = {
  binance: {
    open: binanceFeed,
    text: BINANCE,
    quote: {
      ...{ symbol: "BTC/USDT", bid: "0.0024", ask: "0.0026", bidSize: "10", askSize: "100", last: "0.0025" },
      timestamp: 1_672_515_782_136,
    },
  },
  coinbase: {
    open: coinbaseFeed,
    text: COINBASE,
    quote: {
      ...{ symbol: "ETH/USD", bid: "21931.98", ask: "21933.98", bidSize: "8000.21", askSize: "8038.07770938" },
      ...{ last: "21932.98", timestamp: Date.parse("2023-02-09T20:30:37.167Z") },
    },
  },
  kraken: {
    open: krakenFeed,
    text: KRAKEN,
    quote: {
      ...{ symbol: "ETH/USD", bid: "0.10025", ask: "0.10036", bidSize: "740.0", askSize: "1361.44813783" },
      ...{ last: "0.10035", timestamp: Date.parse("2026-08-25T00:00:00.123Z") },
    },
  },
} as const;
const EXCHANGES = ["binance", "coinbase", "kraken"] as const;

it.each(EXCHANGES)("the documented message of %s is a quote with each digit and the exchange's time", (name) => {
  const { open, text, quote } = QUOTES[name];
  expect(read(subscribed(open).feed, text)).toEqual([{ kind: "quote", quote }]);
});

it("symbols are subscribed to and dropped under the exchange's names", () => {
  const { feed, sent } = subscribed(binanceFeed);
  expect(sent).toEqual([{ method: "SUBSCRIBE", params: ["btcusdt@ticker", "ethusd@ticker"], id: 1 }]);
  const [dropped = ""] = feed.change({ action: "unsubscribe", symbols: ["BTC/USDT"] });
  expect(JSON.parse(dropped)).toEqual({ method: "UNSUBSCRIBE", params: ["btcusdt@ticker"], id: 2 });
  expect(read(feed, BINANCE)).toEqual([{ kind: "other" }]);
  expect(subscribed(coinbaseFeed).sent).toEqual([
    { type: "subscribe", channel: "heartbeats" },
    { type: "subscribe", channel: "ticker", product_ids: ["BTC-USDT", "ETH-USD"] },
  ]);
  const params = { channel: "ticker", symbol: SYMBOLS, event_trigger: "bbo", snapshot: false };
  expect(subscribed(krakenFeed).sent).toEqual([{ method: "subscribe", params }]);
});

it.each<[keyof typeof QUOTES, string, readonly QuoteStep[]]>([
  ["binance", '{"result":null,"id":1}', [{ kind: "other" }]],
  ["binance", '{"e":"serverShutdown","E":1770123456789}', [{ kind: "other" }]],
  [
    "binance",
    '{"error":{"code":2,"msg":"Invalid request"}}',
    [{ kind: "failed", words: "Binance answered Invalid request" }],
  ],
  ["coinbase", '{"channel":"subscriptions","events":[]}', [{ kind: "ready" }]],
  ["coinbase", '{"channel":"heartbeats","events":[{"heartbeat_counter":3049}]}', []],
  ["coinbase", '{"type":"error","message":"rate limit"}', [{ kind: "failed", words: "Coinbase answered rate limit" }]],
  ["kraken", '{"channel":"heartbeat"}', []],
  ["kraken", '{"error":"Currency pair not supported X/Y","method":"subscribe","success":false,"symbol":"X/Y"}', []],
  ["kraken", KRAKEN.replace(/,"timestamp":"[^"]*"/, ""), []],
])("of %s, %s is no quote", (name, text, steps) => {
  expect(read(subscribed(QUOTES[name].open).feed, text)).toEqual(steps);
});

it("a side without a price is 0, as in the book that Coinbase is asked for", () => {
  const text = COINBASE.replace(
    '"best_bid":"21931.98","best_bid_quantity":"8000.21"',
    '"best_bid":"","best_bid_quantity":""',
  );
  expect(read(subscribed(coinbaseFeed).feed, text)).toMatchObject([{ quote: { bid: "0", ask: "21933.98" } }]);
});

it("each digit of a price is kept", () => {
  const price = fc
    .tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.stringMatching(/^\d{1,18}$/))
    .map(([units, decimals]) => `${units}.${decimals}`);
  const feeds = EXCHANGES.map((name) => ({ ...QUOTES[name], feed: subscribed(QUOTES[name].open).feed }));
  fc.assert(
    fc.property(price, price, (bid, ask) => {
      for (const { feed, text, quote } of feeds) {
        // The bid comes first in each message.
        const changed = text.replace(quote.ask, ask).replace(quote.bid, bid);
        expect(read(feed, changed)).toMatchObject([{ quote: { bid, ask } }]);
      }
    }),
  );
});
