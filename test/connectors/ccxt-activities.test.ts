/** Deposits, withdrawals, income and rates of the three exchanges, on the answers that their documents show. */
import { afterEach, describe, expect, it, vi } from "vitest";
import * as binance from "../../connectors/ccxt/binance/activities.ts";
import { BINANCE } from "../../connectors/ccxt/binance/venue.ts";
import * as coinbase from "../../connectors/ccxt/coinbase/activities.ts";
import type { Body } from "../../connectors/ccxt/fields.ts";
import * as kraken from "../../connectors/ccxt/kraken/activities.ts";
import { PairRates } from "../../connectors/ccxt/pair-rates.ts";
import { coinOf } from "../../connectors/ccxt/kraken/map.ts";
import type { Market, TradingVenue } from "../../connectors/ccxt/venue.ts";
import { parseJson } from "../../connectors/exact-json.ts";
import type { Quote } from "../../src/domain/sdk.ts";
import { activitySchema } from "../../src/protocol/schemas.ts";
import { openVenue } from "../support/ccxt-session.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const DAY_MS = 86_400_000;
const wire = (body: unknown): Body => parseJson(JSON.stringify(body)) as Body;

describe("Binance", () => {
  const WITHDRAWAL = {
    ...{ id: "b6ae22b3aa844210a7041aee7589627c", amount: "8.91000000", transactionFee: "0.004", coin: "USDT" },
    ...{ status: 6, applyTime: "2019-10-12 11:12:02", completeTime: "2019-10-12 11:20:40", network: "ETH" },
  };
  const DEPOSIT = {
    ...{ id: "769800519366885376", amount: "0.001", coin: "BNB", network: "BNB", status: 1 },
    ...{ txId: "98A3EA560C6B3336D348B6C83F0F95ECE4F1F5919E94BD006E5BF3BF264FACFC", insertTime: 1661493146000 },
  };

  it("a withdrawal leaves the account with its fee, at the time of its request in UTC", () => {
    const at = Date.UTC(2019, 9, 12, 11, 12, 2);
    const id = "withdrawal b6ae22b3aa844210a7041aee7589627c";
    expect(binance.withdrawalOf(wire(WITHDRAWAL))).toEqual([
      { id, kind: "withdrawal", amount: "-8.91", currency: "USDT", timestamp: at },
      { id: `${id} fee`, kind: "fee", amount: "-0.004", currency: "USDT", timestamp: at },
    ]);
  });

  it.each([0, 1, 2, 3, 4, 5])("a withdrawal of status %s does not count yet", (status) => {
    expect(binance.withdrawalOf(wire({ ...WITHDRAWAL, status }))).toEqual([]);
  });

  it("a deposit counts when it is credited, with an id of 64 bits", () => {
    expect(binance.depositOf(wire(DEPOSIT))).toEqual([
      { id: "deposit 769800519366885376", kind: "deposit", amount: "0.001", currency: "BNB", timestamp: 1661493146000 },
    ]);
    for (const status of [0, 7, 8]) expect(binance.depositOf(wire({ ...DEPOSIT, status }))).toEqual([]);
  });

  it("a year is read in windows of less than ninety days, and a full list of rewards in halves", async () => {
    const began = Date.UTC(2024, 0, 1);
    const windows: [string, number, number][] = [];
    const reward = (id: number) =>
      wire({ id, amount: "1", asset: "BHFT", divTime: began + 1_000 * id, enInfo: "BHFT" });
    const all = Array.from({ length: 700 }, (_, index) => reward(index + 1));
    const ask = (path: string, { startTime, endTime }: Readonly<Record<string, unknown>>): Promise<unknown> => {
      windows.push([path, Number(startTime), Number(endTime)]);
      if (path !== "asset/assetDividend") return Promise.resolve([]);
      const own = all.filter(
        ({ divTime }) => Number(divTime) >= Number(startTime) && Number(divTime) <= Number(endTime),
      );
      return Promise.resolve({ rows: own.slice(0, 500), total: own.length });
    };
    const found = await binance.readActivities(ask, began, began + 365 * DAY_MS);
    expect(found.map(({ timestamp }) => timestamp)).toEqual(all.map(({ divTime }) => Number(divTime)));
    expect(windows.every(([, start, end]) => end - start < 90 * DAY_MS)).toBe(true);
    const deposits = windows.filter(([path]) => path === "capital/deposit/hisrec");
    for (const [index, [, start]] of deposits.entries())
      expect(start).toBe(index === 0 ? began : (deposits[index - 1]?.[2] ?? 0) + 1);
    expect(deposits.at(-1)?.[2]).toBe(began + 365 * DAY_MS);
  });

  it("a list that is refused is an error, not an account without deposits", async () => {
    const reply = ({ path }: { readonly path: string }) =>
      path === "time"
        ? { body: { serverTime: 1_700_000_000_000 } }
        : { status: 400, body: { code: -1002, msg: "You are not authorized to execute this request." } };
    const { venue } = openVenue(vi.stubGlobal, { profile: BINANCE, environment: "live", reply });
    await expect((venue.trading as TradingVenue).activities(1_699_000_000_000)).rejects.toThrow("not authorized");
  });
});

