/** Quotes and instruments: what an order is judged by before it is sent. */
import { quoteShape } from "../protocol/schemas.ts";
import { ZERO, decimal } from "../domain/decimal.ts";
import type { VenueQuote } from "../domain/venue.ts";
import { type Case, fail, must, skip } from "./test-case.ts";
import { SYMBOLS } from "./fake-venue-book.ts";
import type { ConformanceHarness } from "./harness.ts";

/** How far a quote's time may be from the clock it is told by. */
const QUOTE_AGE_MS = 60_000;

/** The answer parsed, or the case failed with what was wrong in it. */
async function quoteOf(stand: ConformanceHarness, symbol: string): Promise<VenueQuote> {
  const answer = await stand.call("getQuote", symbol);
  if (!answer.ok) return fail(`getQuote(${JSON.stringify(symbol)}) threw: ${answer.message}${hintFor(answer.message)}`);
  const parsed = quoteShape.safeParse(answer.value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const shown = JSON.stringify(answer.value)?.slice(0, 200);
  return fail(
    `getQuote(${JSON.stringify(symbol)}) answered ${shown}: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
  );
}

/** A real venue's address inside the adapter. */
function hintFor(message: string): string {
  return message.includes("is not among hosts")
    ? "; under test it reaches this machine alone: take the address from ctx.options"
    : "";
}

function venueQuote(stand: ConformanceHarness, symbol: string): { readonly bid: string; readonly ask: string } {
  return (
    stand.venue.book.quotes.get(symbol) ??
    skip(`the kit's venue lists ${SYMBOLS.slice(0, 2).join(", ")} and others, and not ${symbol}`)
  );
}

function same(a: string, b: string): boolean {
  return decimal(a).eq(decimal(b));
}

export const QUOTE_CASES: readonly Case[] = [
  {
    id: "C11",
    group: "quotes",
    title: "a quote has its shape",
    proves: "symbol, bid, ask and timestamp are there and can be read",
    run: async (stand) => {
      const { symbol } = stand.settings;
      const quote = await quoteOf(stand, symbol);
      must(
        quote.symbol === symbol,
        `asked for ${symbol}, getQuote answered for ${quote.symbol}: answer with the symbol that was asked`,
      );
    },
  },
  {
    id: "C12",
    group: "quotes",
    title: "bid and ask are prices",
    proves: "0 < bid <= ask: no placeholder and no exchanged sides",
    run: async (stand) => {
      const { bid, ask } = await quoteOf(stand, stand.settings.symbol);
      must(
        decimal(bid).gt(ZERO) && decimal(ask).gt(ZERO),
        `the bid is ${bid} and the ask ${ask}: a quote of 0 looks like a placeholder`,
      );
      must(
        decimal(bid).lte(decimal(ask)),
        `the bid ${bid} is above the ask ${ask} on a quiet market: are they exchanged?`,
      );
    },
  },
  {
    id: "C13",
    group: "quotes",
    title: "a quote's time is the venue's",
    proves: "the desk can tell a stale quote from a fresh one",
    run: async (stand) => {
      if (stand.connector.facts.capabilities.simulatedTime === true)
        skip("it declares simulatedTime: its clock is its own");
      const { at } = await quoteOf(stand, stand.settings.symbol);
      const away = Math.abs(stand.venue.now - at);
      must(
        away <= QUOTE_AGE_MS,
        `timestamp is ${at}, which is ${Math.round(away / 1000)} s from the venue's clock: give milliseconds since 1970, ` +
          `or ISO text with its offset`,
      );
    },
  },
  {
    id: "C14",
    group: "quotes",
    title: "a quote is the venue's, and moves with it",
    proves: "no placeholder, no frozen copy",
    needs: { venue: true },
    run: async (stand) => {
      const { symbol } = stand.settings;
      const first = venueQuote(stand, symbol);
      const seen = await quoteOf(stand, symbol);
      must(same(seen.bid, first.bid), `the venue's bid was ${first.bid}, getQuote answered ${seen.bid}`);
      must(same(seen.ask, first.ask), `the venue's ask was ${first.ask}, getQuote answered ${seen.ask}`);
      stand.venue.book.quotes.set(symbol, { bid: "149.25", ask: "150.75", last: "150.00" });
      const later = await quoteOf(stand, symbol);
      must(
        same(later.bid, "149.25") && same(later.ask, "150.75"),
        `the venue moved to 149.25/150.75, getQuote still answered ${later.bid}/${later.ask}: ask the venue each time`,
      );
    },
  },
  {
    id: "C15",
    group: "quotes",
    title: "an unknown symbol is an error",
    proves: "no quote is invented",
    run: async (stand) => {
      const { unknownSymbol } = stand.settings;
      const answer = await stand.call("getQuote", unknownSymbol);
      if (answer.ok)
        fail(
          `getQuote(${JSON.stringify(unknownSymbol)}) answered ${JSON.stringify(answer.value)?.slice(0, 120)}: throw for what is not listed`,
        );
    },
  },
  {
    id: "C16",
    group: "quotes",
    title: "twenty quotes at once, each for its own symbol",
    proves: "answers are not mixed up under load",
    needs: { venue: true },
    run: async (stand) => {
      const quotes = await Promise.all(SYMBOLS.map((symbol) => quoteOf(stand, symbol)));
      for (const [index, quote] of quotes.entries()) {
        const wanted = SYMBOLS[index] ?? "";
        const right = quote.symbol === wanted && same(quote.bid, venueQuote(stand, wanted).bid);
        must(
          right,
          `20 quotes were asked at once; the answer for ${wanted} was ${quote.symbol} at ${quote.bid}: keep nothing of a call outside it`,
        );
      }
    },
  },
  {
    id: "C17",
    group: "quotes",
    title: "prices keep every digit",
    proves: "amounts are exact, beyond what a number holds",
    needs: { venue: true, declares: "exactDecimals" },
    run: async (stand) => {
      const { symbol } = stand.settings;
      stand.venue.book.quotes.set(symbol, {
        bid: "123456789.0123456789",
        ask: "123456789.0123456791",
        last: "123456789.012345679",
      });
      const { bid, ask } = await quoteOf(stand, symbol);
      must(
        bid === "123456789.0123456789" && ask === "123456789.0123456791",
        `the venue said 123456789.0123456789/…91 and getQuote answered ${bid}/${ask}: pass the venue's text on, make no number of it`,
      );
    },
  },
  {
    id: "C18",
    group: "quotes",
    title: "an instrument has its steps",
    proves: "tick and lot are checked before the venue does",
    needs: { methods: ["getInstrument"] },
    run: async (stand) => {
      const { symbol } = stand.settings;
      const instrument = await stand.ask.instrument("kit", symbol);
      if (instrument === null || instrument === undefined)
        return fail(`getInstrument(${JSON.stringify(symbol)}) answered null for the symbol of certify.toml`);
      must(instrument.symbol === symbol, `asked for ${symbol}, getInstrument answered for ${instrument.symbol}`);
      must(
        instrument.tickSize !== undefined && instrument.lotSize !== undefined,
        "getInstrument has no tickSize or no lotSize: without them nothing is checked",
      );
    },
  },
  {
    id: "C19",
    group: "quotes",
    title: "an instrument that is not listed is null",
    proves: "not listed and not reachable are told apart",
    needs: { methods: ["getInstrument"] },
    run: async (stand) => {
      const { unknownSymbol } = stand.settings;
      const answer = await stand.call("getInstrument", unknownSymbol);
      if (!answer.ok)
        fail(
          `getInstrument(${JSON.stringify(unknownSymbol)}) threw: ${answer.message}; answer null for what is not listed`,
        );
      else
        must(
          (answer.value ?? null) === null,
          `getInstrument of ${unknownSymbol} answered ${JSON.stringify(answer.value)} and not null`,
        );
    },
  },
];
