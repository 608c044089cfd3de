/** Kraken spot: the REST API, and the channel `executions` of the WebSocket API v2. */
import {
  type Activity,
  type Bar,
  ConnectRefused,
  type Fill,
  type FillsHint,
  type Order,
  type OrderAck,
  type OrderQuery,
  type OrderReport,
  type Quote,
  type UnreadableActivity,
  type UnreadableOrder,
} from "@qoc-app/sdk";
import type { QuoteFeed } from "../../quote-stream.ts";
import { isReadable, listedOrder } from "../../listed-item.ts";
import { naming } from "../../words.ts";
import { readActivities } from "./activities.ts";
import { type Call, ExchangeClient, ExchangeError } from "../client.ts";
import { type Body, amountIn, bodyOf, optionalTextIn, textIn } from "../fields.ts";
import { accountIdOf } from "../holdings.ts";
import { acknowledgeTwin, foundOr, withKeys } from "../outcomes.ts";
import type {
  Balance,
  BarRange,
  FillPage,
  Market,
  Profile,
  Session,
  StreamMessage,
  TradingVenue,
  Venue,
} from "../venue.ts";
import {
  DUPLICATE_ORDER,
  NO_SUCH_ORDER,
  NO_SUCH_PAIR,
  assetOf,
  balancesOf,
  barOf,
  coinOf,
  eventFillOf,
  lastPriceOf,
  marketOf,
  ohlcParams,
  orderParams,
  quoteOf,
  refusalIn,
  reportOf,
} from "./map.ts";
import { quoteFeed } from "./quote-feed.ts";
import { type Trade, fillsIn, tradeOf } from "./trades.ts";

/** Trades in one answer, the newest first. */
const TRADES_PAGE = 50;
/** A symbol that is not in the list may be new if the list is older. */
const PAIRS_AGE_MS = 10 * 60_000;
const ORDER_ENDS = ["filled", "canceled", "expired"];

export const KRAKEN: Profile = {
  facts: {
    name: "Kraken",
    currency: "USD",
    environments: {
      live: {
        rest: "https://api.kraken.com",
        stream: "wss://ws-auth.kraken.com/v2",
        quotes: "wss://ws.kraken.com/v2",
      },
    },
    streamPath: "/v2",
    quotesPath: "/public/v2",
    withoutPaper:
      'Kraken has no test network for spot trading; to practise, use a connector of type = "paper" whose option quotes ' +
      "names a Kraken connector with orders = false",
  },
  capabilities: {
    exactDecimals: true,
    clientIdDedupe: "open-only",
    queryByClientId: true,
    buyingPowerNetsOpenOrders: true,
    reports: "pushed",
  },
  isReviewed: true,
  open: (session) => new KrakenVenue(session),
};

class KrakenVenue implements Venue, TradingVenue {
  readonly trading = this;
  readonly quoteFeed: QuoteFeed;
  readonly #session: Session;
  readonly #client: ExchangeClient;
  /** By the symbol, Kraken's id and its short name. */
  readonly #markets = new Map<string, Market>();
  /** The desk's names of Kraken's assets. */
  readonly #assets = new Map<string, string>();
  /** The ids that Kraken listed then. The names of others are kept for their orders and trades. */
  #listed: ReadonlySet<string> = new Set();
  #pairsReadAt = 0;
  #lastNonce = 0;

