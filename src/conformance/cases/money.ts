/** Cases of prices, steps, currencies and fees: each is the venue's own, for each instrument, to the last digit. */
import { type Decimal, ZERO, decimal, ratio, text } from "../../domain/decimal.ts";
import type { VenueQuote } from "../../domain/market/venue.ts";
import { assert, fail, leaveUntried, skip } from "../assert.ts";
import {
  assertFetched,
  assertSameFee,
  assertSameLiquidity,
  assertSameTime,
  placeUnfilledOrder,
  tradeOutsideAdapter,
} from "../fill-assertions.ts";
import type { ConformanceHarness } from "../harness.ts";
import { orderAtVenue, waitForFills } from "../place-orders.ts";
import { fetchQuote, otherSymbol, units, withAllDigits, simulatesTime } from "../order-terms.ts";
import { quoteUntil, readAccountOf, readUntil } from "../read-money.ts";
import type { TestCase } from "../test-case.ts";
import { namesFeesInHistory } from "../venue/kit-venue.ts";
import type { StatedInstrument, StatedPosition } from "../venue/test-venue.ts";

const QUOTE_AGE_MS = 20 * 60_000;
const CLOCK_BEHIND_MS = 3 * 60 * 60_000;
/** An answer takes a moment, and a heartbeat may be a little older. A quote's own time is also a true asOf. */
const AS_OF_MS = QUOTE_AGE_MS + 60_000;
const OLD_QUOTE = { bid: "98.25", ask: "98.75", last: "98.50" };
const TINY = { bid: "0.00001234", ask: "0.00001236", last: "0.00001235" };

/** The position in the tested symbol as the venue states it. */
async function statedPosition({ venue, settings }: ConformanceHarness): Promise<StatedPosition | undefined> {
  return (await venue.readAccount()).positions.find(({ symbol }) => symbol === settings.symbol);
}

/** The position in the tested symbol as getPositions returns it. */
async function returnedPosition({ calls, settings }: ConformanceHarness): Promise<StatedPosition | undefined> {
  return (await calls.positions("kit")).find(({ symbol }) => symbol === settings.symbol);
}

async function assertCurrencies(harness: ConformanceHarness): Promise<void> {
  const { settings, venue } = harness;
  const { methods } = harness.connector.status;
  if (harness.level === "kit") {
    if (harness.kit.traits.hasOneCurrency) skip("the account and all instruments of this venue are in one currency");
    harness.kit.state.currency = "EUR";
    harness.kit.state.accountCurrency = "GBP";
  }
  await tradeOutsideAdapter(harness, "buy", "1");
  const hint = "pass the venue's currency on";
  const account = await venue.readAccount();
  const held = account.positions.find(({ symbol }) => symbol === settings.symbol)?.currency;
  const position = await returnedPosition(harness);
  // A position without a currency counts in the account's.
  const isLeftOut = position?.currency === undefined && (account.currency === undefined || held === account.currency);
  assert(
    isLeftOut || held === undefined || position?.currency === held,
    `the venue's position is in ${held}, but getPositions returned ${position?.currency ?? "no currency"}: ${hint}`,
  );
  if (methods.includes("getInstrument")) {
    const { currency } = await venue.describeInstrument(settings.symbol);
    const instrument = await harness.calls.instrument("kit", settings.symbol);
    assert(
      instrument?.currency === currency,
      `${settings.symbol} is quoted in ${currency ?? "no currency"}, but getInstrument returned ` +
        `${instrument?.currency ?? "no currency"}: ${hint}`,
    );
  }
  if (!methods.includes("getAccount")) return;
  if (account.currency === undefined) leaveUntried("the hook account returned no currency: return the account's");
  const { currency } = await readAccountOf(harness);
  assert(
    currency === account.currency,
    `the account is in ${account.currency}, but getAccount returned ${currency}: ${hint}`,
  );
}

const STEPS = [
  { tickSize: "0.05", lotSize: "0.5" },
  { tickSize: "0.0001", lotSize: "10" },
] as const;

