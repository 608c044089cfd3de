/** An exchange without a review, by ccxt's own class: answers of OKX and Deribit through the maps that only read. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import ccxt from "ccxt";
import type { ExchangeClass } from "../../connectors/ccxt/ccxt.ts";
import { accountOf } from "../../connectors/ccxt/holdings.ts";
import { readOnlyProfile } from "../../connectors/ccxt/read-only.ts";
import type { Venue } from "../../connectors/ccxt/venue.ts";

const FOLDER = fileURLToPath(new URL("../../../shared/data/", import.meta.url));
const HAS_PAYLOADS = existsSync(`${FOLDER}okx`) && existsSync(`${FOLDER}deribit`);
if (!HAS_PAYLOADS) process.stderr.write(`\nSKIPPED: the payloads of OKX and Deribit are not at ${FOLDER}\n\n`);

function payload(name: string): string {
  return readFileSync(`${FOLDER}${name}.json`, "utf8");
}

/** The venue, whose requests are answered by the first entry that is in their address. */
function venueOf(type: ExchangeClass, id: string, answers: Readonly<Record<string, string>>): Venue {
  const exchange = new type({ apiKey: "k", secret: "s", number: String });
  const fetchImplementation = (url: string): Promise<Response> => {
    const [, text] = Object.entries(answers).find(([part]) => url.includes(part)) ?? [];
    if (text === undefined) throw new Error(`no answer for ${url}`);
    return Promise.resolve(new Response(text, { headers: { "content-type": "application/json" } }));
  };
  Object.assign(exchange, { fetchImplementation, password: "p", enableRateLimit: false });
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const settings = { environment: "live", currency: "USDT", origins: undefined } as const;
  return readOnlyProfile(id).open({ exchange, settings, key: "k", secret: "s", logger });
}

const NO_ROWS = '{"code":"0","msg":"","data":[]}';

describe.skipIf(!HAS_PAYLOADS)("payloads of OKX", () => {
  const venue = HAS_PAYLOADS
    ? venueOf(ccxt.okx as unknown as ExchangeClass, "okx", {
        "market/ticker?": payload("okx/ws_tickers").replace(/^\{\s*"arg":\s*\{[^}]*\},/, '{"code":"0","msg":"",'),
        "instType=SPOT": payload("okx/http_get_instruments_spot"),
        "account/balance": payload("okx/http_get_account_balance"),
        candles: payload("okx/http_get_candlesticks"),
        "": NO_ROWS,
      })
    : (undefined as never);

  it("are instruments with their exact steps", async () => {
    const found = await venue.market("BTC/USD");
    expect(found?.instrument).toMatchObject({
      ...{ symbol: "BTC/USD", currency: "USD", tickSize: "0.1", lotSize: "0.00000001", minQuantity: "0.00001" },
      tradable: false,
    });
  });

  it("are the balance that the account is worth, with what is free", async () => {
    const balances = await venue.balances();
    expect(balances.find(({ asset }) => asset === "USDT")).toEqual({
      ...{ asset: "USDT", total: "99.89469657000001", free: "94.42612990333333" },
    });
    expect(accountOf(balances, "USDT", new Map())).toMatchObject({ nav: "99.89469657000001" });
  });

  it("are bars with every digit", async () => {
    expect((await venue.bars("BTC/USD", { resolution: "1m" }))[0]).toEqual({
      ...{ symbol: "BTC/USD", timestamp: 1_625_097_600_000, open: "33528.6", high: "33870.0", low: "33528.6" },
      ...{ close: "33783.9", volume: "778.838" },
    });
  });

  it("are a quote with its sizes and the exchange's time", async () => {
    expect(await venue.quote("BTC/USD")).toEqual({
      ...{ symbol: "BTC/USD", bid: "8888.88", ask: "9999.99", bidSize: "5", askSize: "11", last: "9999.99" },
      timestamp: 1_597_026_383_085,
    });
  });
});

describe.skipIf(!HAS_PAYLOADS)("payloads of Deribit", () => {
  it("are the balances of the currencies", async () => {
    const venue = venueOf(ccxt.deribit as unknown as ExchangeClass, "deribit", {
      get_account_summaries: HAS_PAYLOADS ? payload("deribit/http_get_account_summaries") : "",
      "": '{"jsonrpc":"2.0","result":[]}',
    });
    const balances = await venue.balances();
    const { summaries } = JSON.parse(payload("deribit/http_get_account_summaries")).result;
    for (const { currency, equity } of summaries)
      expect(balances.find(({ asset }) => asset === currency)?.total).toBe(String(equity));
  });
});

/** A coin of Bybit's unified account, as its documents state the members. */
const COIN = fc
  .record({
    ...{ owned: fc.nat({ max: 9_999 }), spot: fc.nat({ max: 9_999 }), owes: fc.nat({ max: 9_999 }) },
    ...{ profit: fc.integer({ min: -99, max: 99 }), interest: fc.constantFrom("0", "3", "", undefined) },
    ...{ price: fc.integer({ min: 1, max: 99 }) },
  })
  .map(({ owned, spot, owes, profit, interest, price }) => ({
    // What was borrowed for a spot trade is in the wallet; what a derivative owes was taken off.
    equity: owned - owes + profit,
    price,
    row: {
      ...{ walletBalance: String(owned + spot - owes), spotBorrow: String(spot), borrowAmount: String(spot + owes) },
      ...{ accruedInterest: interest, equity: String(owned - owes + profit), unrealisedPnl: String(profit) },
      ...{ availableToWithdraw: "", locked: "0", totalPositionIM: "0", totalOrderIM: "0" },
    },
  }));