describe("Kraken", () => {
  const ENTRY = {
    ...{ refid: "TJKLXX-PGMUI-4NTLXU", time: 1688464484.1787, type: "deposit", subtype: "", aclass: "currency" },
    ...{ asset: "ZGBP", amount: "25.00", fee: "0.5000", balance: "24.5000" },
  };
  const names = (asset: string): string => ({ ZGBP: "GBP", XXBT: "BTC" })[asset] ?? coinOf(asset);
  const of = (entry: object) => kraken.activitiesOf("L1", wire({ ...ENTRY, ...entry }), names);

  it("a deposit and its fee are two activities, whose sum is the change of the balance", () => {
    expect(of({})).toEqual([
      { id: "L1", kind: "deposit", amount: "25", currency: "GBP", timestamp: 1688464484179, note: "deposit" },
      { id: "L1 fee", kind: "fee", amount: "-0.5", currency: "GBP", timestamp: 1688464484179, note: "deposit" },
    ]);
  });

  it.each([
    [{ type: "withdrawal", amount: "-0.1", asset: "XXBT", fee: "0" }, "withdrawal"],
    [{ type: "withdrawal", amount: "0.1", fee: "0" }, "deposit"],
    [{ type: "staking", asset: "XBT.B", fee: "0" }, "interest"],
    [{ type: "earn", subtype: "reward", fee: "0" }, "interest"],
    [{ type: "earn", subtype: "allocation", amount: "-5", fee: "0" }, "transfer"],
    [{ type: "transfer", subtype: "spottofutures", amount: "-5", fee: "0" }, "transfer"],
    [{ type: "custodytransfer", amount: "-5", fee: "0" }, "transfer"],
    [{ type: "spend", amount: "-5", fee: "0" }, "adjustment"],
    [{ type: "a-word-of-tomorrow", fee: "0" }, "adjustment"],
  ])("%j is a %s", (entry, kind) => {
    expect(of(entry).map((activity) => activity.kind)).toEqual([kind]);
  });

  it("an entry of a trade does not count: its fill says it", () => {
    expect(of({ type: "trade" })).toEqual([]);
  });

  it.each(["margin", "settled"])("an entry of the type %s counts with its fee: its trade is no fill", (type) => {
    expect(of({ type, amount: "-12.5", fee: "0.25" })).toMatchObject([
      { kind: "adjustment", amount: "-12.5" },
      { kind: "fee", amount: "-0.25" },
    ]);
  });

  it("a rollover is its fee alone", () => {
    expect(of({ type: "rollover", amount: "0.0000", fee: "0.25" })).toMatchObject([{ kind: "fee", amount: "-0.25" }]);
  });

  it("120 entries are read in pages of 50, the oldest first, also if one is made in between", async () => {
    const ledger = Array.from({ length: 120 }, (_, index) => [
      `L${index}`,
      { ...ENTRY, time: 1_000 + index, fee: "0" },
    ]);
    let asks = 0;
    const ask = ({ ofs }: Readonly<Record<string, unknown>>) => {
      asks += 1;
      if (asks === 2) ledger.push(["L120", { ...ENTRY, time: 2_000, fee: "0" }]);
      const page = ledger.toReversed().slice(Number(ofs), Number(ofs) + 50);
      return Promise.resolve(wire({ ledger: Object.fromEntries(page), count: ledger.length }));
    };
    const found = await kraken.readActivities(ask, 1_000_000, names);
    expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 120 }, (_, index) => `L${index}`));
  });
});

