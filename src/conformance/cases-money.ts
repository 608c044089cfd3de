/** Cases of prices, steps, currencies and fees: each is the venue's own, for each instrument, to the last digit. */
import { ZERO, decimal } from "../domain/decimal.ts";
import { accountSchema, quoteSchema } from "../protocol/schemas.ts";
import { assert, fail, skip } from "./assert.ts";
import { placeUnfilledOrder } from "./fill-assertions.ts";
import type { FakeOrder } from "./fake-venue-state.ts";
import type { ConformanceHarness } from "./harness.ts";
import { orderAtVenue, waitForFills } from "./place-orders.ts";
import type { TestCase } from "./test-case.ts";

const QUOTE_AGE_MS = 20 * 60_000;
const CLOCK_BEHIND_MS = 3 * 60 * 60_000;
/** An answer takes a moment, and a heartbeat may be a little older. A quote's own time is also a true asOf. */
const AS_OF_MS = QUOTE_AGE_MS + 60_000;
const TINY = { bid: "0.00001234", ask: "0.00001236", last: "0.00001235" };

/** Makes a trade at the kit's venue without the adapter, and returns its order. */
function trade(harness: ConformanceHarness, side: "buy" | "sell", quantity: string, price: string): FakeOrder {
  const { kit, ids, settings } = harness;
  const client_order_id = `external-${ids.random(4)}`;
  const terms = { client_order_id, symbol: settings.symbol, side, quantity, type: "market", time_in_force: "day" };
  const order = kit.state.place(terms);
  if (typeof order === "string") return fail(order);
  kit.fillSilently(order, { price });
  return order;
}

async function readQuote(harness: ConformanceHarness) {
  const response = await harness.call("getQuote", harness.settings.symbol);
  return response.ok ? quoteSchema.safeParse(response.value).data : undefined;
}

async function assertCurrencies(harness: ConformanceHarness): Promise<void> {
  if (harness.kit.dialect.traits.isDollarsOnly) skip("this venue has accounts and instruments in dollars only");
  const { symbol } = harness.settings;
  const { methods } = harness.connector.status;
  harness.kit.state.currency = "EUR";
  trade(harness, "buy", "1", "100.50");
  const hint = "pass the venue's currency on";
  const [position] = await harness.calls.positions("kit");
  assert(
    position?.currency === undefined || position.currency === "EUR",
    `the venue's position is in EUR, but getPositions returned ${position?.currency}: ${hint}`,
  );
  if (methods.includes("getInstrument")) {
    const instrument = await harness.calls.instrument("kit", symbol);
    assert(
      instrument?.currency === "EUR",
      `${symbol} is quoted in EUR, but getInstrument returned ${instrument?.currency ?? "no currency"}: ${hint}`,
    );
  }
  if (!methods.includes("getAccount")) return;
  const response = await harness.call("getAccount");
  const account = response.ok ? accountSchema.safeParse(response.value).data : undefined;
  assert(
    account?.currency === "EUR",
    `the account is in EUR, but getAccount returned ${account?.currency ?? "no account"}: ${hint}`,
  );
}

async function assertSteps(harness: ConformanceHarness): Promise<void> {
  const [first, second] = harness.kit.dialect.traits.steppedSymbols;
  for (const [symbol, tick_size, lot_size] of [
    [first, "0.05", "0.5"],
    [second, "0.0001", "10"],
  ] as const) {
    harness.kit.state.instruments.set(symbol, { tick_size, lot_size });
    const { tickSize = "none", lotSize = "none" } = (await harness.calls.instrument("kit", symbol)) ?? {};
    assert(
      tickSize === tick_size && lotSize === lot_size,
      `${symbol} has a tick of ${tick_size} and a lot of ${lot_size}, but getInstrument returned ${tickSize} and ` +
        `${lotSize}: request both for each symbol`,
    );
  }
}

async function assertAveragePrices(harness: ConformanceHarness): Promise<void> {
  const [price, mark] = ["100.123456", "101.654321"];
  const order = trade(harness, "buy", "2", price);
  await harness.kit.setQuote(harness.settings.symbol, { bid: "101.5", ask: "101.7", last: mark });
  const [position] = await harness.calls.positions("kit");
  const { averagePrice = price, markPrice = mark } = position ?? {};
  assert(
    decimal(averagePrice).eq(decimal(price)) && decimal(markPrice).eq(decimal(mark)),
    `the position has an average price of ${price} and a mark of ${mark}, but getPositions returned ${averagePrice} ` +
      `and ${markPrice}: pass the venue's prices on, in the venue's unit`,
  );
  if (!harness.connector.status.methods.includes("getOrder")) return;
  const report = await harness.calls.order("kit", { venueOrderId: order.order_id });
  const average = report?.averagePrice ?? price;
  assert(
    decimal(average).eq(decimal(price)),
    `the order was filled at ${price}, but getOrder returned an average price of ${average}`,
  );
}

