/** Random answers that Kraken's documents allow: each number arrives exact, and no item is lost. */
import fc from "fast-check";
import { describe, it } from "vitest";
import * as krakenLedger from "../../../connectors/ccxt/kraken/activities.ts";
import * as kraken from "../../../connectors/ccxt/kraken/map.ts";
import { fillsIn, tradeOf } from "../../../connectors/ccxt/kraken/trades.ts";
import type { Market } from "../../../connectors/ccxt/venue.ts";
import { listedActivities, listedFill, listedOrder } from "../../../connectors/listed-item.ts";
import * as schemas from "../../../src/protocol/schemas.ts";
import {
  ANY,
  ID,
  MORE,
  POSITIVE,
  SHORT,
  SIDE,
  SIGNED,
  type Stated,
  TIME,
  isAboveZero,
  maybe,
  negative,
  present,
  product,
  sum,
  stateOf,
  tryPayloads,
  unreadable,
  written,
  type Kind,
} from "../../support/random-payload.ts";

const STATUSES = fc.constantFrom("pending", "open", "closed", "canceled", "expired", "a_status_of_2031");

/** Seconds with decimals, and the nearest millisecond. */
const SECONDS = fc
  .tuple(
    fc.integer({ min: 946_684_800, max: 4_102_444_799 }),
    fc.integer({ min: 0, max: 999 }),
    fc.constantFrom("", "4", "1234"),
  )
  .map(([seconds, millis, more]) => ({
    ms: seconds * 1_000 + millis,
    text: `${seconds}.${String(millis).padStart(3, "0")}${more}`,
  }));

const ORDER = fc
  .record({
    ...{ id: ID, clientId: maybe(ID), status: STATUSES, side: SIDE, filled: SHORT, left: ANY, average: SHORT },
    ...{
      isByMoney: fc.boolean(),
      isInCoins: fc.boolean(),
      isUntouched: fc.boolean(),
      limit: SIGNED,
      ended: maybe(SECONDS),
      more: MORE,
    },
    type: fc.constantFrom(
      "market",
      "limit",
      "iceberg",
      "stop-loss",
      "take-profit-limit",
      "trailing-stop",
      "a-type-of-2031",
    ),
  })
  .map((order): Stated => {
    const { id, clientId, status, side, left, average, isByMoney, isUntouched, limit, ended, type, more } = order;
    const { isInCoins } = order;
    const filled = isUntouched ? "0.00000000" : order.filled;
    const money = isUntouched ? "0" : product(filled, average);
    const total = isByMoney ? sum(money, left) : sum(filled, left);
    const [price, price2] =
      type === "take-profit-limit" ? ["1", limit] : [type.startsWith("trailing") ? "+5%" : limit, "0"];
    const payload = {
      ...{ ...more, refid: null, userref: 0, cl_ord_id: clientId, status, opentm: "1616665496.7808" },
      ...{ descr: { ...more, pair: "XBTUSD", type: side, ordertype: type, price, price2, leverage: "none" } },
      ...{
        vol: total,
        vol_exec: isByMoney && !isInCoins ? money : filled,
        cost: money,
        fee: "0.1",
        price: isUntouched ? "0" : average,
      },
      ...{ oflags: isByMoney ? "fciq,viqc" : "fciq", closetm: ended?.text ?? ended, reason: null, trades: ["T-1"] },
    };
    const names = { venueOrderId: id, clientOrderId: clientId, symbol: "BTC/USD" };
    if (status === "a_status_of_2031") return { payload, expected: unreadable(present(names)) };
    // Kraken closes an order by money when it has spent it, but for a rest that buys nothing.
    const isAll = isByMoney ? !isUntouched : !isAboveZero(left);
    const end = { closed: isAll ? "filled" : "cancelled", canceled: "cancelled", expired: "expired" };
    const state = (end as Readonly<Record<string, string>>)[status] ?? stateOf("open", filled);
    const expected = present({
      ...{ ...names, status: state, filledQuantity: filled, side, averagePrice: isUntouched ? undefined : average },
      quantity: !isByMoney && isAboveZero(total) ? total : undefined,
      // A sign makes it relative to another price.
      limitPrice:
        ["limit", "iceberg", "take-profit-limit"].includes(type) && !limit.startsWith("-") ? limit : undefined,
      updatedAt: ended?.ms,
    });
    return { payload, expected };
  });