async function assertSteps(harness: ConformanceHarness): Promise<void> {
  const { venue, settings, level } = harness;
  const read = async (symbol: string) => (await harness.calls.instrument("kit", symbol)) ?? undefined;
  if (level === "kit") {
    await harness.start();
    for (const [index, symbol] of harness.kit.traits.steppedSymbols.entries())
      assertInstrument(
        symbol,
        await venue.describeInstrument(symbol, harness.kit.traits.steps[index]),
        await read(symbol),
      );
    return;
  }
  const symbols = [settings.symbol, otherSymbol(harness)];
  const stated: StatedInstrument[] = [];
  // Before the start: an adapter may read the list of instruments once.
  for (const [index, symbol] of symbols.entries()) stated.push(await venue.describeInstrument(symbol, STEPS[index]));
  if (stated[0]?.tickSize === stated[1]?.tickSize || stated[0]?.lotSize === stated[1]?.lotSize)
    leaveUntried(
      "the hook instrument was given two different steps for two symbols and returned equal ones: use them, or give " +
        "the two symbols different steps",
    );
  await harness.start();
  for (const [index, symbol] of symbols.entries()) assertInstrument(symbol, stated[index], await read(symbol));
}

function assertInstrument(
  symbol: string,
  stated: StatedInstrument | undefined,
  returned: Partial<StatedInstrument> | undefined,
): void {
  const of = ({ tickSize, lotSize, multiplier = "1" }: Partial<StatedInstrument>): string =>
    [tickSize, lotSize, multiplier].map((amount) => (amount === undefined ? "none" : text(decimal(amount)))).join(", ");
  assert(
    of(returned ?? {}) === of(stated ?? {}),
    `${symbol} has tick, lot and multiplier ${of(stated ?? {})}, but getInstrument returned ${of(returned ?? {})}: ` +
      `request them for each symbol`,
  );
}

/** Prices with every digit of the venue's tick. */
async function exactPrices(harness: ConformanceHarness): Promise<readonly [price: string, mark: string]> {
  if (harness.level === "kit") return ["100.123456", "101.654321"];
  const { tickSize } = await harness.venue.describeInstrument(harness.settings.symbol);
  const { ask } = await fetchQuote(harness);
  const at = (percent: string): string =>
    withAllDigits(ratio(decimal(ask).times(decimal(percent)), decimal("100"), 12), tickSize);
  return [at("100"), at("102")];
}

/** After a second trade the average has more digits than a price; an adapter may compute it, so 8 of them count. */
async function assertMixedAverage(harness: ConformanceHarness, second: Decimal): Promise<void> {
  const { settings, venue } = harness;
  const { tickSize } = await venue.describeInstrument(settings.symbol);
  await tradeOutsideAdapter(harness, "buy", "1", withAllDigits(second, tickSize));
  const stated = (await statedPosition(harness))?.averagePrice;
  const returned = (await returnedPosition(harness))?.averagePrice;
  if (stated === undefined || returned === undefined) return;
  const difference = decimal(returned).minus(decimal(stated)).abs();
  assert(
    difference.times(decimal("100000000")).lte(decimal(stated).abs()),
    `the position has an average price of ${stated}, but getPositions returned ${returned}: do not round it`,
  );
}

