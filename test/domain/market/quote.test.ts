/** What is said beside a price, so that a person knows how far it can be trusted. */
import { expect, it } from "vitest";
import { isDelayed, quoteWords } from "../../../src/domain/market/quote.ts";
import type { VenueQuote } from "../../../src/domain/market/venue.ts";
import { quoteSchema } from "../../../src/protocol/schemas.ts";

function quote(more: object): VenueQuote {
  return quoteSchema.parse({ symbol: "A", bid: "1", ask: "2", timestamp: 1_700_000_000_000, ...more });
}

it.each<[object, string | undefined]>([
  [{}, undefined],
  [{ delayedMs: 0, coverage: "full", timeSource: "venue" }, undefined],
  [{ feed: "sip", delayedMs: 900_000 }, "feed sip; 900 s late"],
  [{ coverage: "partial", timeSource: "received" }, "of a part of the market; the time is that of the receipt"],
])("of %j the words are %s", (more, words) => {
  expect(quoteWords(quote(more))).toBe(words);
});

it("a feed is late if it says so, and a negative delay is refused", () => {
  expect([isDelayed(quote({})), isDelayed(quote({ delayedMs: 1 }))]).toEqual([false, true]);
  expect(() => quote({ delayedMs: -1 })).toThrow();
});
