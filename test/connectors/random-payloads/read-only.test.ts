/** Random answers in ccxt's unified structures, whatever an exchange leaves out: each number arrives exact. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExchangeClass } from "../../../connectors/ccxt/ccxt.ts";
import { accountOf, coinsOf, positionsOf } from "../../../connectors/ccxt/holdings.ts";
import { readOnlyProfile } from "../../../connectors/ccxt/read-only.ts";
import type { Venue } from "../../../connectors/ccxt/venue.ts";
import * as schemas from "../../../src/protocol/schemas.ts";
import {
  ANY,
  MORE,
  RUNS,
  SEED,
  SHORT,
  SIGNED,
  comparable,
  isAboveZero,
  maybe,
  negative,
  present,
  product,
  sum,
} from "../../support/random-payload.ts";

/** The venue of an exchange whose methods give these answers. */
function venueOf(answers: Readonly<Record<string, unknown>>): Venue {
  const exchange = {
    ...{ requiredCredentials: {}, urls: {}, options: {}, loadMarkets: () => Promise.resolve() },
    ...answers,
  };
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const settings = { environment: "live", currency: "USDT", origins: undefined } as const;
  return readOnlyProfile("any").open({
    ...{ exchange: exchange as unknown as InstanceType<ExchangeClass>, settings, key: "k", secret: "s" },
    logger: logger as never,
  });
}

const ASSETS = ["USDT", "BTC", "ETH", "1INCH"] as const;
/** The NAV is a sum of products, and the desk takes at most forty digits. */
const PART = fc.oneof(
  SIGNED.filter((text) => /^-?\d{1,8}(?:\.\d{1,9})?$/.test(text)),
  fc.constantFrom("1e-7", "-2.5E+3"),
);
const PARTS = fc.record({ total: maybe(PART), free: maybe(PART), used: maybe(PART), debt: maybe(PART) });

interface Stated {
  readonly total: string;
  readonly free: string;
}

/** undefined for a currency of which nothing is stated. */
function stated({ total, free, used, debt }: Readonly<Record<string, string | null | undefined>>): Stated | undefined {
  const isSet = (text: string | null | undefined): text is string => typeof text === "string";
  if (![total, free, used, debt].some(isSet)) return undefined;
  const both = isSet(free) && isSet(used) ? sum(free, used) : (free ?? used ?? "0");
  const owned = total ?? both;
  const rest = isSet(used) ? sum(owned, negative(used)) : owned;
  return { total: isSet(debt) ? sum(owned, negative(debt)) : owned, free: free ?? rest };
}

const BALANCE = fc
  .record({ of: fc.tuple(PARTS, PARTS, PARTS, PARTS), prices: fc.tuple(SHORT, SHORT, SHORT), more: MORE })
  .map(({ of, prices, more }) => {
    const part = (name: keyof (typeof of)[0]): object =>
      Object.fromEntries(ASSETS.map((asset, index) => [asset, of[index]?.[name]]));
    const payload = {
      ...{ ...more, info: { nested: of }, timestamp: undefined, datetime: undefined, debt: part("debt") },
      ...{ total: part("total"), free: part("free"), used: part("used") },
    };
    return { payload, expected: of.map(stated), prices };
  });

async function readHoldings(payload: unknown, prices: ReadonlyMap<string, string>) {
  const balances = await venueOf({ fetchBalance: () => Promise.resolve(payload) }).balances();
  return {
    account: accountOf(balances, "USDT", prices),
    positions: positionsOf(coinsOf(balances, "USDT"), "USDT", prices),
  };
}

const NUMBER = maybe(fc.oneof(ANY, fc.integer({ min: 0, max: 9 })));
const MARKET = fc
  .record({
    ...{ mode: fc.constantFrom(2, 3, 4), decimals: fc.integer({ min: -2, max: 18 }), step: ANY, isText: fc.boolean() },
    ...{ amount: maybe(fc.record({ min: NUMBER, max: NUMBER })), cost: maybe(fc.record({ min: NUMBER, max: NUMBER })) },
    ...{ spot: fc.constantFrom(true, true, true, false, undefined), active: maybe(fc.boolean()), more: MORE },
    ...{ hasPrecision: fc.boolean(), isInverse: maybe(fc.boolean()), size: NUMBER },
  })
  .map(({ mode, decimals, step, isText, amount, cost, spot, active, more, hasPrecision, isInverse, size }) => {
    const places = isText ? String(decimals) : decimals;
    const price = mode === 4 ? step : places;
    const market = {
      ...{ ...more, symbol: "BTC/USDT", base: "BTC", quote: "USDT", spot, active, contract: spot !== true },
      ...{ inverse: isInverse, contractSize: size, precision: hasPrecision ? { price, amount: price } : undefined },
      limits: amount === undefined && cost === undefined ? undefined : { amount, cost },
    };
    const rule = { 2: `1e${-decimals}`, 3: undefined, 4: step }[mode];
    const known = hasPrecision ? rule : undefined;
    const limit = (value: unknown) =>
      typeof value === "string" || typeof value === "number"
        ? isAboveZero(String(value))
          ? String(value)
          : null
        : null;
    const instrument = present({
      ...{ symbol: "BTC/USDT", currency: "USDT", tradable: false },
      ...{ tickSize: limit(known), lotSize: limit(known), minQuantity: limit(amount?.min) },
      ...{ maxQuantity: limit(amount?.max), minNotional: limit(cost?.min), maxNotional: limit(cost?.max) },
    });
    return { market, mode, expected: spot === true ? instrument : undefined };
  });