const TRADE = fc
  .record({
    ...{ id: ID, order: ID, side: SIDE, quantity: POSITIVE, price: ANY, fee: SIGNED, at: SECONDS },
    ...{ isMaker: maybe(fc.boolean()), margin: maybe(ANY), more: MORE },
  })
  .map(({ id, order, side, quantity, price, fee, at, isMaker, margin, more }): Stated => {
    const payload = {
      ...{ ...more, ordertxid: order, postxid: "P", pair: "XXBTZUSD", type: side, ordertype: "limit", price, fee },
      ...{ time: at.text, cost: "1", vol: quantity, margin, misc: "", trade_id: 40_274_859, maker: isMaker },
    };
    const expected = present({
      ...{ fillId: id, venueOrderId: order, symbol: "BTC/USD", side, quantity, price, timestamp: at.ms },
      ...{ fee, feeCurrency: "USD" },
      liquidity: typeof isMaker === "boolean" ? (isMaker ? "maker" : "taker") : undefined,
    });
    // A trade on margin moves no coin.
    return { payload: [id, payload], expected: isAboveZero(margin ?? "0") ? undefined : expected };
  });

const EXECUTION = fc
  .record({
    ...{ type: fc.constantFrom("trade", "filled", "new", "amended", "a_type_of_2031"), id: ID, order: ID, side: SIDE },
    ...{ quantity: written(POSITIVE), price: written(ANY), fee: written(SIGNED), clientId: maybe(ID), at: TIME },
    ...{ fees: fc.integer({ min: 0, max: 2 }), liquidity: maybe(fc.constantFrom("m", "t", "x")), more: MORE },
    isOnMargin: maybe(fc.boolean()),
  })
  .map((event): Stated => {
    const { type, id, order, side, quantity, price, fee, clientId, at, fees, liquidity, isOnMargin, more } = event;
    const charged = ["USD", "KFEE"].slice(0, fees).map((asset) => ({ asset, qty: fee.json }));
    const payload = {
      ...{
        ...more,
        exec_type: type,
        exec_id: id,
        trade_id: 7,
        order_id: order,
        cl_ord_id: clientId,
        symbol: "BTC/USD",
      },
      ...{ side, last_qty: quantity.json, last_price: price.json, timestamp: at.text, liquidity_ind: liquidity },
      ...{ fees: charged, fee_usd_equiv: "0.1", order_status: "partially_filled", cum_qty: "1" },
      ...{ margin: true, margin_borrow: isOnMargin },
    };
    if (type !== "trade" || isOnMargin === true) return { payload, expected: undefined };
    if (fees === 2) return { payload, expected: unreadable({ fillId: id }) };
    const roles: Readonly<Record<string, string>> = { m: "maker", t: "taker" };
    const expected = present({
      ...{ fillId: id, venueOrderId: order, clientOrderId: clientId, symbol: "BTC/USD", side },
      ...{ quantity: quantity.text, price: price.text, timestamp: at.ms, liquidity: roles[liquidity ?? ""] },
      ...(fees === 1 && { fee: fee.text, feeCurrency: "USD" }),
    });
    return { payload, expected };
  });

