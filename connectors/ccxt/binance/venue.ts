/** Binance spot: REST API v3, and the user data stream of the WebSocket API. */
import {
  type Activity,
  type Bar,
  type CancelHint,
  ConnectRefused,
  type Fill,
  type FillsHint,
  type Order,
  type OrderAck,
  type OrderQuery,
  type OrderReport,
  type Quote,
  type UnreadableActivity,
  type UnreadableFill,
  type UnreadableOrder,
  VenueRejection,
} from "@qoc-app/sdk";
import type { QuoteFeed } from "../../quote-stream.ts";
import { listedOrder } from "../../listed-item.ts";
import { naming } from "../../words.ts";
import { readActivities } from "./activities.ts";
import { type Call, ExchangeClient, ExchangeError } from "../client.ts";
import { ExchangeClock } from "../clock.ts";
import { type Body, amountIn, bodyOf, listOf, millisIn, textIn } from "../fields.ts";
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
  CLOCK_CODE,
  DUPLICATE_ORDER,
  NO_SUCH_ORDER,
  NO_SUCH_SYMBOL,
  balancesOf,
  barOf,
  eventFillOf,
  eventReportOf,
  idOf,
  klineParams,
  marketOf,
  orderParams,
  quoteOf,
  refusalIn,
  reportOf,
} from "./map.ts";
import { quoteFeed } from "./quote-feed.ts";
import { secretForCcxt, signatureOf } from "./signature.ts";
import { fillsOf, hasTime } from "./trades.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Trades in one answer. */
const TRADES_PAGE = 1_000;
/** How much older than Binance's clock a request may be when it arrives. */
const RECEIVE_WINDOW_MS = 10_000;
const MARKETS_MAX = 5_000;

export const BINANCE: Profile = {
  facts: {
    name: "Binance",
    currency: "USDT",
    environments: {
      live: {
        rest: "https://api.binance.com",
        stream: "wss://ws-api.binance.com/ws-api/v3",
        quotes: "wss://stream.binance.com/ws",
      },
      paper: {
        rest: "https://testnet.binance.vision",
        stream: "wss://ws-api.testnet.binance.vision/ws-api/v3",
        quotes: "wss://stream.testnet.binance.vision/ws",
      },
    },
    networks: {
      demo: {
        rest: "https://demo-api.binance.com",
        stream: "wss://demo-ws-api.binance.com/ws-api/v3",
        quotes: "wss://demo-stream.binance.com/ws",
      },
    },
    streamPath: "/ws-api/v3",
    quotesPath: "/ws",
  },
  capabilities: {
    exactDecimals: true,
    clientIdDedupe: "open-only",
    queryByClientId: true,
    buyingPowerNetsOpenOrders: true,
    reports: "pushed",
  },
  isReviewed: true,
  open: (session) => new BinanceVenue(session),
};

class BinanceVenue implements Venue, TradingVenue {
  readonly trading = this;
  readonly quoteFeed: QuoteFeed;
  readonly #session: Session;
  readonly #client: ExchangeClient;
  /** Markets by Binance's id. A symbol of Binance does not say where its quote currency begins. */
  readonly #markets = new Map<string, Market>();
  readonly #reading = new Map<string, Promise<Market>>();
  /** Coins that Binance does not trade against the account's currency, by the time at which that was read. */
  readonly #unlisted = new Map<string, number>();
  readonly #clock: ExchangeClock;