async function assertAveragePrices(harness: ConformanceHarness): Promise<void> {
  const { settings, venue } = harness;
  const [price, mark] = await exactPrices(harness);
  const before = await statedPosition(harness);
  if (before !== undefined && !decimal(before.quantity).eq(ZERO))
    leaveUntried(`the fake venue starts with a position of ${settings.symbol}: start with an empty account`);
  const { order_id } = (await tradeOutsideAdapter(harness, "buy", "2", price)) ?? { order_id: "" };
  await venue.setQuote(settings.symbol, { bid: mark, ask: mark, last: mark });
  const { averagePrice = price, markPrice = mark } = (await statedPosition(harness)) ?? {};
  const position = await returnedPosition(harness);
  assert(
    decimal(position?.averagePrice ?? averagePrice).eq(decimal(averagePrice)) &&
      decimal(position?.markPrice ?? markPrice).eq(decimal(markPrice)),
    `the position has an average price of ${averagePrice} and a mark of ${markPrice}, but getPositions returned ` +
      `${position?.averagePrice} and ${position?.markPrice}: pass the venue's prices on, in the venue's unit`,
  );
  await assertMixedAverage(harness, ratio(decimal(price).times(decimal("1.0137")), decimal("1"), 12));
  if (!harness.connector.status.methods.includes("getOrder")) return;
  const report = await harness.calls.order("kit", { venueOrderId: order_id });
  const average = report?.averagePrice ?? price;
  assert(
    decimal(average).eq(decimal(price)),
    `the order was filled at ${price}, but getOrder returned an average price of ${average}`,
  );
}

async function assertQuoteTime(harness: ConformanceHarness): Promise<void> {
  const { venue, settings } = harness;
  if (simulatesTime(harness)) skip("the adapter declares simulatedTime, so its clock differs from real time");
  await venue.setClock(-CLOCK_BEHIND_MS);
  const wanted = venue.now - QUOTE_AGE_MS;
  const stated = await venue.setQuote(settings.symbol, { ...OLD_QUOTE, time: wanted });
  if (stated === undefined)
    return leaveUntried(
      "the hook setQuote returned no timestamp: return { timestamp }, the time that the venue states for the quote, " +
        "or null if it states none",
    );
  if (stated !== null && Math.abs(stated - wanted) >= 1_000)
    leaveUntried(
      `the hook setQuote was given the timestamp ${wanted} and used ${stated}: use it as the time of the quote`,
    );
  const quote = await quoteUntil(harness, settings.symbol, ({ bid }) => decimal(bid).eq(decimal(OLD_QUOTE.bid)));
  if (quote === undefined) return;
  if (stated !== null) assertSameTime(quote.at, stated, "the quote");
  // A venue that states no time of quotes has the time of its answer.
  else assertVenueTime(quote.at, venue.now, "timestamp");
  assertVenueTime(quote.asOf ?? venue.now, venue.now, "asOf");
}

function assertVenueTime(at: number, now: number, member: string): void {
  if (Math.abs(at - now) > AS_OF_MS)
    fail(
      `the venue's time is ${new Date(now).toISOString()}, but getQuote returned ${member} ` +
        `${new Date(at).toISOString()}: use the time of the venue's answer, not the local clock`,
    );
}

async function assertFees(harness: ConformanceHarness): Promise<void> {
  const placed = await placeUnfilledOrder(harness);
  const order = await orderAtVenue(harness, placed.order);
  const quantity = units(harness, "1");
  const made = [
    await harness.venue.fillOrder(order, { quantity, fee: "-0.02", feeCurrency: "USD", liquidity: "maker" }),
    await harness.venue.fillOrder(order, { quantity, fee: "0.0003", feeCurrency: "BNB" }),
  ];
  const fills = await waitForFills(harness, placed, made.length);
  for (const expected of made) {
    const fill = fills.find(({ fillId }) => fillId === expected.fill_id);
    assert(fill !== undefined, `fill ${expected.fill_id} was not emitted`);
    assertSameFee(fill, expected);
    assertSameLiquidity(fill, expected);
  }
  if (namesFeesInHistory(harness)) await assertFetched(harness, made);
  if (made.every(({ fee }) => fee === null)) skip("the messages of fills of this venue name no fee");
  if (made.some(({ fee }) => typeof fee === "string" && decimal(fee).eq(ZERO)))
    leaveUntried("the hook fill was given a fee and charged 0: charge it, or return null if the venue has no fees");
}

