/** Random answers that Coinbase's documents allow: each number arrives exact, and no item is lost. */
import fc from "fast-check";
import { describe, it } from "vitest";
import * as coinbaseWallets from "../../../connectors/ccxt/coinbase/activities.ts";
import * as coinbase from "../../../connectors/ccxt/coinbase/map.ts";
import { listedFill, listedOrder } from "../../../connectors/listed-item.ts";
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
  type Kind,
} from "../../support/random-payload.ts";

const upper = (text: string) => text.toUpperCase();

const STATUSES: Readonly<Record<string, string>> = {
  ...{ PENDING: "open", QUEUED: "open", OPEN: "open", CANCEL_QUEUED: "open", EDIT_QUEUED: "open", FILLED: "filled" },
  ...{ CANCELLED: "cancelled", EXPIRED: "expired", FAILED: "rejected" },
};
const CONFIGURATIONS = [
  ...["market_market_ioc", "sor_limit_ioc", "limit_limit_gtc", "limit_limit_gtd", "limit_limit_fok"],
  ...["stop_limit_stop_limit_gtc", "trigger_bracket_gtd", "twap_limit_gtd", "a_kind_of_2031"],
];

const ORDER = fc
  .record({
    ...{
      id: ID,
      clientId: maybe(ID),
      side: SIDE,
      filled: ANY,
      average: maybe(ANY),
      size: maybe(ANY),
      limit: maybe(SIGNED),
    },
    ...{ status: fc.constantFrom(...Object.keys(STATUSES), "UNKNOWN_ORDER_STATUS"), more: MORE },
    ...{ kind: fc.constantFrom(...CONFIGURATIONS), words: maybe(fc.constantFrom("", "Insufficient balance")) },
    code: maybe(fc.constantFrom("", "REJECT_REASON_UNSPECIFIED", "INSUFFICIENT_FUNDS")),
  })
  .map((order): Stated => {
    const { id, clientId, side, filled, average, size, limit, status, kind, words, code, more } = order;
    const terms = { ...more, base_size: size, limit_price: limit, quote_size: size === undefined ? "10" : undefined };
    const payload = {
      ...{ ...more, order_id: id, client_order_id: clientId, product_id: "BTC-USD", side: upper(side), status },
      ...{ order_configuration: { [kind]: terms }, filled_size: filled, average_filled_price: average ?? "" },
      ...{
        reject_message: words,
        reject_reason: code,
        cancel_message: "",
        size_in_quote: false,
        fee: "",
        total_fees: "0.1",
      },
    };
    const known = STATUSES[status];
    const names = present({ venueOrderId: id, clientOrderId: clientId });
    if (known === undefined) return { payload, expected: unreadable(names) };
    const positive = (text: string | null | undefined) => (text && isAboveZero(text) ? text : undefined);
    const expected = present({
      ...{ ...names, status: stateOf(known, filled), filledQuantity: filled, symbol: "BTC/USD", side },
      ...{ quantity: positive(size), averagePrice: positive(average), limitPrice: limit },
      reason: words || (code === "INSUFFICIENT_FUNDS" ? code : undefined),
    });
    return { payload, expected };
  });

const EVENT = fc
  .record({
    ...{
      id: ID,
      clientId: maybe(ID),
      side: SIDE,
      filled: ANY,
      left: maybe(ANY),
      average: maybe(ANY),
      limit: maybe(ANY),
    },
    ...{ status: fc.constantFrom(...Object.keys(STATUSES)), at: TIME, more: MORE },
    // Coinbase's messages have each of the two names.
    reason: fc.constantFrom({}, { reject_reason: "" }, { reject_reason: "no money" }, { reject_Reason: "no money" }),
  })
  .map(({ id, clientId, side, filled, left, average, limit, status, at, reason, more }): Stated => {
    const order = {
      ...{ ...more, order_id: id, client_order_id: clientId, product_id: "ETH-EUR", order_side: upper(side), status },
      ...{ cumulative_quantity: filled, leaves_quantity: left, avg_price: average, limit_price: limit ?? "" },
      ...{ cancel_reason: "", ...reason },
    };
    const state = stateOf(STATUSES[status] ?? "", filled);
    const positive = (text: string | null | undefined) => (text && isAboveZero(text) ? text : undefined);
    const isWorking = state === "open" || state === "partially_filled";
    const expected = present({
      ...{ venueOrderId: id, clientOrderId: clientId, status: state, filledQuantity: filled, symbol: "ETH/EUR", side },
      quantity: isWorking && positive(left) ? sum(filled, left ?? "") : undefined,
      ...{ averagePrice: positive(average), limitPrice: positive(limit), updatedAt: at.ms },
      reason: Object.values(reason).find((text) => text !== ""),
    });
    return { payload: [order, { timestamp: at.text }], expected };
  });