describe("Coinbase", () => {
  const TRANSACTION = {
    ...{ id: "34e4816b-4c8c-5323-a01c-35a9fa26e490", type: "send", status: "completed" },
    ...{ amount: { amount: "28.31976528", currency: "BCH" }, native_amount: { amount: "2799.65", currency: "GBP" } },
    ...{ created_at: "2019-02-28T12:35:20Z", updated_at: "2019-02-28T12:43:24Z" },
  };
  const of = (transaction: object) => coinbase.activitiesOf(wire({ ...TRANSACTION, ...transaction }));

  it("the amount is of the wallet's currency, not of the native one", () => {
    const at = Date.UTC(2019, 1, 28, 12, 35, 20);
    const { id } = TRANSACTION;
    expect(of({})).toEqual([
      { id, kind: "deposit", amount: "28.31976528", currency: "BCH", timestamp: at, note: "send" },
    ]);
  });

  it.each([
    ["send", "-0.36775642", "withdrawal"],
    ["fiat_deposit", "100", "deposit"],
    ["pro_deposit", "-7", "withdrawal"],
    ["transfer", "-7", "transfer"],
    ["staking_transfer", "-7", "transfer"],
    ["cardspend", "-7", "withdrawal"],
    ["staking_reward", "0.1", "interest"],
    ["incentives_shared_clawback", "-0.1", "interest"],
    ["trade", "-7", "adjustment"],
    ["buy", "0.01", "deposit"],
    ["sell", "-0.01", "withdrawal"],
    ["derivatives_settlement", "-7", "transfer"],
    ["unsupported_asset_recovery", "7", "deposit"],
    ["a_word_of_tomorrow", "7", "adjustment"],
  ])("a %s of %s is a %s", (type, amount, kind) => {
    const found = of({ type, amount: { amount, currency: "BTC" } });
    expect(found.map((activity) => activity.kind)).toEqual([kind]);
    for (const activity of found) expect(activitySchema.safeParse(activity).success).toBe(true);
  });

  it("a fill, and a transaction that is not complete, do not count", () => {
    expect(of({ type: "advanced_trade_fill" })).toEqual([]);
    for (const status of ["pending", "failed", "canceled", "expired"]) expect(of({ status })).toEqual([]);
  });

  it("a purchase is a deposit if a bank pays it, and two adjustments if another wallet does", async () => {
    const bought = (id: string, coins: string, value: string, second: number) => ({
      ...{ ...TRANSACTION, id, type: "buy", created_at: `2019-02-28T12:35:${second}Z` },
      ...{ amount: { amount: coins, currency: "BTC" }, native_amount: { amount: value, currency: "GBP" } },
    });
    const paid = (id: string, value: string, second: number) => ({
      ...bought(id, value, value, second),
      amount: { amount: value, currency: "GBP" },
    });
    const lists: Readonly<Record<string, readonly object[]>> = {
      coins: [bought("by bank", "0.02", "200.00", 10), bought("by wallet", "0.01", "100.00", 20)],
      money: [paid("payment", "-100.00", 21)],
    };
    const ask = (wallet: string) => Promise.resolve(wire({ data: lists[wallet] ?? [] }));
    const wallets = Object.keys(lists).map((uuid) => ({ uuid, updated_at: "2019-03-01T00:00:00Z" }));
    const found = await coinbase.readActivities(ask, wallets, Date.UTC(2019, 0, 1));
    expect(found).toMatchObject([
      { id: "by bank", kind: "deposit", amount: "0.02", currency: "BTC" },
      { id: "by wallet", kind: "adjustment", amount: "0.01", currency: "BTC" },
      { id: "payment", kind: "adjustment", amount: "-100.00", currency: "GBP" },
    ]);
  });

  it("wallets that did not change are not asked, and pages end with the first old transaction", async () => {
    const asked: string[] = [];
    const pages: Readonly<Record<string, Body>> = {
      "": wire({ data: [{ ...TRANSACTION, id: "new" }], pagination: { next_starting_after: "new" } }),
      new: wire({
        data: [{ ...TRANSACTION, id: "old", created_at: "2018-01-01T00:00:00Z" }],
        pagination: { next_starting_after: "old" },
      }),
    };
    const ask = (wallet: string, { starting_after = "" }: Readonly<Record<string, unknown>>) => {
      asked.push(`${wallet} ${String(starting_after)}`);
      return Promise.resolve(pages[String(starting_after)] as Body);
    };
    const wallets = [
      { uuid: "w1", updated_at: "2019-03-01T00:00:00Z" },
      { uuid: "w2", updated_at: "2018-06-01T00:00:00Z" },
    ];
    const found = await coinbase.readActivities(ask, wallets, Date.UTC(2019, 0, 1));
    expect(found.map(({ id }) => id)).toEqual(["new"]);
    expect(asked).toEqual(["w1 ", "w1 new"]);
  });
});

describe("rates", () => {
  function market(quotes: Readonly<Record<string, Partial<Quote>>>) {
    const asked: string[] = [];
    const rates = new PairRates({
      market: (symbol) => {
        asked.push(`market ${symbol}`);
        return Promise.resolve(quotes[symbol] === undefined ? null : ({ symbol } as Market));
      },
      quote: (symbol) => {
        asked.push(`quote ${symbol}`);
        return Promise.resolve({ symbol, bid: "0", ask: "0", timestamp: 5, ...quotes[symbol] });
      },
    });
    return { rates, asked };
  }

  it("are the middle of the best prices, with every digit, and absent for one side alone or no market", async () => {
    const { rates } = market({
      "USDT/USD": { bid: "0.99990000000000001", ask: "0.99990000000000004" },
      "EUR/USD": { bid: "1.08", ask: "0" },
    });
    expect(await rates.read(["USDT/USD", "EUR/USD", "USD/USDT"])).toEqual([
      { pair: "USDT/USD", rate: "0.999900000000000025", timestamp: 5 },
    ]);
  });

  it("are asked for every two minutes, and a pair without a market once a day", async () => {
    vi.useFakeTimers();
    const { rates, asked } = market({ "USDT/USD": { bid: "1", ask: "1" } });
    for (let minute = 0; minute < 6; minute += 1) {
      await rates.read(["USDT/USD", "USDT/EUR"]);
      vi.advanceTimersByTime(60_000);
    }
    const quote = "quote USDT/USD";
    expect(asked).toEqual(["market USDT/USD", quote, "market USDT/EUR", quote, quote]);
  });
});
