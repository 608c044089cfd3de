/** Random answers that Binance's documents allow: each number arrives exact, and no item is lost. */
import fc from "fast-check";
import { describe, it } from "vitest";
import * as binanceWallet from "../../../connectors/ccxt/binance/activities.ts";
import * as binance from "../../../connectors/ccxt/binance/map.ts";
import { listedOrder } from "../../../connectors/listed-item.ts";
import * as schemas from "../../../src/protocol/schemas.ts";
import {
  ANY,
  COUNT,
  ID,
  MORE,
  POSITIVE,
  SHORT,
  SIDE,
  SIGNED,
  type Stated,
  isAboveZero,
  maybe,
  negative,
  present,
  product,
  sum,
  stateOf,
  tryPayloads,
  unreadable,
  type Kind,
} from "../../support/random-payload.ts";

const upper = (text: string) => text.toUpperCase();

const STATUSES: Readonly<Record<string, string>> = {
  ...{ NEW: "open", PENDING_NEW: "open", PENDING_CANCEL: "open", PARTIALLY_FILLED: "partially_filled" },
  ...{ FILLED: "filled", CANCELED: "cancelled", REJECTED: "rejected", EXPIRED: "expired" },
  EXPIRED_IN_MATCH: "expired",
};

/** Amounts of an order whose average price has few digits. */
const EXECUTED = fc.oneof(
  fc.constant({ filled: "0.00000000", average: undefined, paid: "0.00000000" }),
  fc.tuple(SHORT, SHORT).map(([filled, average]) => ({ filled, average, paid: product(filled, average) })),
);

const ORDER = fc
  .record({
    ...{ id: ID, clientId: ID, status: fc.constantFrom(...Object.keys(STATUSES), "A_STATUS_OF_2031") },
    ...{ side: SIDE, executed: EXECUTED, quantity: ANY, limit: ANY, updated: maybe(COUNT), more: MORE },
  })
  .map(({ id, clientId, status, side, executed, quantity, limit, updated, more }): Stated => {
    const { filled, average, paid } = executed;
    const payload = {
      ...{ ...more, symbol: "BTCUSDT", orderId: id, orderListId: -1, clientOrderId: clientId, side: upper(side) },
      ...{ price: limit, origQty: quantity, executedQty: filled, cummulativeQuoteQty: paid, status },
      ...{ origQuoteOrderQty: "0.0", updateTime: updated?.json ?? updated, isWorking: true, type: "LIMIT" },
    };
    const known = STATUSES[status];
    const names = { venueOrderId: id, clientOrderId: clientId, symbol: "BTC/USDT" };
    if (known === undefined) return { payload, expected: unreadable(names) };
    const expected = present({
      ...{ ...names, status: stateOf(known, filled), filledQuantity: filled, side, averagePrice: average },
      quantity: isAboveZero(quantity) ? quantity : undefined,
      limitPrice: isAboveZero(limit) ? limit : undefined,
      updatedAt: updated?.ms,
    });
    return { payload, expected };
  });

const TRADE = fc
  .record({
    ...{ id: ID, order: ID, side: SIDE, quantity: POSITIVE, price: ANY, fee: SIGNED, asset: maybe(fc.constant("BNB")) },
    ...{ at: COUNT, isMaker: maybe(fc.boolean()), more: MORE },
  })
  .map(({ id, order, side, quantity, price, fee, asset, at, isMaker, more }): Stated => {
    const isFree = asset === undefined || asset === null;
    const payload = {
      ...{ ...more, symbol: "BTCUSDT", id, orderId: order, price, qty: quantity, quoteQty: "1", time: at.json },
      ...{ commission: isFree ? "0.00000000" : fee, commissionAsset: asset, isBuyer: side === "buy", isMaker },
    };
    const expected = present({
      ...{ fillId: id, venueOrderId: order, symbol: "BTC/USDT", side, quantity, price, timestamp: at.ms },
      ...(!isFree && { fee, feeCurrency: asset }),
      liquidity: typeof isMaker === "boolean" ? (isMaker ? "maker" : "taker") : undefined,
    });
    return { payload, expected };
  });

const EVENT = fc
  .record({
    ...{
      type: fc.constantFrom("TRADE", "NEW", "CANCELED", "TRADE_PREVENTION", "A_TYPE_OF_2031"),
      trade: ID,
      order: ID,
    },
    ...{ clientId: ID, original: fc.constantFrom("", "null", "web_9"), side: SIDE, quantity: POSITIVE, price: ANY },
    ...{ fee: SIGNED, asset: maybe(fc.constant("BNB")), at: COUNT, isMaker: fc.boolean(), more: MORE },
    isAllocation: fc.boolean(),
  })
  .map((event): Stated => {
    const { type, trade, order, clientId, original, side, quantity, price, fee, asset, at, isMaker, more } = event;
    const { isAllocation } = event;
    const payload = {
      ...{ ...more, e: "executionReport", E: at.json, s: "BTCUSDT", c: clientId, S: upper(side), o: "LIMIT", x: type },
      ...{
        C: original,
        i: order,
        l: quantity,
        L: price,
        n: asset ? fee : "0",
        N: asset,
        T: at.json,
        m: isMaker,
      },
      // The trades of Smart Order Routing all have the id -1.
      ...(isAllocation ? { t: "-1", a: trade, b: "ONE_PARTY_TRADE_REPORT", k: "SOR", uS: true } : { t: trade }),
    };
    const expected = present({
      ...{
        fillId: isAllocation ? `allocation ${trade}` : trade,
        venueOrderId: order,
        clientOrderId: original === "web_9" ? original : clientId,
      },
      ...{ symbol: "BTC/USDT", side, quantity, price, timestamp: at.ms, liquidity: isMaker ? "maker" : "taker" },
      ...(asset && { fee, feeCurrency: asset }),
    });
    return { payload, expected: type === "TRADE" ? expected : undefined };
  });