const TICKER = fc
  .record({
    ...{ bid: maybe(ANY), ask: maybe(ANY), bidVolume: maybe(ANY), askVolume: maybe(ANY), last: maybe(ANY), more: MORE },
    timestamp: maybe(fc.integer({ min: 1_000_000_000_000, max: 2_000_000_000_000 })),
  })
  .map(({ more, ...ticker }) => ({ payload: { ...more, ...ticker }, ticker }));

const texts = (value: object): object =>
  JSON.parse(JSON.stringify(value), (_name, each: unknown) =>
    typeof each === "number" ? String(each) : each,
  ) as object;

async function tryAll<T>(cases: fc.Arbitrary<T>, check: (one: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(cases, check), { numRuns: RUNS, seed: SEED });
}

describe("any answer in ccxt's structures", () => {
  it("every currency of a balance is held without what was borrowed, and the NAV is their sum", async () => {
    await tryAll(BALANCE, async ({ payload, expected, prices }) => {
      const [cash, ...coins] = expected;
      const priced = new Map(prices.map((price, index) => [`${ASSETS[index + 1]}/USDT`, price]));
      const { account, positions } = await readHoldings(payload, priced);
      const held = coins.flatMap((coin, index) => {
        const isHeld = coin !== undefined && (isAboveZero(coin.total) || isAboveZero(negative(coin.total)));
        return isHeld ? [{ asset: ASSETS[index + 1] ?? "", quantity: coin.total, price: prices[index] ?? "" }] : [];
      });
      const named = ({ asset, quantity, price }: (typeof held)[0]) => ({
        ...{ symbol: `${asset}/USDT`, quantity, currency: "USDT", markPrice: price },
      });
      expect(comparable(positions)).toEqual(comparable(held.map(named)));
      const values = held.map(({ quantity, price }) => product(quantity, price));
      const nav = sum(cash?.total ?? "0", ...values);
      const amounts = { nav, cash: cash?.total ?? "0", buyingPower: cash?.free ?? "0", currency: "USDT" };
      expect(comparable(account)).toEqual(comparable(amounts));
      expect(schemas.accountSchema.safeParse(account).error?.issues).toBeUndefined();
    });
  });

  it("a market has its steps in the exchange's unit of precision, and none of significant digits", async () => {
    await tryAll(MARKET, async ({ market, mode, expected }) => {
      const found = await venueOf({ markets: { "BTC/USDT": market }, precisionMode: mode }).market("BTC/USDT");
      expect(found === null ? undefined : comparable(texts(found.instrument))).toEqual(comparable(expected));
      if (found !== null) expect(schemas.instrumentSchema.safeParse(found.instrument).error?.issues).toBeUndefined();
    });
  });

  it("a ticker is a quote, unless a side is missing", async () => {
    await tryAll(TICKER, async ({ payload, ticker }) => {
      const quote = venueOf({ fetchTicker: () => Promise.resolve(payload) }).quote("BTC/USDT");
      const { bid, ask, last, bidVolume, askVolume, timestamp } = ticker;
      if (typeof bid !== "string" || typeof ask !== "string") {
        await expect(quote).rejects.toThrow("any states no bid and ask of BTC/USDT");
        return;
      }
      const isOurs = typeof timestamp !== "number";
      const expected = present({ symbol: "BTC/USDT", bid, ask, last, bidSize: bidVolume, askSize: askVolume });
      const { timestamp: at, timeSource, ...found } = await quote;
      expect(comparable(found)).toEqual(comparable(expected));
      expect([isOurs || at === timestamp, timeSource]).toEqual([true, isOurs ? "received" : undefined]);
    });
  });
});

it("what is no amount names the currency and the exchange", async () => {
  const balance = { total: { BTC: "NaN" }, free: {}, used: {} };
  await expect(readHoldings(balance, new Map())).rejects.toThrow(
    'the balance of BTC at any: it is "NaN", which is no amount',
  );
});

it("a coin whose market is closed is held without a price, and hides no other", async () => {
  const markets = { "A/USDT": { active: false }, "B/USDT": { active: undefined } };
  const fetchTicker = (symbol: string) =>
    symbol === "B/USDT" ? Promise.resolve({ last: "2" }) : Promise.reject(new Error(`no ${symbol}`));
  const prices = await venueOf({ markets, fetchTicker }).prices(["A/USDT", "B/USDT", "C/USDT"]);
  expect([...prices]).toEqual([["B/USDT", "2"]]);
});