  constructor(session: Session) {
    const { exchange, settings } = session;
    const rest = settings.origins?.rest ?? "";
    exchange.urls["api"] = { public: rest, private: rest };
    // Two requests in one millisecond need two nonces.
    exchange.nonce = () => (this.#lastNonce = Math.max(this.#lastNonce + 1, Date.now()));
    this.quoteFeed = quoteFeed(session.settings.origins?.quotes ?? "");
    this.#session = session;
    this.#client = new ExchangeClient({
      name: "Kraken",
      exchange,
      refusalIn: ({ status, body }) => refusalIn(status, body),
      // A request that overtakes another has the higher nonce, and the other one is refused.
      isSerial: ({ api }) => api === "private",
    });
  }

  async signIn() {
    const venueTime = Number(amountIn(await this.#public("Time"), "unixtime")) * 1_000;
    const info = await this.#checkKey();
    await this.#readPairs();
    const { environment } = this.#session.settings;
    return {
      mode: environment,
      environment: "Kraken",
      accountId: optionalTextIn(info, "iban") ?? accountIdOf("Kraken", this.#session.key),
      permissions: ["read" as const, "trade" as const],
      venueTime,
    };
  }

  /** @throws ConnectRefused if Kraken refuses the key, or if it may withdraw. */
  async #checkKey(): Promise<Body> {
    const info = await withKeys(
      this.#private("GetApiKeyInfo"),
      ({ words }) => `Kraken refused the keys: ${words}; check api_key and api_secret`,
    );
    const { permissions } = info;
    if (!Array.isArray(permissions)) throw new Error("Kraken does not say whether this key may withdraw");
    if (permissions.some((permission) => /withdraw/i.test(String(permission))))
      throw new ConnectRefused("this key may withdraw: make one without withdrawals, in Kraken's API settings");
    return info;
  }

  #public(path: string, params: Readonly<Record<string, unknown>> = {}): Promise<Body> {
    return this.#result({ api: "public", path, params });
  }

  #private(path: string, params: Readonly<Record<string, unknown>> = {}, isUrgent = false): Promise<Body> {
    return this.#result({ method: "POST", api: "private", path, params, isUrgent });
  }

  /** @throws Error for a success without a result. */
  async #result(call: Call): Promise<Body> {
    return bodyOf((await this.#client.call<Body>(call))["result"]);
  }

  async #readPairs(): Promise<void> {
    const pairs = await this.#public("AssetPairs");
    for (const [id, value] of Object.entries(pairs)) {
      const pair = bodyOf(value);
      const market = this.#readMarket(id, pair);
      if (market === undefined) continue;
      for (const name of [market.symbol, id, String(pair["altname"])]) this.#markets.set(name, market);
      this.#assets.set(String(pair["base"]), market.base);
      this.#assets.set(String(pair["quote"]), market.quote);
    }
    this.#listed = new Set(Object.keys(pairs));
    this.#pairsReadAt = Date.now();
  }

  /** A pair that cannot be read must hide no other: it counts as not listed. */
  #readMarket(id: string, pair: Body): Market | undefined {
    try {
      return marketOf(id, pair);
    } catch (error) {
      this.#session.logger.warn(`the pair ${id} cannot be read`, { error: (error as Error).message });
      return undefined;
    }
  }

  /** `mustBeListed`: now, and not earlier alone. */
  async #find(name: string, mustBeListed = false): Promise<Market | undefined> {
    const known = this.#markets.get(name);
    const isKnown = known !== undefined && (!mustBeListed || this.#listed.has(known.id));
    if (isKnown || Date.now() - this.#pairsReadAt < PAIRS_AGE_MS) return known;
    await this.#readPairs();
    return this.#markets.get(name);
  }

  /** @throws Error if Kraken does not list it. */
  async #marketOf(name: string): Promise<Market> {
    const market = await this.#find(name);
    if (market === undefined) throw new Error(`Kraken does not list ${name}`);
    return market;
  }

  async market(symbol: string): Promise<Market | null> {
    const known = await this.#find(symbol);
    if (known?.symbol !== symbol) return null;
    const pairs = await foundOr(this.#public("AssetPairs", { pair: known.id }), [NO_SUCH_PAIR]);
    return pairs === null ? null : (marketOf(known.id, bodyOf(pairs[known.id])) ?? null);
  }

  async symbols(): Promise<readonly string[]> {
    const pairs = await this.#public("AssetPairs");
    return Object.entries(pairs).flatMap(([id, pair]) => this.#readMarket(id, bodyOf(pair))?.symbol ?? []);
  }

  async quote(symbol: string): Promise<Quote> {
    const { id } = await this.#marketOf(symbol);
    const { body, date } = await this.#client.send({ api: "public", path: "Ticker", params: { pair: id } });
    const tickers = bodyOf(bodyOf(body)["result"]);
    if (date === undefined) throw new Error("Kraken's answer has no time");
    return quoteOf(symbol, bodyOf(tickers[id]), date);
  }

  /** Kraken refuses all of them if it lists one of them no longer: the pairs are then read again. */
  async prices(symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const prices = await foundOr(this.#prices(symbols), [NO_SUCH_PAIR]);
    if (prices !== null) return prices;
    await this.#readPairs();
    return this.#prices(symbols);
  }

  async #prices(symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const markets: Market[] = [];
    for (const symbol of symbols) {
      const market = await this.#find(symbol, true);
      if (market !== undefined && this.#listed.has(market.id)) markets.push(market);
    }
    if (markets.length === 0) return new Map();
    const tickers = await this.#public("Ticker", { pair: markets.map(({ id }) => id).join(",") });
    return new Map(markets.map(({ symbol, id }) => [symbol, lastPriceOf(bodyOf(tickers[id]))]));
  }

  async balances(): Promise<readonly Balance[]> {
    return balancesOf(await this.#private("BalanceEx"), this.#assets);
  }

  async bars(symbol: string, range: BarRange): Promise<Bar[]> {
    const { id } = await this.#marketOf(symbol);
    const entries = (await this.#public("OHLC", ohlcParams(range, id)))[id];
    if (!Array.isArray(entries)) throw new Error("Kraken answered with no list of bars");
    const bars = entries.map((entry) => barOf(symbol, entry as readonly unknown[]));
    return bars.filter(({ timestamp }) => range.to === undefined || Number(timestamp) <= range.to);
  }

  /** The answer does not name the client order id: it belongs to the one request that waits for it. */
  async place(order: Order, market: Market): Promise<OrderAck> {
    let placed: Body;
    try {
      placed = await this.#private("AddOrder", orderParams(order, market), true);
    } catch (error) {
      if (!(error instanceof ExchangeError) || !DUPLICATE_ORDER.test(error.refusal.words)) throw error;
      return acknowledgeTwin("Kraken", this.order({ clientOrderId: order.clientOrderId }));
    }
    const { txid } = placed;
    if (!Array.isArray(txid) || txid.length !== 1) throw new Error("Kraken did not confirm the order");
    return { venueOrderId: textIn({ txid: txid[0] as unknown }, "txid"), status: "acknowledged" };
  }

  async cancel(venueOrderId: string): Promise<void> {
    const { count } = await this.#private("CancelOrder", { txid: venueOrderId }, true);
    if (count !== "1") throw new Error(`Kraken did not confirm the cancel of ${venueOrderId}`);
  }

  /** By the client order id, an order is looked for among the open ones, then among the closed ones. */
  async order({ venueOrderId, clientOrderId = "" }: OrderQuery): Promise<OrderReport | null> {
    if (venueOrderId !== undefined) {
      const found = await foundOr(this.#private("QueryOrders", { txid: venueOrderId }), NO_SUCH_ORDER);
      const order = found?.[venueOrderId];
      return order === undefined ? null : this.#report(venueOrderId, bodyOf(order));
    }
    const params = { cl_ord_id: clientOrderId };
    for (const [path, member] of [
      ["OpenOrders", "open"],
      ["ClosedOrders", "closed"],
    ] as const) {
      const orders = Object.entries(bodyOf((await this.#private(path, params))[member]));
      const own = orders.find(([, order]) => bodyOf(order)["cl_ord_id"] === clientOrderId);
      if (own !== undefined) return this.#report(own[0], bodyOf(own[1]));
    }
    return null;
  }

  async #report(id: string, order: Body): Promise<OrderReport> {
    const symbol = await this.#symbolOf(order);
    return naming(`order ${id}`, () => reportOf(id, order, symbol));
  }

  /** A pair that Kraken lists no longer keeps Kraken's name. */
  async #symbolOf(order: Body): Promise<string> {
    const pair = textIn(bodyOf(order["descr"]), "pair");
    return (await this.#find(pair))?.symbol ?? pair;
  }

  async openOrders(): Promise<(OrderReport | UnreadableOrder)[]> {
    const orders = Object.entries(bodyOf((await this.#private("OpenOrders"))["open"]));
    const reports: (OrderReport | UnreadableOrder)[] = [];
    for (const [venueOrderId, value] of orders) {
      const order = bodyOf(value);
      const symbol = await this.#symbolOf(order);
      const names = { venueOrderId, clientOrderId: order["cl_ord_id"], symbol };
      reports.push(listedOrder(names, () => reportOf(venueOrderId, order, symbol)));
    }
    return reports;
  }

  /**
   * Kraken's pages begin with the newest trade. They are read from the last one on, over a fixed time, so that the
   * oldest fills come first. The cursor is the end of that time, and how many trades were not read yet.
   */
  async fills(since: number, { cursor }: FillsHint): Promise<FillPage> {
    const start = Math.floor(since / 1_000) - 1;
    const [end, left] = (cursor ?? "").split(" ");
    if (end === undefined || end === "") {
      const { trades, count, last } = await this.#trades({ start });
      if (count <= trades.length || last === undefined) return { fills: fillsIn(trades, since) };
      const until = String(Math.ceil(last / 1_000));
      const total = (await this.#trades({ start, end: until })).count;
      // The newest ones may be of after that time, if theirs cannot be read.
      return { fills: fillsIn(trades, since).filter((fill) => !isReadable(fill)), cursor: `${until} ${total}` };
    }
    const rest = Number(left);
    const offset = Math.max(0, rest - TRADES_PAGE);
    const { trades } = await this.#trades({ start, end, ofs: offset });
    // The page of the newest trades also has some that the page before it had.
    const page = fillsIn(trades.slice(Math.max(0, trades.length - (rest - offset))), since);
    return offset === 0 ? { fills: page } : { fills: page, cursor: `${end} ${offset}` };
  }

  activities(since: number): Promise<(Activity | UnreadableActivity)[]> {
    const coin = (name: string): string => assetOf(name, this.#assets);
    return readActivities((params) => this.#private("Ledgers", params), since, coin);
  }

  /** One page, the oldest first. Trades of one order are not added up: each has the id of the stream. */
  async #trades(params: Readonly<Record<string, unknown>>) {
    const result = await this.#private("TradesHistory", { ...params, consolidate_taker: "false" });
    const trades: Trade[] = [];
    for (const [id, value] of Object.entries(bodyOf(result["trades"]))) {
      const trade = bodyOf(value);
      const pair = optionalTextIn(trade, "pair");
      // Trades in a pair that Kraken lists no longer must not hide those of others.
      trades.push(tradeOf(id, trade, pair === undefined ? undefined : await this.#find(pair)));
    }
    trades.reverse();
    const last = trades.map(({ fill }) => fill).findLast(isReadable)?.timestamp;
    return { trades, count: Number(amountIn(result, "count")), last: Number(last ?? 0) || undefined };
  }

  async subscription(): Promise<readonly string[]> {
    const token = textIn(await this.#private("GetWebSocketsToken"), "token");
    const params = { channel: "executions", token, snap_orders: false, snap_trades: false };
    return [JSON.stringify({ method: "subscribe", params })];
  }

  async read(message: unknown): Promise<StreamMessage> {
    const { method, success, error, channel, data } = bodyOf(message);
    if (method === "subscribe" && success === true) return { kind: "subscribed" };
    if (method === "subscribe") return { kind: "refused", words: String(error) };
    if (channel !== "executions" || !Array.isArray(data)) return { kind: "other" };
    const fills: Fill[] = [];
    const reports: OrderReport[] = [];
    let failure: Error | undefined;
    for (const one of data)
      try {
        const event = bodyOf(one);
        const fill = eventFillOf(event);
        if (fill !== undefined) fills.push({ ...fill, symbol: fill.symbol.split("/").map(coinOf).join("/") });
        // A message does not have all members of its order, so the end of an order is read from the order.
        if (ORDER_ENDS.includes(String(event["exec_type"]))) {
          const report = await this.order({ venueOrderId: textIn(event, "order_id") });
          if (report !== null) reports.push(report);
        }
      } catch (error) {
        failure ??= error as Error;
      }
    return { kind: "events", fills, reports, failure };
  }
}