it.each([
  ["bybit", ccxt.bybit],
  ["bybiteu", ccxt.bybiteu],
])("a unified account of %s is worth what Bybit says, whatever was borrowed and for what", async (id, type) => {
  const property = fc.asyncProperty(fc.tuple(COIN, COIN), async ([cash, coin]) => {
    const coins = [
      { coin: "USDT", ...cash.row },
      { coin: "BTC", ...coin.row },
    ];
    const wallet = { retCode: 0, result: { list: [{ accountType: "UNIFIED", coin: coins }] }, time: 1 };
    const venue = venueOf(type as unknown as ExchangeClass, id, {
      "account/wallet-balance": JSON.stringify(wallet),
      "user/query-api": '{"retCode":0,"result":{"uta":1,"unified":0}}',
      "account/info": '{"retCode":0,"result":{"unifiedMarginStatus":6}}',
      "": '{"retCode":0,"result":{"list":[],"rows":[]},"time":1}',
    });
    const account = accountOf(await venue.balances(), "USDT", new Map([["BTC/USDT", String(coin.price)]]));
    expect(account.nav).toBe(String(cash.equity + coin.equity * coin.price));
  });
  await fc.assert(property, { numRuns: 20, seed: 20_261_130 });
});

it.each([
  [undefined, "received"],
  [1_760_000_000_000, undefined],
])("a quote with the exchange's time %s has its time from: %s", async (timestamp, timeSource) => {
  const venue = venueOf(
    class {
      fetchTicker(): Promise<object> {
        return Promise.resolve({ bid: "1.5", ask: "1.6", timestamp });
      }
    } as unknown as ExchangeClass,
    "any",
    {},
  );
  const quote = await venue.quote("A/B");
  expect([quote.bid, quote.timeSource]).toEqual(["1.5", timeSource]);
  expect(Number(quote.timestamp)).toBeGreaterThanOrEqual(timestamp ?? 1);
});

/** A coin of a unified account whose derivatives won, lost and hold margin besides what was borrowed. */
const UNIFIED_COIN = fc
  .record({
    ...{
      free: fc.nat({ max: 9_999 }),
      held: fc.nat({ max: 99 }),
      owes: fc.nat({ max: 99 }),
      lost: fc.nat({ max: 99 }),
    },
    ...{ profit: fc.integer({ min: -99, max: 99 }), price: fc.integer({ min: 1, max: 99 }) },
  })
  .map(({ free, held, owes, lost, profit, price }) => ({
    ...{ free, price, equity: free + held - owes - lost + profit },
    texts: Object.fromEntries(
      Object.entries({ free, held, owes, lost, equity: free + held - owes - lost + profit, all: free + held }).map(
        ([name, value]) => [name, String(value)],
      ),
    ) as Readonly<Record<"free" | "held" | "owes" | "lost" | "equity" | "all", string>>,
  }));
type UnifiedCoin = (typeof UNIFIED_COIN extends fc.Arbitrary<infer T> ? T : never)["texts"];

function gateWallet(coins: Readonly<Record<string, UnifiedCoin>>): object {
  const row = ({ free, held, owes, lost, equity }: UnifiedCoin) => ({
    ...{ available: free, freeze: held, borrowed: owes, negative_liab: lost, futures_pos_liab: "0", equity },
    ...{ total_freeze: held, total_liab: owes, spot_in_use: "0" },
  });
  const balances = Object.fromEntries(Object.entries(coins).map(([coin, texts]) => [coin, row(texts)]));
  return { user_id: 7, locked: false, balances, borrowed: "0", total: "1" };
}

function kucoinWallet(coins: Readonly<Record<string, UnifiedCoin>>): object {
  const currencies = Object.entries(coins).map(([currency, { free, held, owes, equity, all }]) => ({
    ...{ currency, equity, hold: held, balance: all, available: free, liability: owes },
  }));
  return { code: "200000", data: { accountType: "UNIFIED", ts: 1_764_731_696_945, accounts: [{ currencies }] } };
}

it.each([
  ["gate", ccxt.gate, gateWallet, { "account/detail": '{"key":{"mode":2}}', "unified/accounts": "" }, "[]"],
  [
    "kucoin",
    ccxt.kucoin,
    kucoinWallet,
    { "account/mode": '{"code":"200000","data":{"selfAccountMode":"UNIFIED"}}', "account/balance": "" },
    '{"code":"200000","data":[]}',
  ],
])(
  "a unified account of %s is worth its equities, whatever derivatives lost",
  async (id, type, walletOf, paths, rest) => {
    const property = fc.asyncProperty(fc.tuple(UNIFIED_COIN, UNIFIED_COIN), async ([cash, coin]) => {
      const wallet = JSON.stringify(walletOf({ USDT: cash.texts, BTC: coin.texts }));
      const answers = Object.fromEntries(
        Object.entries(paths).map(([path, text]) => [path, text === "" ? wallet : text]),
      );
      const venue = venueOf(type as unknown as ExchangeClass, id, { ...answers, "": rest });
      const account = accountOf(await venue.balances(), "USDT", new Map([["BTC/USDT", String(coin.price)]]));
      expect([account.nav, account.cash, account.buyingPower]).toEqual([
        String(cash.equity + coin.equity * coin.price),
        cash.texts.equity,
        cash.texts.free,
      ]);
    });
    await fc.assert(property, { numRuns: 20, seed: 20_261_201 });
  },
);
