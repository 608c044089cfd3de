/** The case of a streamed quote: it is the venue's, and nothing is emitted of what the stream did not say. */
import type { FakeQuote } from "../../domain/sdk-kit.ts";
import { decimal } from "../../domain/decimal.ts";
import type { VenueQuote } from "../../domain/market/venue.ts";
import { assert, skip } from "../assert.ts";
import type { ConformanceHarness } from "../harness.ts";
import { fetchQuote, priceAt } from "../order-terms.ts";
import { FakeVenue } from "../venue/fake-venue.ts";
import { requireStreamedQuotes } from "../venue/kit-venue.ts";
import type { QuoteStreams } from "../venue/quote-streams.ts";

const PUSH_MS = 2_000;
/** Longer than an adapter's pause before it opens a stream of quotes again. */
const REOPEN_MS = 20_000;
/** More digits than a JavaScript number holds. */
const LONG_QUOTE = { bid: "49.123456789012345", ask: "49.2", last: "49.15" };

export async function assertStreamedQuote(harness: ConformanceHarness): Promise<void> {
  const { venue } = harness;
  if (venue instanceof FakeVenue && venue.quoteStreams !== undefined)
    return assertSubscription(harness, venue, venue.quoteStreams);
  const quote = await streamQuote(harness);
  const emitted = await emittedQuote(harness, quote);
  if (emitted === undefined)
    return skip("no streamed quote arrived: the adapter emits none, or the venue streams none");
  assertEqual(harness, emitted, quote);
}

interface SentQuote extends Omit<FakeQuote, "bid" | "ask" | "time"> {
  readonly bid: string;
  readonly ask: string;
  readonly time?: number | undefined;
}

/** The venue of the kit streams a price with many digits; another venue streams what its quote was set to. */
async function streamQuote(harness: ConformanceHarness): Promise<SentQuote> {
  const { venue, settings } = harness;
  if (venue instanceof FakeVenue) {
    requireStreamedQuotes(harness);
    const quote = { ...LONG_QUOTE, time: venue.now - 1_234 };
    venue.push(JSON.stringify({ type: "quote", symbol: settings.symbol, ...quote }));
    return quote;
  }
  const { bid, ask } = await fetchQuote(harness);
  const quote = { bid: priceAt(harness, bid, 97), ask: priceAt(harness, ask, 97), last: priceAt(harness, ask, 97) };
  const time = await venue.setQuote(settings.symbol, quote);
  return { ...quote, time: time ?? undefined };
}

/** The emitted quote with these prices, else the last one. */
async function emittedQuote(harness: ConformanceHarness, quote: SentQuote): Promise<VenueQuote | undefined> {
  const isNew = (each: VenueQuote): boolean => hasPrices(each, quote);
  return (
    (await harness.waitFor(() => harness.quotes.findLast(isNew), "no quote", PUSH_MS).catch(() => undefined)) ??
    harness.quotes.at(-1)
  );
}

function hasPrices({ bid, ask }: VenueQuote, quote: SentQuote): boolean {
  return decimal(bid).eq(decimal(quote.bid)) && decimal(ask).eq(decimal(quote.ask));
}

function assertEqual({ settings }: ConformanceHarness, emitted: VenueQuote, quote: SentQuote): void {
  const { symbol, bid, ask, last = quote.last, at } = emitted;
  const { time = at } = quote;
  assert(
    symbol === settings.symbol && hasPrices(emitted, quote) && decimal(last).eq(decimal(quote.last)) && at === time,
    `the venue streamed ${settings.symbol} at ${quote.bid}/${quote.ask} of the time ${time}, and the adapter emitted ` +
      `${symbol} at ${bid}/${ask} of ${at}: pass each digit and the venue's time on`,
  );
}

/**
 * A stream of quotes of the wire format: it begins with the first question, and comes back after a cut. Then a frame
 * comes twice, another one is lost, and the stream goes half-open.
 */
async function assertSubscription(harness: ConformanceHarness, venue: FakeVenue, streams: QuoteStreams): Promise<void> {
  const { symbol } = harness.settings;
  const isSubscribed = (): boolean => streams.isSubscribed(symbol);
  await fetchQuote(harness);
  await harness.waitFor(isSubscribed, "-", PUSH_MS).catch(() => skip("the adapter subscribes to no quotes"));
  const first = await stream(LONG_QUOTE);
  const before = harness.quotes.length;
  streams.drop();
  await harness.waitFor(isSubscribed, "the stream of quotes was cut, and the adapter opened no other", REOPEN_MS);
  await stream({ bid: "48.5", ask: "48.75", last: "48.6" });
  assert(
    harness.quotes.length === before + 1,
    `the stream was cut and came back with one quote, and the adapter emitted ${harness.quotes.length - before}`,
  );
  await venue.setQuote(symbol, first);
  await stream({ bid: "48.25", ask: "48.5", last: "48.3" });
  assert(
    harness.quotes.filter((quote) => hasPrices(quote, first)).every(({ at }) => at === first.time),
    "the venue sent a quote again, and the adapter gave it another time: it would pass for a newer one",
  );
  streams.loseNext();
  await assertAsked({ bid: "48", ask: "48.1", last: "48.05" }, "a frame of the stream was lost");
  const after = await stream({ bid: "47.5", ask: "47.75", last: "47.6" });
  const recover = streams.halfOpen();
  await assertAsked({ bid: "47", ask: "47.1", last: "47.05" }, "the stream of quotes went half-open");
  assert(
    harness.quotes.filter((quote) => hasPrices(quote, after)).every(({ at }) => at === after.time),
    "the stream of quotes went half-open, and the adapter gave its last quote another time: it would pass for fresh",
  );
  recover();
  await harness.call("disconnect");
  await harness.waitFor(() => streams.size === 0, "after disconnect the stream of quotes is open: close it");

  /** The stream does not say it, and so a question has to. */
  async function assertAsked(prices: Omit<SentQuote, "time">, what: string): Promise<void> {
    await venue.setQuote(symbol, { ...prices, time: venue.now - 1_234 });
    const { bid, ask } = await fetchQuote(harness);
    assert(
      decimal(bid).eq(decimal(prices.bid)) && decimal(ask).eq(decimal(prices.ask)),
      `${what}, the venue is at ${prices.bid}/${prices.ask}, and getQuote returned ${bid}/${ask}: it asks the venue`,
    );
  }

  async function stream(prices: Omit<SentQuote, "time">): Promise<SentQuote & { readonly time: number }> {
    const quote = { ...prices, time: venue.now - 1_234 };
    await venue.setQuote(symbol, quote);
    const emitted = await emittedQuote(harness, quote);
    assert(emitted !== undefined, `the venue streamed a quote of ${symbol}, and the adapter emitted none`);
    assertEqual(harness, emitted, quote);
    return quote;
  }
}