const FILL = fc
  .record({
    ...{
      id: ID,
      order: ID,
      side: SIDE,
      size: SHORT,
      price: SHORT,
      fee: maybe(SIGNED),
      at: TIME,
      isMoney: fc.boolean(),
    },
    ...{ type: maybe(fc.constantFrom("FILL", "FILL", "REVERSAL", "CORRECTION", "SYNTHETIC")), more: MORE },
    liquidity: maybe(fc.constantFrom("MAKER", "TAKER", "UNKNOWN_LIQUIDITY_INDICATOR")),
  })
  .map(({ id, order, side, size, price, fee, at, isMoney, type, liquidity, more }): Stated => {
    const payload = {
      ...{ ...more, entry_id: id, trade_id: "t", order_id: order, trade_time: at.text, trade_type: type, price },
      ...{ size: isMoney ? product(size, price) : size, commission: fee, product_id: "BTC-USD", side: upper(side) },
      ...{ size_in_quote: isMoney, liquidity_indicator: liquidity, sequence_timestamp: at.text, user_id: "u" },
    };
    if (type !== "FILL" && type !== undefined && type !== null)
      return { payload, expected: unreadable({ fillId: id, venueOrderId: order }) };
    const roles: Readonly<Record<string, string>> = { MAKER: "maker", TAKER: "taker" };
    const expected = present({
      ...{ fillId: id, venueOrderId: order, symbol: "BTC/USD", side, quantity: size, price, timestamp: at.ms },
      ...(typeof fee === "string" && { fee, feeCurrency: "USD" }),
      liquidity: roles[liquidity ?? ""],
    });
    return { payload, expected };
  });

const BALANCES = fc
  .array(
    fc.record({ asset: fc.constantFrom("BTC", "USD"), free: ANY, held: maybe(ANY), isOther: fc.boolean(), more: MORE }),
  )
  .map((wallets): Stated => {
    const spot = wallets.filter(({ isOther }) => !isOther);
    return {
      payload: wallets.map(({ asset, free, held, isOther, more }) => ({
        ...{ ...more, uuid: "u", currency: asset, available_balance: { value: free, currency: asset } },
        ...{ hold: typeof held === "string" ? { value: held, currency: asset } : held },
        platform: isOther ? "ACCOUNT_PLATFORM_CFM_CONSUMER" : "ACCOUNT_PLATFORM_CONSUMER",
      })),
      expected: [...new Set(spot.map(({ asset }) => asset))].map((asset) => {
        const own = spot.filter((wallet) => wallet.asset === asset);
        const free = sum(...own.map((wallet) => wallet.free));
        return { asset, free, total: sum(free, ...own.map(({ held }) => held ?? "0")) };
      }),
    };
  });

const TYPES: Readonly<Record<string, string>> = {
  ...{ send: "flow", fiat_deposit: "flow", fiat_withdrawal: "flow", pro_withdrawal: "flow", cardspend: "flow" },
  ...{
    buy: "flow",
    sell: "flow",
    interest: "interest",
    staking_reward: "interest",
    transfer: "transfer",
    sweep: "transfer",
  },
  ...{ trade: "adjustment", a_type_of_2031: "adjustment", advanced_trade_fill: "none" },
};

const TRANSACTION = fc
  .record({
    ...{ id: ID, type: fc.constantFrom(...Object.keys(TYPES)), amount: SIGNED, at: TIME, more: MORE },
    status: fc.constantFrom("completed", "completed", "pending", "failed"),
  })
  .map(({ id, type, amount, at, status, more }): Stated => {
    const payload = {
      ...{ ...more, id, type, status, amount: { ...more, amount, currency: "BTC" }, created_at: at.text },
      ...{ native_amount: { amount: "-1", currency: "EUR" }, description: null, resource: "transaction" },
    };
    const kind = TYPES[type] ?? "";
    const flow = amount.startsWith("-") ? "withdrawal" : "deposit";
    const isMoved = isAboveZero(amount) || isAboveZero(negative(amount));
    const found = { id, kind: kind === "flow" ? flow : kind, timestamp: at.ms, amount, currency: "BTC", note: type };
    return { payload, expected: status === "completed" && kind !== "none" && isMoved ? [found] : [] };
  });

const LEVELS = fc.array(fc.record({ price: ANY, size: ANY }), { maxLength: 2 });
const BOOK = fc.record({ bids: LEVELS, asks: LEVELS, at: TIME, more: MORE }).map(({ bids, asks, at, more }): Stated => {
  const [[bid], [ask]] = [bids, asks];
  const expected = present({
    ...{ symbol: "BTC/USD", bid: bid?.price ?? "0", ask: ask?.price ?? "0", timestamp: at.ms },
    ...{ bidSize: bid?.size, askSize: ask?.size },
  });
  return { payload: { ...more, pricebook: { ...more, product_id: "BTC-USD", bids, asks, time: at.text } }, expected };
});