  constructor(session: Session) {
    const { exchange, settings } = session;
    const rest = settings.origins?.rest ?? "";
    exchange.urls["api"] = { public: `${rest}/api/v3`, private: `${rest}/api/v3`, sapi: `${rest}/sapi/v1` };
    // Without the options, ccxt adds its own name to client order ids.
    Object.assign(exchange.options, { recvWindow: RECEIVE_WINDOW_MS, broker: {} });
    exchange.secret = secretForCcxt(session.secret);
    this.quoteFeed = quoteFeed(session.settings.origins?.quotes ?? "");
    this.#session = session;
    this.#client = new ExchangeClient({
      name: "Binance",
      exchange,
      refusalIn: ({ status, body }) => refusalIn(status, body),
    });
    this.#clock = new ExchangeClock(async () =>
      millisIn(await this.#client.call<Body>({ api: "public", path: "time" }), "serverTime"),
    );
    exchange.nonce = () => this.#clock.timeAt();
  }

  async signIn() {
    const { environment, network } = this.#session.settings;
    const venueTime = await this.#clock.read();
    const account = await this.#signed({ api: "private", path: "account" });
    if (account["canTrade"] === false) throw new ConnectRefused("Binance does not let this account trade");
    const mayWithdraw = environment === "live" && (await this.#mayWithdraw());
    if (mayWithdraw)
      throw new ConnectRefused("this key may withdraw: make one without withdrawals, at Binance's API management");
    return {
      mode: environment,
      environment: environment === "live" ? "Binance" : `Binance's ${network ?? "test"} network`,
      accountId: textIn(account, "uid"),
      permissions: ["read" as const, "trade" as const],
      venueTime,
    };
  }

  /** The test network has no withdrawals, and does not have this request. */
  async #mayWithdraw(): Promise<boolean> {
    const restrictions = await this.#signed({ api: "sapi", path: "account/apiRestrictions" });
    const { enableWithdrawals, enableSpotAndMarginTrading } = restrictions;
    if (typeof enableWithdrawals !== "boolean") throw new Error("Binance does not say whether this key may withdraw");
    if (enableSpotAndMarginTrading === false)
      throw new ConnectRefused("this key may not trade: allow spot trading for it, at Binance's API management");
    return enableWithdrawals;
  }

  /** @throws ConnectRefused if Binance refuses the keys. */
  #signed(call: Call): Promise<Body> {
    const { environment } = this.#session.settings;
    return withKeys(
      this.#client.call<Body>(call),
      ({ words, code }) =>
        `Binance's ${environment} environment refused the keys: ${words} (${code}); each environment has keys of its ` +
        `own; check api_key, api_secret and the addresses that the key allows`,
    );
  }

  /** A signed request. After an error of the clock it is not repeated; the next request has the right time. */
  async #call<T>(call: Omit<Call, "api">, api: "private" | "sapi" = "private"): Promise<T> {
    await this.#clock.refresh();
    try {
      return await this.#client.call<T>({ ...call, api });
    } catch (error) {
      if (error instanceof ExchangeError && error.refusal.code === CLOCK_CODE) this.#clock.expire();
      throw error;
    }
  }

  async quote(symbol: string): Promise<Quote> {
    const params = { symbol: idOf(symbol) };
    // BTCU/SDT has the id of BTC/USDT.
    if ((await this.#marketOfId(params.symbol)).symbol !== symbol) throw new Error(`Binance does not list ${symbol}`);
    return quoteOf(symbol, await this.#client.call<Body>({ api: "public", path: "ticker/24hr", params }));
  }

  async market(symbol: string): Promise<Market | null> {
    const market = await foundOr(this.#readMarket(idOf(symbol)), [NO_SUCH_SYMBOL, "-1100"]);
    return market?.symbol === symbol ? market : null;
  }

  async #readMarket(id: string): Promise<Market> {
    const info = await this.#client.call<Body>({ api: "public", path: "exchangeInfo", params: { symbol: id } });
    const [symbol] = listOf(info["symbols"]);
    if (symbol?.["symbol"] !== id) throw new Error(`Binance did not describe ${id}`);
    const market = marketOf(symbol);
    if (this.#markets.size >= MARKETS_MAX) this.#markets.clear();
    this.#markets.set(id, market);
    return market;
  }

  /** Calls at the same time share one request. */
  async #marketOfId(id: string): Promise<Market> {
    const known = this.#markets.get(id);
    if (known !== undefined) return known;
    const reading = this.#reading.get(id) ?? this.#readMarket(id).finally(() => this.#reading.delete(id));
    this.#reading.set(id, reading);
    return reading;
  }

  async symbols(): Promise<readonly string[]> {
    const params = { permissions: "SPOT", showPermissionSets: "false" };
    const info = await this.#client.call<Body>({ api: "public", path: "exchangeInfo", params });
    return listOf(info["symbols"])
      .filter(({ status }) => status === "TRADING")
      .map((symbol) => `${textIn(symbol, "baseAsset")}/${textIn(symbol, "quoteAsset")}`);
  }

  async balances(): Promise<readonly Balance[]> {
    return balancesOf(await this.#call<Body>({ path: "account", params: { omitZeroBalances: "true" } }));
  }

  /** Binance refuses all of them if it lists one of them no longer: its market is then read again, and is gone. */
  async prices(symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const prices = await foundOr(this.#prices(symbols), [NO_SUCH_SYMBOL]);
    if (prices !== null) return prices;
    for (const symbol of symbols) if ((await this.market(symbol)) === null) this.#markets.delete(idOf(symbol));
    return this.#prices(symbols);
  }

  async #prices(symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const markets = await Promise.all(symbols.map((symbol) => this.#listed(symbol)));
    const ids = markets.flatMap((market) => (market === null ? [] : [market.id]));
    if (ids.length === 0) return new Map();
    const params = { symbols: JSON.stringify(ids) };
    const prices = listOf(await this.#client.call({ api: "public", path: "ticker/price", params }));
    return new Map(
      prices.map((price) => [this.#markets.get(textIn(price, "symbol"))?.symbol ?? "", amountIn(price, "price")]),
    );
  }

  async #listed(symbol: string): Promise<Market | null> {
    const known = this.#markets.get(idOf(symbol));
    if (known?.symbol === symbol) return known;
    const readAt = this.#unlisted.get(symbol);
    if (readAt !== undefined && Date.now() - readAt < DAY_MS) return null;
    const market = await this.market(symbol);
    if (market === null) this.#unlisted.set(symbol, Date.now());
    return market;
  }

  async bars(symbol: string, range: BarRange): Promise<Bar[]> {
    const params = klineParams(range, idOf(symbol));
    const klines = await this.#client.call<unknown>({ api: "public", path: "klines", params });
    if (!Array.isArray(klines)) throw new Error("Binance answered with no list of bars");
    return klines.map((kline) => barOf(symbol, kline as readonly unknown[]));
  }

  async place(order: Order, market: Market): Promise<OrderAck> {
    const params = orderParams(order, market);
    let placed: Body;
    try {
      placed = await this.#call<Body>({ method: "POST", path: "order", params, isUrgent: true });
    } catch (error) {
      if (!(error instanceof ExchangeError) || !DUPLICATE_ORDER.test(error.refusal.words)) throw error;
      return acknowledgeTwin("Binance", this.order({ clientOrderId: order.clientOrderId, symbol: order.symbol }));
    }
    if (placed["clientOrderId"] !== order.clientOrderId) throw new Error("Binance did not confirm the order");
    if (placed["status"] === "REJECTED") throw new VenueRejection("Binance rejected the order");
    return { venueOrderId: textIn(placed, "orderId"), status: "acknowledged" };
  }

  async cancel(venueOrderId: string, { symbol }: CancelHint): Promise<void> {
    const params = { symbol: idOf(symbol), orderId: venueOrderId };
    const cancelled = await this.#call<Body>({ method: "DELETE", path: "order", params, isUrgent: true });
    if (cancelled["orderId"] !== venueOrderId || cancelled["status"] !== "CANCELED")
      throw new Error(`Binance did not confirm the cancel of ${venueOrderId}`);
  }

  async order({ venueOrderId, clientOrderId, symbol }: OrderQuery): Promise<OrderReport | null> {
    if (symbol === undefined) throw new Error("Binance finds an order only with its symbol");
    const id = venueOrderId === undefined ? { origClientOrderId: clientOrderId } : { orderId: venueOrderId };
    const params = { symbol: idOf(symbol), ...id };
    const found = await foundOr(this.#call<Body>({ path: "order", params }), [NO_SUCH_ORDER]);
    return found === null ? null : naming(`order ${String(found["orderId"])}`, () => reportOf(found, symbol));
  }

  async openOrders(): Promise<(OrderReport | UnreadableOrder)[]> {
    const orders = listOf(await this.#call({ path: "openOrders" }));
    const reports: (OrderReport | UnreadableOrder)[] = [];
    for (const order of orders) {
      const { orderId: venueOrderId, clientOrderId } = order;
      const id = textIn(order, "symbol");
      // A market that Binance lists no longer keeps Binance's name: its orders must not hide those of others.
      const symbol = (await foundOr(this.#marketOfId(id), [NO_SUCH_SYMBOL]))?.symbol ?? id;
      reports.push(listedOrder({ venueOrderId, clientOrderId, symbol }, () => reportOf(order, symbol)));
    }
    return reports;
  }

  /** Each symbol by itself. The cursor is a symbol, and the trade with which its next page begins. */
  async fills(since: number, { symbols, cursor }: FillsHint): Promise<FillPage> {
    const all = symbols.toSorted();
    const [from = all[0], nextId] = cursor?.split(" ") ?? [];
    if (from === undefined) return { fills: [] };
    const { fills, next } = await this.#page(from, since, nextId);
    const after = all.find((symbol) => symbol > from);
    if (next !== undefined) return { fills, cursor: `${from} ${next}` };
    return after === undefined ? { fills } : { fills, cursor: after };
  }

  async #page(symbol: string, since: number, fromId?: string): Promise<SymbolPage> {
    if (fromId !== undefined) return this.#pageFrom(symbol, since, fromId);
    const newest = await this.#trades(symbol, {});
    const oldest = newest.find(hasTime);
    if (oldest === undefined || newest.length < TRADES_PAGE || millisIn(oldest, "time") < since)
      return { fills: fillsOf(newest, symbol, since) };
    // Binance searches by time in windows of a day.
    for (let start = Math.floor(since); start < millisIn(oldest, "time"); start += DAY_MS) {
      const trade = await this.#oldestOf(symbol, start, start + DAY_MS - 1);
      if (trade !== undefined) return this.#pageFrom(symbol, since, textIn(trade, "id"));
    }
    return this.#pageFrom(symbol, since, textIn(oldest, "id"));
  }

  /** A full answer may leave the oldest trades of the window out: those up to its first one are asked for again. */
  async #oldestOf(symbol: string, startTime: number, endTime: number): Promise<Body | undefined> {
    const trades = await this.#trades(symbol, { startTime, endTime });
    if (trades.length < TRADES_PAGE) return trades[0];
    const oldest = trades.find(hasTime);
    if (oldest === undefined) return trades[0];
    const until = millisIn(oldest, "time");
    return until === endTime ? oldest : this.#oldestOf(symbol, startTime, until);
  }

  async #pageFrom(symbol: string, since: number, fromId: string): Promise<SymbolPage> {
    const trades = await this.#trades(symbol, { fromId });
    const fills = fillsOf(trades, symbol, since);
    const last = trades.at(-1);
    if (last === undefined || trades.length < TRADES_PAGE) return { fills };
    return { fills, next: String(BigInt(textIn(last, "id")) + 1n) };
  }

  /** The test network has no deposits and no withdrawals, and does not have these requests. */
  async activities(since: number): Promise<(Activity | UnreadableActivity)[]> {
    if (this.#session.settings.environment === "paper") return [];
    const ask = (path: string, params: Readonly<Record<string, unknown>>) =>
      this.#call<unknown>({ path, params }, "sapi");
    return readActivities(ask, since, this.#clock.timeAt());
  }

  /** By default the newest trades. A symbol that Binance lists no longer has none, and must not hide other trades. */
  async #trades(symbol: string, params: Readonly<Record<string, unknown>>): Promise<readonly Body[]> {
    const all = { symbol: idOf(symbol), limit: TRADES_PAGE, ...params };
    const trades = await foundOr(this.#call({ path: "myTrades", params: all }), [NO_SUCH_SYMBOL]);
    if (trades === null) this.#session.logger.warn(`Binance does not list ${symbol}: its trades cannot be read`);
    return trades === null ? [] : listOf(trades);
  }

  async subscription(): Promise<readonly string[]> {
    const { exchange, key, secret } = this.#session;
    await this.#clock.refresh();
    const timestamp = exchange.nonce();
    const signature = signatureOf(`apiKey=${key}&timestamp=${timestamp}`, secret);
    const params = { apiKey: key, timestamp, signature };
    return [JSON.stringify({ id: "orders", method: "userDataStream.subscribe.signature", params })];
  }

  async read(message: unknown): Promise<StreamMessage> {
    const { id, status, error, event } = bodyOf(message);
    if (id === "orders" && status === "200") return { kind: "subscribed" };
    if (id === "orders") return { kind: "refused", words: String((error as Body | undefined)?.["msg"] ?? status) };
    if (typeof event !== "object" || event === null) return { kind: "other" };
    const report = bodyOf(event);
    // Binance ends the subscription, not the connection.
    if (report["e"] === "eventStreamTerminated") return { kind: "refused", words: "Binance ended the subscription" };
    if (report["e"] !== "executionReport") return { kind: "other" };
    const { symbol } = await this.#marketOfId(textIn(report, "s"));
    const fill = eventFillOf(report, symbol);
    return { kind: "events", fills: fill === undefined ? [] : [fill], reports: [eventReportOf(report, symbol)] };
  }
}

/** A part of the fills of a symbol, and the id with which the next part begins. */
interface SymbolPage {
  readonly fills: (Fill | UnreadableFill)[];
  readonly next?: string;
}
