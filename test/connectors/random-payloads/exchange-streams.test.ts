/** Random sequences of streams: twice, in another order, of unknown kinds. The fills are those that were made. */
import fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { BINANCE } from "../../../connectors/ccxt/binance/venue.ts";
import { COINBASE } from "../../../connectors/ccxt/coinbase/venue.ts";
import { KRAKEN } from "../../../connectors/ccxt/kraken/venue.ts";
import type { Profile } from "../../../connectors/ccxt/venue.ts";
import { type Reply, openVenue } from "../../support/ccxt-session.ts";
import { MORE, POSITIVE, RUNS, SEED, SHORT, comparable, received, sum, written } from "../../support/random-payload.ts";

afterEach(() => void vi.unstubAllGlobals());

const TRADES = fc.uniqueArray(
  fc.record({ id: fc.bigInt({ min: 10n ** 18n, max: 2n ** 63n - 1n }).map(String), quantity: SHORT, price: POSITIVE }),
  { minLength: 1, maxLength: 5, selector: ({ id }) => id },
);
type Trade = { readonly id: string; readonly quantity: string; readonly price: string };

const STREAM = TRADES.chain((trades) =>
  fc.record({
    trades: fc.constant(trades),
    ...{ more: MORE, written: fc.tuple(...trades.map(({ price }) => written(fc.constant(price)))) },
    // Which message comes, by the number of trades that it has seen; twice, and in any order.
    order: fc
      .shuffledSubarray([...trades.keys(), ...trades.keys()], { minLength: trades.length })
      .map((some) => [...trades.keys(), ...some]),
    isShuffled: fc.boolean(),
    others: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
  }),
);

type Case = typeof STREAM extends fc.Arbitrary<infer T> ? T : never;

interface Exchange {
  readonly profile: Profile;
  readonly message: (one: Case, index: number) => unknown;
  readonly others: readonly unknown[];
  /** `seen`: how many trades the exchange has made. */
  readonly reply: (path: string, trades: readonly Trade[]) => unknown;
}