const BALANCES = fc
  .record({
    ...{ xbt: ANY, old: ANY, held: maybe(ANY), usd: ANY, credit: maybe(ANY), used: maybe(ANY), more: MORE },
  })
  .map(({ xbt, old, held, usd, credit, used, more }): Stated => {
    const hold = held ?? "0";
    return {
      payload: {
        XXBT: { ...more, balance: xbt, hold_trade: held },
        XBT: { ...more, balance: old },
        ZUSD: { ...more, balance: usd, hold_trade: "0.0000", credit, credit_used: used },
      },
      expected: [
        { asset: "BTC", total: sum(xbt, old), free: sum(xbt, old, negative(hold)) },
        { asset: "USD", total: usd, free: sum(usd, credit ?? "0", negative(used ?? "0")) },
      ].filter(({ total }) => isAboveZero(total)),
    };
  });

const TYPES: Readonly<Record<string, string>> = {
  ...{ deposit: "flow", withdrawal: "flow", transfer: "transfer", staking: "interest", reward: "interest" },
  ...{ dividend: "dividend", rollover: "fee", spend: "adjustment", receive: "adjustment", adjustment: "adjustment" },
  ...{ conversion: "adjustment", a_type_of_2031: "adjustment", margin: "adjustment", settled: "adjustment" },
  trade: "none",
};

const ENTRY = fc
  .record({
    ...{ type: fc.constantFrom(...Object.keys(TYPES)), id: ID, amount: SIGNED, fee: SIGNED, at: SECONDS },
    ...{ subtype: maybe(fc.constantFrom("spottofutures", "a_subtype_of_2031", "")), more: MORE },
  })
  .map(({ type, id, amount, fee, at, subtype, more }): Stated => {
    const payload = {
      ...{
        ...more,
        aclass: "currency",
        amount,
        asset: "ZUSD",
        balance: "1",
        fee,
        refid: "R",
        time: at.text,
        type,
        subtype,
      },
    };
    const kind = TYPES[type] ?? "";
    const flow = amount.startsWith("-") ? "withdrawal" : "deposit";
    const note = [type, subtype].filter((word) => word !== undefined && word !== null && word !== "").join(" ");
    const common = { timestamp: at.ms, currency: "USD", note };
    const isMoved = isAboveZero(amount) || isAboveZero(negative(amount));
    const isCharged = isAboveZero(fee) || isAboveZero(negative(fee));
    const all = [
      ...(isMoved ? [{ id, kind: kind === "flow" ? flow : kind, amount, ...common }] : []),
      ...(isCharged ? [{ id: `${id} fee`, kind: "fee", amount: negative(fee), ...common }] : []),
    ];
    return { payload: [id, payload], expected: kind === "none" ? [] : all };
  });

const COINS = new Map([
  ["XXBT", "BTC"],
  ["ZUSD", "USD"],
]);

const NOW = 1_800_000_000_000;
const TICKER = fc
  .record({ bid: ANY, ask: ANY, bidSize: ANY, askSize: ANY, last: ANY, more: MORE })
  .map(({ bid, ask, bidSize, askSize, last, more }): Stated => {
    const payload = { ...more, a: [ask, "9", askSize], b: [bid, "9", bidSize], c: [last, "9"], v: ["1", "2"], o: "1" };
    const times = { timestamp: NOW, timeSource: "received" };
    return { payload, expected: { symbol: "BTC/USD", bid, ask, bidSize, askSize, last, ...times } };
  });

const STREAMED = fc
  .record({
    ...{ bid: written(ANY), ask: written(ANY), bidSize: written(ANY), askSize: written(ANY), last: written(ANY) },
    ...{ at: maybe(TIME), more: MORE },
  })
  .map(({ bid, ask, bidSize, askSize, last, at, more }): Stated => {
    const payload = {
      ...{ ...more, symbol: "BTC/USD", bid: bid.json, bid_qty: bidSize.json, ask: ask.json, ask_qty: askSize.json },
      ...{ last: last.json, volume: "1", change_pct: -0.5, timestamp: at?.text ?? at },
    };
    const texts = { bid: bid.text, ask: ask.text, bidSize: bidSize.text, askSize: askSize.text, last: last.text };
    return { payload, expected: at ? { symbol: "BTC/USD", ...texts, timestamp: at.ms } : undefined };
  });