export const MONEY_CASES: readonly TestCase[] = [
  {
    id: "C105",
    group: "quotes",
    title: "a quote has the time of its last change",
    proves: "an old quote is recognised as old: the time is neither the local clock's nor that of the request",
    needs: { venue: "hooked" },
    run: assertQuoteTime,
  },
  {
    id: "C106",
    group: "quotes",
    title: "a market without a bid has no quote",
    proves: "a missing price is never replaced by another one",
    needs: { venue: "hooked" },
    run: async (harness) => {
      const { symbol } = harness.settings;
      for (const quote of [
        { bid: null, ask: "100.50", last: "100.00" },
        { bid: "99.50", ask: null, last: "100.00" },
      ]) {
        await harness.venue.setQuote(symbol, quote);
        const isNew = ({ bid, ask }: VenueQuote): boolean =>
          quote.bid === null ? decimal(ask).eq(decimal("100.50")) : decimal(bid).eq(decimal(quote.bid));
        const returned = await quoteUntil(harness, symbol, isNew);
        if (returned === undefined) continue;
        const { bid, ask } = returned;
        const isInvented =
          (quote.bid === null && decimal(bid).gt(ZERO)) || (quote.ask === null && decimal(ask).gt(ZERO));
        assert(
          !isInvented,
          `the venue has no ${quote.bid === null ? "bid" : "ask"}, but getQuote returned ${bid}/${ask}: throw`,
        );
      }
    },
  },
  {
    id: "C126",
    group: "quotes",
    title: "prices far below a cent are not rounded",
    proves: "cheap instruments are priced correctly",
    needs: { venue: "hooked" },
    run: async (harness) => {
      const { symbol } = harness.settings;
      await harness.venue.setQuote(symbol, TINY);
      const isTiny = (quote: VenueQuote): boolean =>
        decimal(quote.bid).eq(decimal(TINY.bid)) && decimal(quote.ask).eq(decimal(TINY.ask));
      const quote = await quoteUntil(harness, symbol, isTiny);
      assert(
        quote !== undefined && isTiny(quote),
        `the venue's prices are ${TINY.bid}/${TINY.ask}, but getQuote returned ${quote?.bid ?? "none"}/` +
          `${quote?.ask ?? "none"}: do not round`,
      );
    },
  },
  {
    id: "C107",
    group: "quotes",
    title: "tick, lot and multiplier are those of the instrument",
    proves: "the steps are neither constants nor swapped, and one contract is never taken for one unit",
    needs: { venue: "hooked", methods: ["getInstrument"] },
    startsConnector: true,
    run: assertSteps,
  },
  {
    id: "C108",
    group: "account",
    title: "currencies are the venue's",
    proves: "amounts of another currency are never taken for dollars",
    needs: { venue: "hooked" },
    run: assertCurrencies,
  },
  {
    id: "C110",
    group: "account",
    title: "average and mark price are the venue's, to the last digit",
    proves: "prices are in the venue's unit, not in cents, and not rounded",
    needs: { venue: "hooked" },
    run: assertAveragePrices,
  },
  {
    id: "C125",
    group: "account",
    title: "a closed position is not held",
    proves: "positions are those of now, not the sum of what was bought",
    needs: { venue: "hooked" },
    run: async (harness) => {
      const { symbol } = harness.settings;
      await tradeOutsideAdapter(harness, "buy", "2");
      await harness.calls.positions("kit");
      await tradeOutsideAdapter(harness, "sell", "2");
      const isHeld = async (): Promise<string | undefined> =>
        (await harness.calls.positions("kit")).find(
          (held) => held.symbol === symbol && !decimal(held.quantity).eq(ZERO),
        )?.quantity;
      const held = await readUntil(harness, isHeld, (quantity) => quantity === undefined);
      assert(
        held === undefined,
        `the position was closed at the venue, but getPositions returned ${held}: request it each time`,
      );
    },
  },
  {
    id: "C109",
    group: "fills",
    title: "a fee keeps its sign and its currency",
    proves: "a rebate is not a cost, and a fee in another asset is not a fee in dollars",
    needs: { venue: "hooked", orders: true },
    run: assertFees,
  },
];
