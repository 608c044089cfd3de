/** Each connector's lists: a fill, trade or activity that cannot be read is listed as such, and the others with it. */
import { afterEach, expect, it, vi } from "vitest";
import { listedActivitiesOf, listedFillOf } from "../../connectors/alpaca/activities.ts";
import type { ActivityEvent } from "../../connectors/alpaca/wire.ts";
import { BINANCE } from "../../connectors/ccxt/binance/venue.ts";
import { COINBASE } from "../../connectors/ccxt/coinbase/venue.ts";
import { marketOf } from "../../connectors/ccxt/kraken/map.ts";
import { KRAKEN } from "../../connectors/ccxt/kraken/venue.ts";
import type { Profile, TradingVenue } from "../../connectors/ccxt/venue.ts";
import { sinceInOrder } from "../../connectors/listed-item.ts";
import { openVenue } from "../support/ccxt-session.ts";

afterEach(() => void vi.unstubAllGlobals());

const AT = 1_760_000_000_000;
const ISO = new Date(AT).toISOString();
const UNREAD = { status: "unknown" };
const kraken = (result: object) => ({ error: [], result });

const SYMBOL = {
  symbol: "BTCUSDT",
  baseAsset: "BTC",
  quoteAsset: "USDT",
  status: "TRADING",
  orderTypes: [],
  filters: [],
};
const BINANCE_TRADE = { id: 1, orderId: 5, price: "2", qty: "1", commission: "0", time: AT, isBuyer: true };
const DEPOSIT = { id: "1", status: 1, insertTime: AT, amount: "0.5", coin: "BTC" };
const PAIR = {
  ...{ wsname: "XBT/USD", altname: "XBTUSD", base: "XXBT", quote: "ZUSD", tick_size: "0.1", lot_decimals: "8" },
  ...{ ordermin: "0.0001", status: "online" },
};
const KRAKEN_TRADE = {
  ordertxid: "O",
  pair: "XXBTZUSD",
  type: "buy",
  vol: "1",
  price: "2",
  time: AT / 1_000,
  fee: "0",
};
const LEDGER = { type: "deposit", asset: "ZUSD", amount: "5", fee: "0", time: AT / 1_000 };
const COINBASE_FILL = {
  ...{ entry_id: "e1", order_id: "o", product_id: "BTC-USD", side: "BUY", size: "1", price: "2", trade_time: ISO },
};
const TRANSACTION = {
  ...{ id: "t1", type: "fiat_deposit", status: "completed", created_at: ISO },
  amount: { amount: "5", currency: "USD" },
};

const ANSWERS: readonly (readonly [
  name: string,
  profile: Profile,
  answers: object,
  fills: object,
  activities: object,
])[] = [
  [
    "Binance",
    BINANCE,
    {
      ...{ time: { serverTime: AT }, exchangeInfo: { symbols: [SYMBOL] }, "asset/assetDividend": { rows: [] } },
      myTrades: [BINANCE_TRADE, { ...BINANCE_TRADE, id: 2, isBuyer: "?" }, { ...BINANCE_TRADE, id: 3, time: null }],
      "capital/deposit/hisrec": [DEPOSIT, { ...DEPOSIT, id: "2", amount: "half" }],
    },
    [
      { fillId: "2", ...UNREAD, symbol: "BTC/USDT", venueOrderId: "5" },
      { fillId: "3", ...UNREAD },
      { fillId: "1", quantity: "1" },
    ],
    [
      { id: "deposit 2", ...UNREAD },
      { id: "deposit 1", amount: "0.5" },
    ],
  ],
  [
    "Kraken",
    KRAKEN,
    {
      AssetPairs: kraken({ XXBTZUSD: PAIR }),
      TradesHistory: kraken({ count: 2, trades: { T2: { ...KRAKEN_TRADE, type: "both" }, T1: KRAKEN_TRADE } }),
      Ledgers: kraken({ count: 2, ledger: { L2: LEDGER, L1: { ...LEDGER, amount: "five" } } }),
    },
    [
      { fillId: "T2", ...UNREAD, symbol: "BTC/USD", venueOrderId: "O" },
      { fillId: "T1", quantity: "1" },
    ],
    [
      { id: "L1", ...UNREAD },
      { id: "L2", amount: "5" },
    ],
  ],
  [
    "Coinbase",
    COINBASE,
    {
      "brokerage/time": { epochMillis: String(AT) },
      "brokerage/orders/historical/fills": {
        fills: [COINBASE_FILL, { ...COINBASE_FILL, entry_id: "e2", product_id: null }, { ...COINBASE_FILL, side: "-" }],
      },
      "brokerage/accounts": { accounts: [{ uuid: "w", updated_at: "lately" }] },
      "accounts/{account_id}/transactions": { data: [{ ...TRANSACTION, id: "t2", created_at: "now" }, TRANSACTION] },
    },
    [
      { fillId: "e1", ...UNREAD, venueOrderId: "o" },
      { fillId: "e2", ...UNREAD },
      { fillId: "e1", quantity: "1" },
    ],
    [
      { id: "t2", ...UNREAD },
      { id: "t1", amount: "5" },
    ],
  ],
];