const AT = 1_760_000_000_000;
const upTo = (trades: readonly Trade[], index: number) => sumOf(trades.slice(0, index + 1));
const sumOf = (trades: readonly Trade[]) => plain(sum(...trades.map(({ quantity }) => quantity)));
/** `123e-2` as `1.23`. */
function plain(text: string): string {
  const [units = "0", exponent = "0"] = text.split("e");
  const places = -Number(exponent);
  const digits = units.padStart(places + 1, "0");
  return places <= 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

const EXCHANGES: Readonly<Record<string, Exchange>> = {
  Binance: {
    profile: BINANCE,
    message: ({ trades, more, written: prices }, index) => ({
      subscriptionId: 0,
      event: {
        ...{
          ...more,
          e: "executionReport",
          E: AT,
          s: "BTCUSDT",
          c: "q-1",
          S: "BUY",
          o: "LIMIT",
          f: "GTC",
          q: "900000",
        },
        ...{ p: "0.00000000", C: "", x: "TRADE", X: "PARTIALLY_FILLED", r: "NONE", i: "12345678901234567", m: false },
        ...{ l: trades[index]?.quantity, z: upTo(trades, index), L: prices[index]?.json, n: "0", N: null, T: AT },
        ...{ t: trades[index]?.id, Z: "1.0" },
      },
    }),
    others: [
      { event: { e: "outboundAccountPosition", E: AT, u: AT, B: [{ a: "BTC", f: "1.0", l: "0.0" }] } },
      { event: { e: "balanceUpdate", E: AT, a: "BTC", d: "-100.00000000", T: AT } },
      { event: { e: "listStatus", E: AT, s: "BTCUSDT", g: "2", O: [{ s: "BTCUSDT", i: "17", c: "x" }] } },
      { event: { e: "eventOf2031", E: AT } },
      { result: null, id: "other" },
    ],
    reply: (path) =>
      path === "exchangeInfo"
        ? { symbols: [{ symbol: "BTCUSDT", baseAsset: "BTC", quoteAsset: "USDT", orderTypes: [], filters: [] }] }
        : {},
  },
  Kraken: {
    profile: KRAKEN,
    message: ({ trades, more, written: prices }, index) => ({
      ...{ channel: "executions", type: "update", sequence: index },
      data: [
        {
          ...{
            ...more,
            exec_type: "trade",
            exec_id: trades[index]?.id,
            order_id: "O-1",
            symbol: "BTC/USDT",
            side: "buy",
          },
          ...{ last_qty: trades[index]?.quantity, last_price: prices[index]?.json, liquidity_ind: "t", fees: [] },
          ...{ timestamp: "2025-10-09T08:53:20.000000001Z", cum_qty: upTo(trades, index), order_status: "new" },
        },
        { ...more, exec_type: "status", order_id: "O-1", timestamp: "2025-10-09T08:53:20Z" },
      ],
    }),
    others: [
      { channel: "heartbeat" },
      { channel: "status", type: "update", data: [{ system: "online" }] },
      { channel: "balances", type: "snapshot", data: [{ asset: "BTC", balance: 1.2 }] },
      { channel: "executions", type: "update", data: [{ exec_type: "pending_new", order_id: "O-1" }] },
      { channel: "executions", type: "update", data: [{ exec_type: "type_of_2031", order_id: "O-1" }] },
    ],
    reply: () => ({ error: [], result: {} }),
  },
  Coinbase: {
    profile: COINBASE,
    message: ({ trades, more }, index) => ({
      ...{ channel: "user", client_id: "", timestamp: "2025-10-09T08:53:20.123456789Z", sequence_num: index },
      events: [
        {
          type: index === 0 ? "snapshot" : "update",
          orders: [
            {
              ...{ ...more, order_id: "O-1", client_order_id: "q-1", product_id: "BTC-USDT", order_side: "BUY" },
              ...{ cumulative_quantity: upTo(trades, index), leaves_quantity: "1", avg_price: "", status: "OPEN" },
            },
          ],
          positions: {},
        },
      ],
    }),
    others: [
      { channel: "heartbeats", events: [{ heartbeat_counter: 3 }] },
      { channel: "subscriptions", events: [{ subscriptions: { heartbeats: ["heartbeats"] } }] },
      { channel: "channel_of_2031", events: [{}] },
      { channel: "user", events: [{ type: "update", orders: [] }] },
      { channel: "user", events: [{ type: "update" }] },
    ],
    reply: (path, trades) =>
      path.endsWith("fills")
        ? {
            fills: trades.toReversed().map(({ id, quantity, price }) => ({
              ...{ entry_id: id, trade_id: "t", order_id: "O-1", product_id: "BTC-USDT", side: "BUY", size: quantity },
              ...{ price, trade_time: "2025-10-09T08:53:20Z", commission: "", size_in_quote: false },
            })),
            cursor: "",
          }
        : { epochMillis: String(AT), iso: "" },
  },
};

it.each(Object.entries(EXCHANGES))(
  "any sequence of %s's stream gives every fill with each digit",
  async (_name, at) => {
    const property = fc.asyncProperty(STREAM, async (one) => {
      const { trades, order, others } = one;
      let made = 0;
      const reply = ({ path }: { readonly path: string }): Reply => ({ body: at.reply(path, trades.slice(0, made)) });
      const stub = (name: string, value: unknown): void => void vi.stubGlobal(name, value);
      const { venue } = openVenue(stub, { profile: at.profile, environment: "live", reply });
      const indexes = one.isShuffled ? order.toReversed() : order;
      const messages = indexes.map((index) => ({ made: index + 1, payload: at.message(one, index) }));
      for (const other of others) messages.splice(other, 0, { made: 0, payload: at.others[other] });
      const book = new Map<string, object>();
      for (const message of messages) {
        made = Math.max(made, message.made);
        const step = await venue.trading?.read(received(message.payload));
        if (step?.kind !== "events") continue;
        expect(step.failure).toBeUndefined();
        for (const fill of step.fills) {
          const { fillId, quantity, price, symbol, side } = fill as never as Record<string, string>;
          book.set(fillId ?? "", { quantity, price, symbol, side });
        }
      }
      const expected = trades.map(({ id, quantity, price }) => [
        id,
        { quantity, price, symbol: "BTC/USDT", side: "buy" },
      ]);
      expect(comparable(Object.fromEntries(book))).toEqual(comparable(Object.fromEntries(expected)));
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
  },
);