const SIDE_OF_TICKER = maybe(fc.oneof(ANY, fc.constant("")));
const TICKER = fc
  .record({
    bid: SIDE_OF_TICKER,
    ask: SIDE_OF_TICKER,
    bidSize: SIDE_OF_TICKER,
    askSize: SIDE_OF_TICKER,
    last: SIDE_OF_TICKER,
    at: TIME,
    more: MORE,
  })
  .map(({ bid, ask, bidSize, askSize, last, at, more }): Stated => {
    const sides = { best_bid: bid, best_ask: ask, best_bid_quantity: bidSize, best_ask_quantity: askSize };
    const payload = [{ ...more, type: "ticker", product_id: "BTC-USD", price: last, ...sides }, { timestamp: at.text }];
    const expected = present({
      ...{ symbol: "BTC/USD", bid: bid || "0", ask: ask || "0", timestamp: at.ms },
      ...{ bidSize: bidSize || undefined, askSize: askSize || undefined, last: last || undefined },
    });
    return { payload, expected };
  });

const PRODUCT = fc
  .record({
    ...{
      type: fc.constantFrom("SPOT", "FUTURE", "A_TYPE_OF_2031"),
      tick: POSITIVE,
      step: POSITIVE,
      least: ANY,
      cost: ANY,
    },
    ...{
      off: fc.subarray(["is_disabled", "trading_disabled", "cancel_only", "view_only"]),
      isLimit: maybe(fc.boolean()),
    },
    ...{ most: maybe(ANY), mostCost: maybe(ANY), more: MORE },
  })
  .map(({ type, tick, step, least, cost, most, mostCost, off, isLimit, more }): Stated => {
    const payload = {
      ...{ ...more, product_id: "BTC-USD", product_type: type, base_currency_id: "BTC", quote_currency_id: "USD" },
      ...{ price_increment: tick, base_increment: step, base_min_size: least, quote_min_size: cost, price: "" },
      ...{ base_max_size: most, quote_max_size: mostCost },
      ...{ limit_only: isLimit, ...Object.fromEntries(off.map((name) => [name, true])) },
    };
    const largest = (size: string | null | undefined) => (isAboveZero(size ?? "0") ? size : undefined);
    const expected = {
      ...{ symbol: "BTC/USD", currency: "USD", tickSize: tick, lotSize: step, minQuantity: least, minNotional: cost },
      ...present({ maxQuantity: largest(most), maxNotional: largest(mostCost) }),
      ...{ orderTypes: isLimit === true ? ["limit"] : ["market", "limit"], timesInForce: ["gtc", "ioc", "fok"] },
      ...{ orderFlags: ["postOnly"], tradable: off.length === 0 },
    };
    return { payload, expected: type === "SPOT" ? expected : undefined };
  });

const CANDLE = fc
  .record({
    seconds: fc.integer({ min: 946_684_800, max: 4_102_444_799 }),
    open: ANY,
    high: ANY,
    low: ANY,
    close: ANY,
    volume: ANY,
  })
  .map(({ seconds, ...prices }): Stated => ({
    payload: { start: String(seconds), ...prices },
    expected: { symbol: "BTC/USD", timestamp: seconds * 1_000, ...prices },
  }));

const KINDS: readonly Kind[] = [
  [
    "order",
    ORDER,
    (order) => {
      const names = { venueOrderId: order.order_id, clientOrderId: order.client_order_id };
      return listedOrder(names, () => coinbase.reportOf(order));
    },
    schemas.reportSchema,
  ],
  ["order of the stream", EVENT, ([order, whole]) => coinbase.eventReportOf(order, whole), schemas.reportSchema],
  [
    "fill",
    FILL,
    (fill) => listedFill({ fillId: fill.entry_id, venueOrderId: fill.order_id }, () => coinbase.fillOf(fill)),
    schemas.fillSchema,
  ],
  ["book", BOOK, (answer) => coinbase.quoteOf("BTC/USD", answer), schemas.quoteSchema],
  ["ticker", TICKER, ([ticker, whole]) => coinbase.streamedQuoteOf(ticker, whole), schemas.quoteSchema],
  ["product", PRODUCT, (product) => coinbase.marketOf(product)?.instrument],
  ["candle", CANDLE, (candle) => coinbase.barOf("BTC/USD", candle)],
  ["balances", BALANCES, coinbase.balancesOf],
  ["transaction", TRANSACTION, coinbaseWallets.activitiesOf, schemas.activitySchema],
];

describe("any legal answer of Coinbase", () => {
  it.each(KINDS as Kind[])("%s arrives exact", (_name, cases, read, shape) => tryPayloads(cases, read, shape));
});