it.each(ANSWERS)(
  "%s lists what it cannot read beside the others",
  async (_name, profile, answers, fills, activities) => {
    const reply = ({ path }: { readonly path: string }) => ({ body: (answers as Record<string, object>)[path] ?? [] });
    const { venue } = openVenue(vi.stubGlobal.bind(vi), { profile, environment: "live", reply });
    const trading = venue.trading as TradingVenue;
    const page = await trading.fills(AT - 1_000, { symbols: ["BTC/USDT"] });
    expect(page.fills).toMatchObject(fills);
    expect(await trading.activities(AT - 1_000)).toMatchObject(activities);
  },
);

it("Alpaca names a trade or an activity that cannot be read by its id", () => {
  const event: ActivityEvent = {
    ...{ activity_type: "FILL", event_id: "01", ref_id: "x-1", status: "executed", at: ISO, executed_at: ISO },
    ...{ price: "2", qty: "1", details: { symbol: "AAPL", asset_id: "a", order_id: "o", side: "cross" } },
  };
  expect(listedFillOf(event, new Map())).toMatchObject({
    ...{ fillId: "x-1", ...UNREAD, symbol: "AAPL", venueOrderId: "o" },
    reason: expect.stringContaining("cross") as string,
  });
  expect(listedActivitiesOf({ ...event, activity_type: "CSD", executed_at: "now" })).toMatchObject([
    { id: "x-1", ...UNREAD },
  ]);
  expect(listedActivitiesOf(event)).toEqual([]);
});

it("items whose time cannot be read are kept, and come first", () => {
  const items = [{ timestamp: 5 }, {}, { timestamp: 4 }, { timestamp: 1 }];
  expect(sinceInOrder(items, 3)).toEqual([{}, { timestamp: 4 }, { timestamp: 5 }]);
});

it("a pair of Kraken that cannot be read hides no other, and a product of Coinbase without a price has none", async () => {
  const open = (profile: Profile, answers: Readonly<Record<string, object>>) => {
    const reply = ({ path }: { readonly path: string }) => ({ body: answers[path] ?? [] });
    return openVenue(vi.stubGlobal.bind(vi), { profile, environment: "live", reply }).venue;
  };
  const pairs = { ODD: { ...PAIR, wsname: "ODD/USD", lot_decimals: "many" }, XXBTZUSD: { ...PAIR, costmin: null } };
  expect(await open(KRAKEN, { AssetPairs: kraken(pairs) }).symbols()).toEqual(["BTC/USD"]);
  const products = [
    { product_id: "NEW-USD", price: null },
    { product_id: "BTC-USD", price: "60000.10" },
  ];
  const prices = await open(COINBASE, { "brokerage/market/products": { products } }).prices(["NEW/USD", "BTC/USD"]);
  expect([...prices]).toEqual([["BTC/USD", "60000.10"]]);
});

it("a pair of Kraken whose step or status is null has the step of its decimals, and is online", () => {
  const market = marketOf("XXBTZUSD", { ...PAIR, tick_size: null, pair_decimals: "1", status: null });
  expect(market?.instrument).toMatchObject({ tickSize: "0.1", tradable: true });
});