const BALANCES = fc.array(fc.record({ free: ANY, locked: ANY, more: MORE }), { maxLength: 4 }).map((all): Stated => ({
  payload: { balances: all.map(({ free, locked, more }, index) => ({ ...more, asset: `C${index}`, free, locked })) },
  expected: all.map(({ free, locked }, index) => ({ asset: `C${index}`, free, total: sum(free, locked) })),
}));

const QUOTE = fc
  .record({ bid: ANY, ask: ANY, bidSize: maybe(ANY), askSize: maybe(ANY), last: maybe(ANY), at: COUNT, more: MORE })
  .map(({ bid, ask, bidSize, askSize, last, at, more }): Stated => {
    const prices = { bidPrice: bid, askPrice: ask, bidQty: bidSize, askQty: askSize, lastPrice: last };
    const expected = { symbol: "BTC/USDT", bid, ask, timestamp: at.ms, bidSize, askSize, last };
    return { payload: { ...more, ...prices, openTime: 1, closeTime: at.json }, expected: present(expected) };
  });

const WITHDRAWAL = fc
  .record({
    ...{
      id: ID,
      amount: POSITIVE,
      fee: ANY,
      status: fc.integer({ min: 0, max: 6 }),
      wallet: maybe(fc.integer({ max: 1, min: 0 })),
    },
    ...{ seconds: fc.integer({ min: 946_684_800, max: 4_102_444_799 }), more: MORE },
  })
  .map(({ id, amount, fee, status, wallet, seconds, more }): Stated => {
    const applyTime = new Date(seconds * 1_000).toISOString().slice(0, 19).replace("T", " ");
    const payload = { ...more, id, amount, transactionFee: fee, coin: "USDT", status, applyTime, walletType: wallet };
    const common = { timestamp: seconds * 1_000, currency: "USDT" };
    const paid = { id: `withdrawal ${id}`, kind: "withdrawal", amount: negative(amount), ...common };
    const charged = { id: `withdrawal ${id} fee`, kind: "fee", amount: negative(fee), ...common };
    const all = isAboveZero(fee) ? [paid, charged] : [paid];
    return { payload, expected: status === 6 && wallet !== 1 ? all : [] };
  });

const DEPOSIT = fc
  .record({
    ...{ id: ID, amount: POSITIVE, status: fc.constantFrom(0, 1, 2, 6, 7, 8), at: COUNT, more: MORE },
    wallet: maybe(fc.integer({ min: 0, max: 1 })),
  })
  .map(({ id, amount, status, at, more, wallet }): Stated => {
    const payload = {
      ...more,
      id,
      amount,
      coin: "BNB",
      status,
      insertTime: at.json,
      walletType: wallet,
      transferType: 0,
    };
    const found = { id: `deposit ${id}`, kind: "deposit", timestamp: at.ms, amount, currency: "BNB" };
    return { payload, expected: (status === 1 || status === 6) && wallet !== 1 ? [found] : [] };
  });

const DISTRIBUTION = fc
  .record({ id: ID, amount: POSITIVE, at: COUNT, words: maybe(fc.constantFrom("", "BNB Vault")), more: MORE })
  .map(({ id, amount, at, words, more }): Stated => {
    const of = { id: `distribution ${id}`, kind: "interest", timestamp: at.ms, amount, currency: "BNB" };
    return {
      payload: { ...more, id, amount, asset: "BNB", divTime: at.json, enInfo: words, tranId: "1" },
      expected: present({ ...of, note: words === "" ? undefined : words }),
    };
  });

const REPORT = fc
  .record({
    ...{ order: ID, clientId: ID, side: SIDE, executed: EXECUTED, quantity: ANY, limit: ANY, at: COUNT, more: MORE },
    ...{
      status: fc.constantFrom(...Object.keys(STATUSES)),
      words: fc.constantFrom("NONE", "", "INSUFFICIENT_BALANCES"),
    },
  })
  .map(({ order, clientId, side, executed, quantity, limit, at, more, status, words }): Stated => {
    const { filled, average, paid } = executed;
    const payload = {
      ...{ ...more, e: "executionReport", E: at.json, s: "BTCUSDT", c: clientId, C: "", S: upper(side), X: status },
      ...{ r: words, i: order, z: filled, Z: paid, p: limit, q: quantity, T: at.json, Q: "0.00000000" },
    };
    const expected = present({
      ...{ venueOrderId: order, clientOrderId: clientId, status: stateOf(STATUSES[status] ?? "", filled) },
      ...{ filledQuantity: filled, symbol: "BTC/USDT", side, averagePrice: average, updatedAt: at.ms },
      quantity: isAboveZero(quantity) ? quantity : undefined,
      limitPrice: isAboveZero(limit) ? limit : undefined,
      reason: words === "INSUFFICIENT_BALANCES" ? words : undefined,
    });
    return { payload, expected };
  });

