/** Coinbase Advanced Trade: its REST API, and the channel `user` of its WebSocket. */
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
  type UnreadableFill,
  type UnreadableOrder,
} from "@qoc-app/sdk";
import type { QuoteFeed } from "../../quote-stream.ts";
import { isReadable, listedFill, listedOrder, sinceInOrder } from "../../listed-item.ts";
import { naming } from "../../words.ts";
import { amount, textOf } from "../../amount.ts";
import { readActivities } from "./activities.ts";
import { type Call, ExchangeClient, ExchangeError } from "../client.ts";
import { ExchangeClock } from "../clock.ts";
import { type Body, amountIn, bodyOf, listOf, optionalAmountIn, optionalTextIn, textIn } from "../fields.ts";
import { foundOr, withKeys } from "../outcomes.ts";
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
  NOTHING_THERE,
  balancesOf,
  barOf,
  candleParams,
  eventReportOf,
  failureOf,
  fillOf,
  idOf,
  isPair,
  isSpot,
  marketOf,
  orderBody,
  quoteOf,
  refusalIn,
  reportOf,
  symbolOf,
} from "./map.ts";
import { OpenOrders } from "./open-orders.ts";
import { quoteFeed } from "./quote-feed.ts";

const PAGE = 250;
/** An endless list is an error, not a loop. */
const PAGES_MAX = 400;
/** How far before its submission an order is looked for. */
const LOOK_BACK_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;
/** Orders whose fills are known, the newest ones. */
const ORDERS_MAX = 1_000;

export const COINBASE: Profile = {
  facts: {
    name: "Coinbase",
    currency: "USD",
    environments: {
      live: {
        rest: "https://api.coinbase.com",
        stream: "wss://advanced-trade-ws-user.coinbase.com",
        quotes: "wss://advanced-trade-ws.coinbase.com",
      },
    },
    streamPath: "/",
    quotesPath: "/market-data",
    withoutPaper:
      'its sandbox has fixed answers and no market; to practise, use a connector of type = "paper" whose option quotes ' +
      "names a Coinbase connector with orders = false",
  },
  capabilities: {
    exactDecimals: true,
    clientIdDedupe: "none",
    queryByClientId: true,
    buyingPowerNetsOpenOrders: true,
    reports: "pushed",
  },
  isReviewed: true,
  open: (session) => new CoinbaseVenue(session),
};

/** The fills of an order that were emitted, and their sum. */
interface Emitted {
  readonly keys: Set<string>;
  quantity: string;
}

class CoinbaseVenue implements Venue, TradingVenue {
  readonly trading = this;
  readonly quoteFeed: QuoteFeed;
  readonly #session: Session;
  readonly #client: ExchangeClient;
  readonly #emitted = new Map<string, Emitted>();
  readonly #openOrders = new OpenOrders();
  readonly #clock: ExchangeClock;

  constructor(session: Session) {
    const { exchange, settings } = session;
    exchange.urls["api"] = { rest: settings.origins?.rest ?? "" };
    exchange.seconds = () => Math.floor(this.#clock.timeAt() / 1_000);
    this.quoteFeed = quoteFeed(session.settings.origins?.quotes ?? "");
    this.#session = session;
    this.#client = new ExchangeClient({
      name: "Coinbase",
      exchange,
      refusalIn: ({ status, body }) => refusalIn(status, body),
    });
    this.#clock = new ExchangeClock(async () =>
      Number(amountIn(await this.#public<Body>("brokerage/time"), "epochMillis")),
    );
  }

  async signIn() {
    const venueTime = await this.#clock.read();
    const { environment } = this.#session.settings;
    const key = await withKeys(
      this.#private<Body>({ path: "brokerage/key_permissions" }),
      ({ words }) => `Coinbase refused the keys: ${words}; check api_key and api_secret`,
    );
    if (typeof key["can_transfer"] !== "boolean")
      throw new Error("Coinbase does not say whether this key may withdraw");
    if (key["can_transfer"])
      throw new ConnectRefused("this key may withdraw: make one without the permission Transfer, at Coinbase");
    if (key["can_trade"] !== true)
      throw new ConnectRefused("this key may not trade: make one with the permission Trade, at Coinbase");
    return {
      mode: environment,
      environment: "Coinbase",
      accountId: textIn(key, "portfolio_uuid"),
      permissions: ["read" as const, "trade" as const],
      venueTime,
    };
  }