const PAIR = fc
  .record({
    ...{ tick: maybe(POSITIVE), decimals: fc.integer({ min: 0, max: 10 }), lot: fc.integer({ min: 0, max: 10 }) },
    ...{ least: ANY, cost: maybe(ANY), status: maybe(fc.constantFrom("online", "cancel_only", "a_status_of_2031")) },
    more: MORE,
  })
  .map(({ tick, decimals, lot, least, cost, status, more }): Stated => {
    const payload = {
      ...{
        ...more,
        altname: "XBTUSD",
        wsname: "XBT/USD",
        base: "XXBT",
        quote: "ZUSD",
        pair_decimals: decimals,
        status,
      },
      ...{ lot_decimals: lot, tick_size: tick, ordermin: least, costmin: cost, fees: [["0", "0.26"]] },
    };
    const expected = present({
      ...{ symbol: "BTC/USD", currency: "USD", orderTypes: ["market", "limit", "stop", "stop_limit"] },
      ...{ timesInForce: ["gtc", "ioc"], orderFlags: ["postOnly"], tickSize: tick ?? `1e-${decimals}` },
      ...{ lotSize: `1e-${lot}`, minQuantity: least, minNotional: cost },
      tradable: status === undefined || status === null || status === "online",
    });
    return { payload, expected };
  });

const BAR = fc
  .record({
    seconds: fc.integer({ min: 946_684_800, max: 4_102_444_799 }),
    open: ANY,
    high: ANY,
    low: ANY,
    close: ANY,
    volume: ANY,
  })
  .map(({ seconds, open, high, low, close, volume }): Stated => {
    const payload = [seconds, open, high, low, close, "1", volume, 7];
    return { payload, expected: { symbol: "BTC/USD", timestamp: seconds * 1_000, open, high, low, close, volume } };
  });

const KINDS: readonly Kind[] = [
  [
    "order",
    ORDER.map(({ payload, expected }) => ({ payload: [(expected as any).venueOrderId, payload], expected })),
    ([venueOrderId, order]) => {
      const names = { venueOrderId, clientOrderId: order.cl_ord_id, symbol: "BTC/USD" };
      return listedOrder(names, () => kraken.reportOf(venueOrderId, order, "BTC/USD"));
    },
    schemas.reportSchema,
  ],
  [
    "trade",
    TRADE,
    ([id, trade]) => fillsIn([tradeOf(id, trade, { symbol: "BTC/USD", quote: "USD" } as Market)], 0)[0],
    schemas.fillSchema,
  ],
  [
    "execution",
    EXECUTION,
    (event) => listedFill({ fillId: event.exec_id }, () => kraken.eventFillOf(event)),
    schemas.fillSchema,
  ],
  ["ticker", TICKER, (ticker) => kraken.quoteOf("BTC/USD", ticker, NOW), schemas.quoteSchema],
  ["ticker of the stream", STREAMED, kraken.streamedQuoteOf, schemas.quoteSchema],
  ["pair", PAIR, (pair) => kraken.marketOf("XXBTZUSD", pair)?.instrument],
  ["bar", BAR, (entry) => kraken.barOf("BTC/USD", entry)],
  ["balances", BALANCES, (balances) => kraken.balancesOf(balances, COINS)],
  [
    "entry of the ledger",
    ENTRY,
    ([id, entry]) =>
      listedActivities(id, () => krakenLedger.activitiesOf(id, entry, (asset) => COINS.get(asset) ?? asset)),
    schemas.activitySchema,
  ],
];

describe("any legal answer of Kraken", () => {
  it.each(KINDS as Kind[])("%s arrives exact", (_name, cases, read, shape) => tryPayloads(cases, read, shape));
});