const STREAMED = fc
  .record({ bid: ANY, ask: ANY, bidSize: maybe(ANY), askSize: maybe(ANY), last: maybe(ANY), at: COUNT, more: MORE })
  .map(({ bid, ask, bidSize, askSize, last, at, more }): Stated => {
    const payload = {
      ...more,
      e: "24hrTicker",
      E: at.json,
      s: "BTCUSDT",
      b: bid,
      a: ask,
      B: bidSize,
      A: askSize,
      c: last,
    };
    return { payload, expected: present({ symbol: "BTC/USDT", bid, ask, timestamp: at.ms, bidSize, askSize, last }) };
  });

const MARKET = fc
  .record({
    ...{ tick: ANY, step: ANY, least: ANY, most: ANY, marketStep: ANY, notional: ANY, isOld: fc.boolean(), more: MORE },
    ...{ status: fc.constantFrom("TRADING", "HALT", "A_STATUS_OF_2031"), isAllowed: maybe(fc.boolean()) },
    types: fc.subarray(["LIMIT", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "LIMIT_MAKER", "A_TYPE_OF_2031"]),
  })
  .map(({ tick, step, least, most, marketStep, notional, isOld, more, status, isAllowed, types }): Stated => {
    const payload = {
      ...{ ...more, symbol: "BTCUSDT", status, baseAsset: "BTC", quoteAsset: "USDT", orderTypes: types },
      isSpotTradingAllowed: isAllowed,
      filters: [
        { ...more, filterType: "PRICE_FILTER", minPrice: "0", tickSize: tick },
        { filterType: "LOT_SIZE", stepSize: step, minQty: least, maxQty: most },
        { filterType: "MARKET_LOT_SIZE", stepSize: marketStep, minQty: "0" },
        { filterType: isOld ? "MIN_NOTIONAL" : "NOTIONAL", minNotional: notional },
        { filterType: "A_FILTER_OF_2031", stepSize: "9" },
      ],
    };
    const rule = (text: string) => (isAboveZero(text) ? text : undefined);
    const names = { LIMIT: "limit", MARKET: "market", STOP_LOSS: "stop", STOP_LOSS_LIMIT: "stop_limit" };
    const ours = ["MARKET", "LIMIT", "STOP_LOSS", "STOP_LOSS_LIMIT"] as const;
    const expected = present({
      ...{ symbol: "BTC/USDT", currency: "USDT", timesInForce: ["gtc", "ioc", "fok"] },
      orderTypes: ours.filter((type) => types.includes(type)).map((type) => names[type]),
      orderFlags: types.includes("LIMIT_MAKER") ? ["postOnly"] : [],
      tradable: status === "TRADING" && isAllowed !== false,
      ...{ tickSize: rule(tick), lotSize: rule(step), marketLot: rule(marketStep), minQuantity: rule(least) },
      ...{ maxQuantity: rule(most), minNotional: rule(notional) },
    });
    return { payload, expected };
  });

const KINDS: readonly Kind[] = [
  [
    "order",
    ORDER,
    (order) => {
      const { orderId: venueOrderId, clientOrderId } = order;
      const names = { venueOrderId, clientOrderId, symbol: "BTC/USDT" };
      return listedOrder(names, () => binance.reportOf(order, "BTC/USDT"));
    },
    schemas.reportSchema,
  ],
  ["trade", TRADE, (trade) => binance.fillOf(trade, "BTC/USDT"), schemas.fillSchema],
  ["execution report", EVENT, (event) => binance.eventFillOf(event, "BTC/USDT"), schemas.fillSchema],
  ["balances", BALANCES, binance.balancesOf],
  ["ticker", QUOTE, (ticker) => binance.quoteOf("BTC/USDT", ticker), schemas.quoteSchema],
  ["report of the stream", REPORT, (event) => binance.eventReportOf(event, "BTC/USDT"), schemas.reportSchema],
  ["ticker of the stream", STREAMED, (ticker) => binance.streamedQuoteOf("BTC/USDT", ticker), schemas.quoteSchema],
  ["market", MARKET, (symbol) => binance.marketOf(symbol).instrument],
  ["deposit", DEPOSIT, binanceWallet.depositOf, schemas.activitySchema],
  ["distribution", DISTRIBUTION, binanceWallet.distributionOf, schemas.activitySchema],
  ["withdrawal", WITHDRAWAL, binanceWallet.withdrawalOf, schemas.activitySchema],
];

describe("any legal answer of Binance", () => {
  it.each(KINDS as Kind[])("%s arrives exact", (_name, cases, read, shape) => tryPayloads(cases, read, shape));
});