  #public<T>(path: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return this.#client.call<T>({ api: ["v3", "public"], path, params });
  }

  /** A signed request. After a refusal of its token it is not repeated; the next request has the right time. */
  async #private<T>(call: Omit<Call, "api">, version: "v2" | "v3" = "v3"): Promise<T> {
    await this.#clock.refresh();
    try {
      return await this.#client.call<T>({ ...call, api: [version, "private"] });
    } catch (error) {
      if (error instanceof ExchangeError && error.refusal.kind === "keys") this.#clock.expire();
      throw error;
    }
  }

  /** Every item of a list that comes in pages. */
  async #all(path: string, member: string, params: Readonly<Record<string, unknown>> = {}): Promise<readonly Body[]> {
    const items: Body[] = [];
    let cursor = "";
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const all = { ...params, limit: PAGE, ...(cursor === "" ? undefined : { cursor }) };
      const answer = await this.#private<Body>({ path, params: all });
      items.push(...listOf(answer[member]));
      const next = answer["cursor"];
      if (typeof next !== "string" || next === "" || next === cursor || answer["has_next"] === false) return items;
      cursor = next;
    }
    throw new Error(`Coinbase's list of ${member} does not end`);
  }

  async quote(symbol: string): Promise<Quote> {
    const params = { product_id: idOf(symbol), limit: 1 };
    return quoteOf(symbol, await this.#public<Body>("brokerage/market/product_book", params));
  }

  async market(symbol: string): Promise<Market | null> {
    if (!isPair(symbol)) return null;
    const request = this.#public<Body>("brokerage/market/products/{product_id}", { product_id: idOf(symbol) });
    const product = await foundOr(request, NOTHING_THERE);
    const market = product === null ? undefined : marketOf(product);
    return market?.symbol === symbol ? market : null;
  }

  async symbols(): Promise<readonly string[]> {
    return (await this.#products({ product_type: "SPOT" })).flatMap((product) =>
      product["is_disabled"] === true ? [] : symbolOf(textIn(product, "product_id")),
    );
  }

  async #products(params: Readonly<Record<string, unknown>>): Promise<readonly Body[]> {
    return listOf((await this.#public<Body>("brokerage/market/products", params))["products"]);
  }

  async prices(symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const ids = symbols.filter(isPair).map(idOf);
    if (ids.length === 0) return new Map();
    const products = await this.#products({ product_ids: ids });
    // Coinbase leaves out products that it does not list, and a new one has no price.
    return new Map(
      products.flatMap((product) => {
        const price = optionalAmountIn(product, "price");
        return price === undefined ? [] : [[symbolOf(textIn(product, "product_id")), price] as const];
      }),
    );
  }

  async balances(): Promise<readonly Balance[]> {
    return balancesOf(await this.#all("brokerage/accounts", "accounts"));
  }

  async bars(symbol: string, range: BarRange): Promise<Bar[]> {
    const params = { product_id: idOf(symbol), ...candleParams(range, this.#clock.timeAt()) };
    const answer = await this.#public<Body>("brokerage/market/products/{product_id}/candles", params);
    // The newest first.
    return listOf(answer["candles"])
      .map((candle) => barOf(symbol, candle))
      .toReversed();
  }

  async place(order: Order, market: Market): Promise<OrderAck> {
    const params = orderBody(order, market);
    const placed = await this.#private<Body>({ method: "POST", path: "brokerage/orders", params, isUrgent: true });
    const failure = failureOf(placed);
    if (failure !== undefined) throw new ExchangeError("Coinbase", failure);
    const confirmed = bodyOf(placed["success_response"]);
    if (confirmed["client_order_id"] !== order.clientOrderId) throw new Error("Coinbase did not confirm the order");
    return { venueOrderId: textIn(confirmed, "order_id"), status: "acknowledged" };
  }

  async cancel(venueOrderId: string): Promise<void> {
    const params = { order_ids: [venueOrderId] };
    const answer = await this.#private<Body>({
      method: "POST",
      path: "brokerage/orders/batch_cancel",
      params,
      isUrgent: true,
    });
    const [result] = listOf(answer["results"]);
    if (result?.["success"] !== true || result["order_id"] !== venueOrderId)
      throw new Error(`Coinbase did not cancel ${venueOrderId}: ${String(result?.["failure_reason"] ?? "no reason")}`);
  }

  /** Coinbase finds no order by its client order id: all orders since its submission are read. */
  async order({ venueOrderId, clientOrderId, submittedAt }: OrderQuery): Promise<OrderReport | null> {
    if (venueOrderId !== undefined) {
      const params = { order_id: venueOrderId };
      const found = await foundOr(
        this.#private<Body>({ path: "brokerage/orders/historical/{order_id}", params }),
        NOTHING_THERE,
      );
      return found === null ? null : namedReport(bodyOf(found["order"]));
    }
    const since = submittedAt === undefined ? Date.now() - DAY_MS : submittedAt - LOOK_BACK_MS;
    const params = { start_date: new Date(this.#clock.timeAt(since)).toISOString() };
    const orders = await this.#all("brokerage/orders/historical/batch", "orders", params);
    const own = orders.find((order) => order["client_order_id"] === clientOrderId);
    return own === undefined ? null : namedReport(own);
  }

  async openOrders(): Promise<(OrderReport | UnreadableOrder)[]> {
    const orders = await this.#openOrders.read((order_status) =>
      this.#all("brokerage/orders/historical/batch", "orders", { order_status }),
    );
    return orders.map((order) => {
      const { order_id: venueOrderId, client_order_id: clientOrderId } = order;
      return listedOrder({ venueOrderId, clientOrderId }, () => reportOf(order));
    });
  }

  async fills(since: number, _hint: FillsHint): Promise<FillPage> {
    const start_sequence_timestamp = new Date(since).toISOString();
    const fills = await this.#fillsOf({ start_sequence_timestamp });
    return { fills: sinceInOrder(fills, since) };
  }

  async activities(since: number): Promise<(Activity | UnreadableActivity)[]> {
    const ask = (account_id: string, params: Readonly<Record<string, unknown>>) =>
      this.#private<Body>({ path: "accounts/{account_id}/transactions", params: { account_id, ...params } }, "v2");
    return readActivities(ask, await this.#all("brokerage/accounts", "accounts"), since);
  }

  /** Coinbase's pages begin with the newest fill. */
  async #fillsOf(params: Readonly<Record<string, unknown>>): Promise<(Fill | UnreadableFill)[]> {
    const fills: (Fill | UnreadableFill)[] = [];
    for (const entry of (await this.#all("brokerage/orders/historical/fills", "fills", params)).toReversed()) {
      // The positions of this connector are those of spot markets.
      const product = optionalTextIn(entry, "product_id");
      if (product !== undefined && !isSpot(product)) continue;
      const { entry_id: fillId, order_id: venueOrderId } = entry;
      const of = `fill ${String(fillId)} of order ${String(venueOrderId)}`;
      fills.push(listedFill({ fillId, venueOrderId }, () => naming(of, () => fillOf(entry))));
    }
    return sinceInOrder(fills, Number.NEGATIVE_INFINITY);
  }

  subscription(): Promise<readonly string[]> {
    this.#openOrders.restart();
    const { exchange } = this.#session;
    const message = (channel: string): string =>
      JSON.stringify({ type: "subscribe", channel, jwt: exchange.createAuthToken(exchange.seconds()) });
    // Without heartbeats Coinbase closes a quiet stream.
    return Promise.resolve([message("user"), message("heartbeats")]);
  }

  async read(message: unknown): Promise<StreamMessage> {
    const whole = bodyOf(message);
    const { type, channel, events, message: words } = whole;
    if (type === "error") return { kind: "refused", words: String(words) };
    if (!Array.isArray(events)) return { kind: "other" };
    const parts = events.map(bodyOf);
    if (channel === "subscriptions") {
      const isUser = parts.some(({ subscriptions }) => bodyOf(subscriptions)["user"] !== undefined);
      return { kind: isUser ? "subscribed" : "other" };
    }
    if (channel !== "user") return { kind: "other" };
    const fills: (Fill | UnreadableFill)[] = [];
    const reports: OrderReport[] = [];
    let failure: Error | undefined;
    const orders = parts.flatMap((part) => listOf(part["orders"] ?? []));
    this.#openOrders.saw(orders);
    for (const order of orders)
      try {
        const report = eventReportOf(order, whole);
        fills.push(...(await this.#newFillsOf(report)));
        reports.push(report);
      } catch (error) {
        failure ??= error as Error;
      }
    return { kind: "events", fills, reports, failure };
  }

  /**
   * The stream has sums, and no fills. The fills are read if the sum is above what was emitted: one request for all
   * messages of a burst.
   */
  async #newFillsOf({ venueOrderId, filledQuantity }: OrderReport): Promise<(Fill | UnreadableFill)[]> {
    const emitted = this.#emitted.get(venueOrderId) ?? { keys: new Set<string>(), quantity: "0" };
    if (amount(String(filledQuantity)).lte(amount(emitted.quantity))) return [];
    const fills = await this.#fillsOf({ order_ids: [venueOrderId] });
    const unknown = fills.filter((fill) => !emitted.keys.has(keyOf(fill)));
    for (const fill of unknown) {
      emitted.keys.add(keyOf(fill));
      if (isReadable(fill)) emitted.quantity = textOf(amount(emitted.quantity).plus(amount(String(fill.quantity))));
    }
    this.#emitted.delete(venueOrderId);
    this.#emitted.set(venueOrderId, emitted);
    const [oldest] = this.#emitted.keys();
    if (this.#emitted.size > ORDERS_MAX && oldest !== undefined) this.#emitted.delete(oldest);
    return unknown;
  }
}

function namedReport(order: Body): OrderReport {
  return naming(`order ${String(order["order_id"])}`, () => reportOf(order));
}

function keyOf(fill: Fill | UnreadableFill): string {
  return isReadable(fill) ? `${fill.fillId} ${fill.quantity} ${fill.price}` : fill.fillId;
}
