/** Quote and instrument cases: the market data that orders are checked against before they are sent. */
import { quoteSchema } from "../../protocol/schemas.ts";
import { ZERO, decimal } from "../../domain/decimal.ts";
import type { VenueQuote } from "../../domain/market/venue.ts";
import { assert, fail, leaveOut, leaveUntried, skip } from "../assert.ts";
import type { TestCase } from "../test-case.ts";
import type { ConformanceHarness } from "../harness.ts";
import { otherSymbol, priceAt, simulatesTime } from "../order-terms.ts";
import { readUntil } from "../read-money.ts";

/** Maximum difference between a quote's time and the venue's clock. */
const QUOTE_AGE_MAX_MS = 60_000;
const CONCURRENT_QUOTES = 20;
const EXACT = { bid: "123456789.0123456789", ask: "123456789.0123456791", last: "123456789.012345679" };

/** Returns the parsed quote; fails the case if getQuote throws or returns something else. */
async function fetchQuote(harness: ConformanceHarness, symbol: string): Promise<VenueQuote> {
  const response = await harness.call("getQuote", symbol);
  if (!response.ok)
    return fail(`getQuote(${JSON.stringify(symbol)}) threw: ${response.message}${hintFor(response.message)}`);
  const parsed = quoteSchema.safeParse(response.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const value = JSON.stringify(response.value)?.slice(0, 200);
  return fail(
    `getQuote(${JSON.stringify(symbol)}) returned ${value}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}

/** A hint for adapters with a hard-coded venue address. */
function hintFor(message: string): string {
  return message.includes("is not among hosts")
    ? "; during a test only this machine can be reached: take the address from ctx.options"
    : "";
}

function listedBy({ kit }: ConformanceHarness): readonly string[] {
  return kit.traits.symbols;
}

function venueQuote(harness: ConformanceHarness, symbol: string): { readonly bid: string; readonly ask: string } {
  const { bid, ask } = harness.kit.state.quotes.get(symbol) ?? {};
  return bid === undefined || bid === null || ask === undefined || ask === null
    ? leaveUntried(
        `the kit's venue lists ${listedBy(harness).slice(0, 2).join(", ")} and others: set symbol to one of them`,
      )
    : { bid, ask };
}

function same(a: string, b: string): boolean {
  return decimal(a).eq(decimal(b));
}

async function assertConcurrentQuotes(harness: ConformanceHarness): Promise<void> {
  const { symbol: own } = harness.settings;
  let expected: readonly (readonly [symbol: string, bid: string])[];
  if (harness.level === "kit") {
    const symbols = listedBy(harness).slice(0, CONCURRENT_QUOTES);
    expected = symbols.map((symbol) => [symbol, venueQuote(harness, symbol).bid]);
  } else {
    const other = otherSymbol(harness);
    await harness.venue.setQuote(own, { bid: "100.5", ask: "101.5", last: "101" });
    await harness.venue.setQuote(other, { bid: "12.5", ask: "12.7", last: "12.6" });
    for (const symbol of [own, other]) await fetchQuote(harness, symbol);
    expected = Array.from({ length: CONCURRENT_QUOTES }, (_, index) =>
      index % 2 === 0 ? [own, "100.5"] : [other, "12.5"],
    );
  }
  const find = async (): Promise<string | undefined> => {
    const quotes = await Promise.all(expected.map(([symbol]) => fetchQuote(harness, symbol)));
    const wrong = expected.findIndex(([symbol, bid], index) => {
      const quote = quotes[index];
      return quote?.symbol !== symbol || !same(quote.bid, bid);
    });
    const [symbol, bid] = expected[wrong] ?? [];
    return symbol === undefined
      ? undefined
      : `of ${expected.length} concurrent quotes, the one for ${symbol} at ${bid} was returned as ` +
          `${quotes[wrong]?.symbol} at ${quotes[wrong]?.bid}`;
  };
  const wrong = await readUntil(harness, find, (problem) => problem === undefined);
  assert(wrong === undefined, `${wrong}: request the quote of its symbol, and keep the state of no call in a field`);
}

const BELOW_ZERO = { bid: "-5.25", ask: "-5.15", last: "-5.20" };

/** Power, oil and spreads trade below zero. An adapter may refuse such a quote; another price would be traded on. */
async function assertNegativePrices(harness: ConformanceHarness): Promise<void> {
  if (harness.level !== "kit") leaveOut("a venue of an author may have no prices below zero");
  const { symbol } = harness.settings;
  await harness.venue.setQuote(symbol, BELOW_ZERO);
  const response = await harness.call("getQuote", symbol);
  if (!response.ok) return;
  const { bid, ask } = await fetchQuote(harness, symbol);
  assert(
    same(bid, BELOW_ZERO.bid) && same(ask, BELOW_ZERO.ask),
    `the venue's quote is ${BELOW_ZERO.bid} to ${BELOW_ZERO.ask}, but getQuote returned ${bid} to ${ask}: pass prices ` +
      `below zero on, or throw`,
  );
}

export const QUOTE_CASES: readonly TestCase[] = [
  {
    id: "C157",
    group: "quotes",
    title: "prices below zero are not changed",
    proves: "a quote of a spread, of oil or of power is the venue's",
    needs: { venue: "hooked" },
    run: assertNegativePrices,
  },
  {
    id: "C11",
    group: "quotes",
    title: "a quote has the required fields",
    proves: "symbol, bid, ask and timestamp are present and valid",
    run: async (harness) => {
      const { symbol } = harness.settings;
      const quote = await fetchQuote(harness, symbol);
      assert(
        quote.symbol === symbol,
        `getQuote(${symbol}) returned a quote for ${quote.symbol}: return the requested symbol`,
      );
    },
  },
  {
    id: "C12",
    group: "quotes",
    title: "bid and ask are plausible prices",
    proves: "0 < bid <= ask: no placeholder, and the sides are not swapped",
    run: async (harness) => {
      const { bid, ask } = await fetchQuote(harness, harness.settings.symbol);
      assert(
        decimal(bid).gt(ZERO) && decimal(ask).gt(ZERO),
        `the bid is ${bid} and the ask ${ask}: a price of 0 looks like a placeholder`,
      );
      assert(
        decimal(bid).lte(decimal(ask)),
        `the bid ${bid} is above the ask ${ask} in a quiet market: are the sides swapped?`,
      );
    },
  },
  {
    id: "C13",
    group: "quotes",
    title: "a quote has the venue's timestamp",
    proves: "the desk can detect stale quotes",
    run: async (harness) => {
      if (simulatesTime(harness)) skip("the adapter declares simulatedTime, so its clock differs from real time");
      const { at } = await fetchQuote(harness, harness.settings.symbol);
      const differenceMs = Math.abs(harness.venue.now - at);
      assert(
        differenceMs <= QUOTE_AGE_MAX_MS,
        `timestamp is ${at}, which is ${Math.round(differenceMs / 1000)} s from the venue's clock: ` +
          `return milliseconds since 1970, ` +
          `or an ISO string with its offset`,
      );
    },
  },
  {
    id: "C14",
    group: "quotes",
    title: "a quote has the venue's current prices",
    proves: "quotes are neither placeholders nor cached",
    needs: { venue: "hooked" },
    run: async (harness) => {
      const { symbol } = harness.settings;
      if (harness.level === "kit") {
        const before = venueQuote(harness, symbol);
        const first = await fetchQuote(harness, symbol);
        assert(same(first.bid, before.bid), `the venue's bid was ${before.bid}, but getQuote returned ${first.bid}`);
        assert(same(first.ask, before.ask), `the venue's ask was ${before.ask}, but getQuote returned ${first.ask}`);
      }
      // Twice, so that the prices differ from those of the venue's start.
      for (const percent of [97, 94]) {
        const { bid, ask } = await fetchQuote(harness, symbol);
        const [newBid, newAsk] = [priceAt(harness, bid, percent), priceAt(harness, ask, percent)];
        const newLast = percent === 97 ? newAsk : newBid;
        await harness.venue.setQuote(symbol, { bid: newBid, ask: newAsk, last: newLast });
        // An adapter that serves quotes from a stream has them a moment later.
        const second = await readUntil(
          harness,
          () => fetchQuote(harness, symbol),
          (quote) => same(quote.bid, newBid),
        );
        assert(
          same(second.bid, newBid) && same(second.ask, newAsk),
          `the venue's prices changed to ${newBid}/${newAsk}, but getQuote returned ${second.bid}/${second.ask}: ` +
            `request the quote each time`,
        );
        assert(
          second.last === undefined || same(second.last, newLast),
          `the venue's last price is ${newLast}, but getQuote returned ${second.last}: return the last trade's price`,
        );
      }
    },
  },
  {
    id: "C15",
    group: "quotes",
    title: "an unknown symbol is an error",
    proves: "the adapter never invents a quote",
    run: async (harness) => {
      const { unknownSymbol } = harness.settings;
      const response = await harness.call("getQuote", unknownSymbol);
      if (response.ok)
        fail(
          `getQuote(${JSON.stringify(unknownSymbol)}) returned ${JSON.stringify(response.value)?.slice(0, 120)}: ` +
            `throw if the venue does not list the symbol`,
        );
    },
  },
  {
    id: "C16",
    group: "quotes",
    title: "twenty concurrent quotes each have their own symbol",
    proves: "concurrent responses are not mixed up",
    needs: { venue: "hooked" },
    run: assertConcurrentQuotes,
  },
  {
    id: "C17",
    group: "quotes",
    title: "prices keep every digit",
    proves: "prices are exact beyond the precision of a JavaScript number",
    needs: { venue: "hooked", declares: "exactDecimals" },
    run: async (harness) => {
      const { symbol } = harness.settings;
      await harness.venue.setQuote(symbol, EXACT);
      const { bid, ask } = await readUntil(
        harness,
        () => fetchQuote(harness, symbol),
        (quote) => quote.bid === EXACT.bid,
      );
      assert(
        bid === EXACT.bid && ask === EXACT.ask,
        `the venue's prices were set to ${EXACT.bid}/${EXACT.ask}, but getQuote returned ${bid}/${ask}: ` +
          `pass the venue's strings on, without converting them to numbers`,
      );
    },
  },
  {
    id: "C18",
    group: "quotes",
    title: "an instrument has its tick and lot size",
    proves: "the desk checks tick and lot size before it sends an order",
    needs: { methods: ["getInstrument"] },
    run: async (harness) => {
      const { symbol } = harness.settings;
      const instrument = await harness.calls.instrument("kit", symbol);
      if (instrument === null || instrument === undefined)
        return fail(`getInstrument(${JSON.stringify(symbol)}) returned null for the symbol in certify.toml`);
      assert(instrument.symbol === symbol, `getInstrument(${symbol}) returned the instrument ${instrument.symbol}`);
      assert(
        (instrument.tickSize ?? instrument.ticks) !== undefined && instrument.lotSize !== undefined,
        "getInstrument returned neither tickSize nor ticks, or no lotSize: without them the desk cannot check orders",
      );
    },
  },
  {
    id: "C19",
    group: "quotes",
    title: "getInstrument returns null for an unlisted symbol",
    proves: "the desk can tell an unlisted symbol from an unreachable venue",
    needs: { methods: ["getInstrument"] },
    run: async (harness) => {
      const { unknownSymbol } = harness.settings;
      const response = await harness.call("getInstrument", unknownSymbol);
      if (!response.ok)
        fail(
          `getInstrument(${JSON.stringify(unknownSymbol)}) threw: ${response.message}; ` +
            `return null if the venue does not list the symbol`,
        );
      else
        assert(
          (response.value ?? null) === null,
          `getInstrument(${unknownSymbol}) returned ${JSON.stringify(response.value)} instead of null`,
        );
    },
  },
];