export const MONEY_CASES: readonly TestCase[] = [
  {
    id: "C105",
    group: "quotes",
    title: "a quote has the time of its last change",
    proves: "an old quote is recognised as old: the time is neither the local clock's nor that of the request",
    needs: { venue: "kit" },
    run: async (harness) => {
      harness.kit.skewMs = -CLOCK_BEHIND_MS;
      const time = harness.kit.now - QUOTE_AGE_MS;
      await harness.kit.setQuote(harness.settings.symbol, { bid: "99.50", ask: "100.50", last: "100.00", time });
      const quote = await readQuote(harness);
      if (quote !== undefined && quote.at !== time)
        fail(
          `the venue's quote is of ${new Date(time).toISOString()}, but getQuote returned ` +
            `${new Date(quote.at).toISOString()}: use the quote's own time, not the local clock`,
        );
      const asOf = quote?.asOf ?? harness.kit.now;
      if (Math.abs(asOf - harness.kit.now) > AS_OF_MS)
        fail(
          `the venue's time is ${new Date(harness.kit.now).toISOString()}, but getQuote returned asOf ` +
            `${new Date(asOf).toISOString()}: use the time of the venue's answer, not the local clock`,
        );
    },
  },
  {
    id: "C106",
    group: "quotes",
    title: "a market without a bid has no quote",
    proves: "a missing price is never replaced by another one",
    needs: { venue: "kit" },
    run: async (harness) => {
      const { symbol } = harness.settings;
      for (const quote of [
        { bid: null, ask: "100.50", last: "100.00" },
        { bid: "99.50", ask: null, last: "100.00" },
      ]) {
        await harness.kit.setQuote(symbol, quote);
        const returned = await readQuote(harness);
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
    needs: { venue: "kit" },
    run: async (harness) => {
      await harness.kit.setQuote(harness.settings.symbol, TINY);
      const { bid = "none", ask = "none" } = (await readQuote(harness)) ?? {};
      const isSame = bid !== "none" && decimal(bid).eq(decimal(TINY.bid)) && decimal(ask).eq(decimal(TINY.ask));
      assert(
        isSame,
        `the venue's prices are ${TINY.bid}/${TINY.ask}, but getQuote returned ${bid}/${ask}: do not round`,
      );
    },
  },
  {
    id: "C107",
    group: "quotes",
    title: "tick and lot are those of the instrument",
    proves: "the steps are neither constants nor swapped",
    needs: { venue: "kit", methods: ["getInstrument"] },
    run: assertSteps,
  },
  {
    id: "C108",
    group: "account",
    title: "currencies are the venue's",
    proves: "amounts of another currency are never taken for dollars",
    needs: { venue: "kit" },
    run: assertCurrencies,
  },
  {
    id: "C110",
    group: "account",
    title: "average and mark price are the venue's, to the last digit",
    proves: "prices are in the venue's unit, not in cents, and not rounded",
    needs: { venue: "kit" },
    run: assertAveragePrices,
  },
  {
    id: "C125",
    group: "account",
    title: "a closed position is not held",
    proves: "positions are those of now, not the sum of what was bought",
    needs: { venue: "kit" },
    run: async (harness) => {
      trade(harness, "buy", "2", "100.50");
      await harness.calls.positions("kit");
      trade(harness, "sell", "2", "100.50");
      const held = (await harness.calls.positions("kit")).find(({ symbol }) => symbol === harness.settings.symbol);
      assert(
        held === undefined || decimal(held.quantity).eq(ZERO),
        `the position was closed at the venue, but getPositions returned ${held?.quantity}: request it each time`,
      );
    },
  },
  {
    id: "C109",
    group: "fills",
    title: "a fee keeps its sign and its currency",
    proves: "a rebate is not a cost, and a fee in another asset is not a fee in dollars",
    needs: { venue: "kit", orders: true },
    run: async (harness) => {
      if (!harness.kit.dialect.traits.hasFillFees) skip("the messages of fills of this venue name no fee");
      const placed = await placeUnfilledOrder(harness);
      const order = await orderAtVenue(harness, placed.order);
      const fees = [
        ["-0.02", "USD"],
        ["0.0003", "BNB"],
      ] as const;
      for (const [fee, feeCurrency] of fees) harness.kit.fill(order, { quantity: "1", fee, feeCurrency });
      const fills = await waitForFills(harness, placed, fees.length);
      for (const [index, [fee, currency]] of fees.entries()) {
        const { fee: emitted = "none", feeCurrency = "none" } = fills[index] ?? {};
        assert(
          emitted !== "none" && decimal(emitted).eq(decimal(fee)) && feeCurrency === currency,
          `the venue's fee is ${fee} ${currency}, but the fill was emitted with ${emitted} ${feeCurrency}: ` +
            `pass sign and currency on`,
        );
      }
    },
  },
];
