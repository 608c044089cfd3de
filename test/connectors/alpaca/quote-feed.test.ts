/** The messages of Alpaca's streams of quotes. */
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { quoteOf } from "../../../connectors/alpaca/map.ts";
import { quoteFeed } from "../../../connectors/alpaca/quote-feed.ts";
import { parseJson } from "../../../connectors/exact-json.ts";
import type { QuoteStep } from "../../../connectors/quote-stream.ts";

const KEYS = { origin: "wss://stream.data.alpaca.markets", key: "k", secret: "s" };
const STOCKS = quoteFeed({ ...KEYS, source: "iex" });
const AT = "2026-02-22T15:51:45.335689322Z";

function read(text: string, feed = STOCKS): readonly QuoteStep[] {
  return feed.read(parseJson(text));
}

it("the keys go to the address of the feed, and quotes alone are subscribed to", () => {
  expect(STOCKS.url).toBe("wss://stream.data.alpaca.markets/v2/iex");
  expect(quoteFeed({ ...KEYS, source: "crypto" }).url).toBe("wss://stream.data.alpaca.markets/v1beta3/crypto/us");
  expect(STOCKS.opening()).toEqual(['{"action":"auth","key":"k","secret":"s"}']);
  expect(STOCKS.change({ action: "subscribe", symbols: ["A", "B"] })).toEqual([
    '{"action":"subscribe","quotes":["A","B"]}',
  ]);
});

it.each<[string, string, QuoteStep]>([
  ["the greeting", '[{"T":"success","msg":"connected"}]', { kind: "other" }],
  ["the accepted keys", '[{"T":"success","msg":"authenticated"}]', { kind: "ready" }],
  ["the confirmed symbols", '[{"T":"subscription","trades":[],"quotes":["A"],"bars":[]}]', { kind: "other" }],
  ["a trade", `[{"T":"t","S":"A","p":1.5,"s":1,"t":"${AT}"}]`, { kind: "other" }],
])("%s is read", (_name, text, step) => {
  expect(read(text)).toEqual([step]);
});

it.each([
  [402, "auth failed", "refused", "Alpaca refused the keys (402: auth failed)"],
  [405, "symbol limit exceeded", "refused", "streams fewer symbols (405"],
  [406, "connection limit exceeded", "refused", "one connection to market data, and another program uses it (406"],
  [409, "insufficient subscription", "refused", "no stream of this feed; choose another feed"],
  [404, "auth timeout", "failed", "Alpaca answered 404: auth timeout"],
  [407, "slow client", "failed", "Alpaca answered 407: slow client"],
  [500, "internal error", "failed", "Alpaca answered 500: internal error"],
])("error %i (%s) is %s", (code, msg, kind, words) => {
  expect(read(JSON.stringify([{ T: "error", code, msg }]))).toEqual([
    { kind, words: expect.stringContaining(words) as string },
  ]);
});

it.each(["iex", "sip", "delayed_sip", "crypto"] as const)(
  "a quote of %s is the quote that getQuote returns",
  (source) => {
    const prices = `"bp":87.66,"bs":1,"ap":87.67,"as":0,"t":"${AT}"`;
    const [step] = read(
      `[{"T":"q","S":"AMD","bx":"U","ax":"X",${prices},"c":["R"],"z":"B"}]`,
      quoteFeed({ ...KEYS, source }),
    );
    const asked = quoteOf("AMD", parseJson(`{${prices}}`) as Parameters<typeof quoteOf>[1], source);
    expect(step).toEqual({ kind: "quote", quote: asked });
  },
);

it("a quote without a time or a side is an error, and no quote", () => {
  expect(() => read('[{"T":"q","S":"A","bp":1,"ap":2}]')).toThrow("as a time");
  expect(() => read(`[{"T":"q","S":"A","bp":1,"t":"${AT}"}]`)).toThrow("no ap");
  expect(() => read('{"T":"q"}')).toThrow("no list");
});

it("each digit of a price is kept", () => {
  const price = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.stringMatching(/^\d{1,18}$/));
  fc.assert(
    fc.property(price, price, ([bid, bidDecimals], [ask, askDecimals]) => {
      const [bp, ap] = [`${bid}.${bidDecimals}`, `${ask}.${askDecimals}`];
      const [step] = read(`[{"T":"q","S":"A","bp":${bp},"bs":1,"ap":${ap},"as":1,"t":"${AT}"}]`);
      expect(step).toMatchObject({ kind: "quote", quote: { symbol: "A", bid: bp, ask: ap } });
    }),
  );
});
