/** Streamed quotes: the newest of a symbol wins, an old one is not used, and their number is bounded. */
import { expect, it } from "vitest";
import { LIMITS } from "../../../src/protocol/limits.ts";
import { QuoteCache } from "../../../src/trading/market/quote-cache.ts";
import { decimal, text } from "../../../src/domain/decimal.ts";

function quote(symbol: string, at: number, receivedMono = 0) {
  return { symbol, bid: text(decimal("1")), ask: text(decimal("2")), at, receivedMono };
}

it("a quote that the venue sent earlier does not replace a newer one", () => {
  const cache = new QuoteCache();
  cache.keep("v", quote("A", 5));
  cache.keep("v", quote("A", 4, 9));
  expect(cache.current("v", "A", 100)?.at).toBe(5);
  cache.keep("v", { ...quote("A", 4, 9), asOf: 6 });
  expect(cache.current("v", "A", 100)?.asOf).toBe(6);
});

it("a quote is current for a second, at its own connector, until the connector is forgotten", () => {
  const cache = new QuoteCache();
  cache.keep("v", quote("A", 5, 1_000));
  expect(cache.current("v", "A", 2_000)?.at).toBe(5);
  expect(cache.current("v", "A", 2_001)).toBeUndefined();
  expect(cache.current("w", "A", 1_000)).toBeUndefined();
  cache.forget("v");
  expect(cache.current("v", "A", 1_000)).toBeUndefined();
});

it("all quotes of a connector are listed, the newest arrival first", () => {
  const cache = new QuoteCache();
  for (const symbol of ["A", "B", "A"]) cache.keep("v", quote(symbol, 5));
  expect(cache.all("v").map(({ symbol }) => symbol)).toEqual(["A", "B"]);
  expect(cache.all("w")).toEqual([]);
});

it("a stream of endless symbols keeps a bounded number", () => {
  const cache = new QuoteCache();
  for (let i = 0; i < 3 * LIMITS.quoteSymbols; i++) cache.keep("v", quote(`S${i}`, 5));
  const kept = Array.from({ length: 3 * LIMITS.quoteSymbols }, (_, i) => cache.current("v", `S${i}`, 0));
  expect(kept.filter((found) => found !== undefined)).toHaveLength(LIMITS.quoteSymbols);
});
