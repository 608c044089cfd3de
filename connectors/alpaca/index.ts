/** Alpaca: US stocks, ETFs and coins, over its trading API, market data API and the stream of trade updates. */
import type { WebSocket } from "ws";
import {
  type Account,
  type Activity,
  type Bar,
  type Capabilities,
  ConnectRefused,
  type ConnectReport,
  type ConnectorAdapter,
  type ConnectorContext,
  type Fill,
  type Instrument,
  type Order,
  type OrderAck,
  type OrderReport,
  type Position,
  type Quote,
  type Rate,
  type Session,
  type UnreadableActivity,
  type UnreadableFill,
  type UnreadableOrder,
  VenueRejection,
} from "@qoc-app/sdk";
import { listedActivitiesOf, listedFillOf } from "./activities.ts";
import {
  accountOf,
  assetOfTrade,
  continued,
  fillOfUpdate,
  instrumentOf,
  isCrypto,
  isOption,
  openReportOf,
  optionOf,
  positionOf,
  rateOf,
  reportOf,
} from "./map.ts";
import { AccountStream, type AccountStreamOptions, type StreamStep } from "../account-stream.ts";
import { isReadable, sinceInOrder } from "../listed-item.ts";
import { StreamGap } from "../stream-gap.ts";
import { oneLine } from "../words.ts";
import { type BarsPage, type BarsQuery, readBars } from "./bars.ts";
import { CoinPairs } from "./coins.ts";
import { isStated, millis } from "./fields.ts";
import { readSessions } from "./calendar.ts";
import { allOpenOrders } from "./open-orders.ts";
import { orderBody } from "./order-body.ts";
import { AlpacaQuotes } from "./quotes.ts";
import { followReplacements } from "./replacements.ts";
import { AssetSearch } from "./search.ts";
import { type TimeRange, TradesAlone } from "./trades-alone.ts";
import { TradeVersions } from "./trade-versions.ts";
import {
  type ActivityEvent,
  AlpacaClient,
  type Answer,
  type Settings,
  type TradeUpdate,
  type VenueAccount,
  type VenueAsset,
  type VenueOption,
  type VenueOrder,
  type VenuePosition,
  type VenueRate,
  errorIn,
  errorOf,
  parsedOf,
  settingsOf,
} from "./wire.ts";

/** Account numbers of Alpaca's paper environment begin with this. */
const PAPER_PREFIX = "PA";
/** Statuses of an account that can trade: on paper also if it was never opened for live trading. */
const WORKING = { live: ["ACTIVE"], paper: ["ACTIVE", "PAPER_ONLY"] };
const STOCK_ASSETS = "/v2/assets?status=active&asset_class=us_equity";
const CRYPTO_ASSETS = "/v2/assets?asset_class=crypto";
/** After a fill of the stream, which does not say the commission, the activities are read for it. */
const COMMISSION_DELAY_MS = 5_000;
const STREAM = "the stream of trade updates";
const PING_EVERY_MS = 10_000;
/** Events are published a moment after what they report. */
const EVENT_DELAY_MS = 1_000;
/** Its activity names the execution that is cancelled or corrected. */
const CHANGED_TRADES = ["trade_bust", "trade_correct"];
/** Alpaca's statuses that say: this request was refused, and no order exists. Others may be a gateway's. */
const REFUSALS = [401, 403, 404, 422, 429];
const DUPLICATE_ID = /client_order_id must be unique/i;

export default class AlpacaConnector implements ConnectorAdapter {
  static readonly sdk = 1;
  static readonly capabilities: Capabilities = {
    exactDecimals: true,
    clientIdDedupe: "forever",
    queryByClientId: true,
    buyingPowerNetsOpenOrders: true,
    reports: "pushed",
  };

  #ctx!: ConnectorContext;
  #settings!: Settings;
  #client!: AlpacaClient;
  #stream: AccountStream | undefined;
  #quotes!: AlpacaQuotes;
  readonly #search = new AssetSearch(() => this.#assets());
  readonly #coins = new CoinPairs(() => this.#client.list<VenueAsset>(CRYPTO_ASSETS));
  #gap!: StreamGap;
  readonly #versions = new TradeVersions();
  #tradesAlone!: TradesAlone;
  /** Whether this account pays a commission; undefined until an activity of a trade was read. */
  #paysCommission: boolean | undefined;
  readonly #openSocket: ((url: string) => WebSocket) | undefined;

  /** `openSocket` opens the connection of the stream of trade updates: by default a WebSocket of `ws`. */
  constructor(openSocket?: (url: string) => WebSocket) {
    this.#openSocket = openSocket;
  }

  async connect(ctx: ConnectorContext): Promise<ConnectReport> {
    this.#ctx = ctx;
    this.#settings = settingsOf(ctx.options);
    this.#client = new AlpacaClient(this.#settings, ctx);
    this.#quotes = new AlpacaQuotes(this.#client, this.#settings, ctx);
    const account = await this.#signIn();
    this.#tradesAlone = await TradesAlone.open(ctx.store, account.account_number);
    const venueTime = await this.#venueTime();
    this.#gap = this.#openGap(venueTime);
    await this.#coins.refresh();
    this.#stream = this.#openStream();
    await this.#stream.open();
    const { environment, feed } = this.#settings;
    ctx.logger.info(`connected to Alpaca's ${environment} environment`, { account: account.account_number, feed });
    return { mode: environment, environment: `alpaca ${environment}`, accountId: account.account_number, venueTime };
  }

  disconnect(): Promise<void> {
    this.#stream?.close();
    this.#gap?.close();
    this.#quotes?.close();
    return Promise.resolve();
  }

  /** @throws ConnectRefused if Alpaca refuses the keys, or if the account is not of the environment in desk.toml. */
  async #signIn(): Promise<VenueAccount> {
    const { environment } = this.#settings;
    const answer = await this.#client.send("GET", "/v2/account");
    if (answer.status === 401 || answer.status === 403)
      throw new ConnectRefused(
        `Alpaca's ${environment} environment refused the keys (${answer.status}): each environment has keys of its ` +
          `own; check api_key and api_secret`,
      );
    const account = parsedOf(answer) as VenueAccount | undefined;
    const number = account?.account_number;
    if (answer.status !== 200 || account === undefined || typeof number !== "string" || number === "")
      throw new Error(`Alpaca answered the request for the account with ${answer.status}`);
    if (number.startsWith(PAPER_PREFIX) !== (environment === "paper")) {
      const found = number.startsWith(PAPER_PREFIX) ? "a paper account" : "no paper account";
      throw new ConnectRefused(`desk.toml says environment = "${environment}", and account ${number} is ${found}`);
    }
    if (account.currency !== "USD")
      throw new ConnectRefused(`account ${number} is in ${account.currency}; this connector works with USD alone`);
    if (!WORKING[environment].includes(account.status))
      throw new ConnectRefused(`account ${number} is ${account.status} at Alpaca, not ACTIVE`);
    return account;
  }

  async #venueTime(): Promise<number> {
    return millis((await this.#client.get<{ timestamp: string }>("/v2/clock")).timestamp);
  }

  async #assets(): Promise<readonly VenueAsset[]> {
    const lists = [STOCK_ASSETS, CRYPTO_ASSETS].map((path) => this.#client.list<VenueAsset>(path));
    return (await Promise.all(lists)).flat();
  }

  getQuote(symbol: string): Promise<Quote> {
    return this.#quotes.get(symbol);
  }

  async getPositions(): Promise<Position[]> {
    const positions = await this.#client.list<VenuePosition>("/v2/positions");
    const pairs = await this.#coins.covering(positions);
    return positions.map((position) => positionOf(position, pairs));
  }

  async getBuyingPower(): Promise<string> {
    return String((await this.getAccount()).buyingPower);
  }

  async getAccount(): Promise<Account> {
    return accountOf(await this.#client.get<VenueAccount>("/v2/account"));
  }

  async getInstrument(symbol: string): Promise<Instrument | null> {
    if (isOption(symbol)) {
      const contract = await this.#client.find<VenueOption>(`/v2/options/contracts/${encodeURIComponent(symbol)}`);
      return contract === undefined ? null : optionOf(contract);
    }
    const asset = await this.#client.find<VenueAsset>(`/v2/assets/${encodeURIComponent(symbol)}`);
    return asset === undefined ? null : instrumentOf(asset);
  }

  searchInstruments(words: string, limit: number): Promise<Instrument[]> {
    return this.#search.find(words, limit);
  }

  async placeOrder(order: Order): Promise<OrderAck> {
    const answer = await this.#client.send("POST", "/v2/orders", { body: orderBody(order) });
    const body = parsedOf(answer);
    const error = errorIn(body);
    if (error !== undefined && DUPLICATE_ID.test(error.message)) return this.#acknowledgeTwin(order);
    // Only Alpaca's own code says that Alpaca judged the order. A 5xx with a code may still have made one.
    if (error !== undefined && error.code !== "" && REFUSALS.includes(answer.status))
      throw new VenueRejection(`${error.message} (${error.code})`);
    const accepted = answer.status === 200 ? (body as Partial<VenueOrder> | undefined) : undefined;
    const isOurs = accepted?.client_order_id === order.clientOrderId;
    if (accepted?.id === undefined || accepted.id === "" || !isOurs)
      throw new Error(`Alpaca did not confirm the order: it answered ${describe(answer)}`);
    if (accepted.status === "rejected") throw new VenueRejection("Alpaca rejected the order");
    return { venueOrderId: accepted.id, status: "acknowledged" };
  }

  /** The desk never repeats an id, so the order that has it is this order. */
  async #acknowledgeTwin({ clientOrderId }: Order): Promise<OrderAck> {
    const twin = await this.#find({ clientOrderId });
    if (twin === undefined) throw new Error("Alpaca has an order with this client order id, and does not find it");
    if (twin.status === "rejected") throw new VenueRejection("Alpaca rejected the order");
    return { venueOrderId: twin.id, status: "acknowledged" };
  }

  async cancelOrder(venueOrderId: string): Promise<void> {
    const answer = await this.#client.send("DELETE", `/v2/orders/${encodeURIComponent(venueOrderId)}`);
    if (answer.status === 204) return;
    const order = answer.status === 422 ? await this.#find({ venueOrderId }) : undefined;
    const { status, replaced_by: next } = order ?? {};
    if (status === "replaced" && isStated(next)) return this.cancelOrder(next);
    throw new Error(`Alpaca did not cancel ${venueOrderId}: it answered ${describe(answer)}`);
  }

  /** An order that was replaced is reported with the state of the order that continues it, under its own ids. */
  async getOrder(query: { venueOrderId?: string; clientOrderId?: string }): Promise<OrderReport | null> {
    const asked = await this.#find(query);
    if (asked === undefined) return null;
    const { last, earlier } = await followReplacements(asked, (venueOrderId) => this.#find({ venueOrderId }));
    const report = reportOf(last, await this.#coins.covering([last]));
    return last === asked ? report : continued(report, asked, earlier);
  }

  #find({ venueOrderId, clientOrderId = "" }: { venueOrderId?: string; clientOrderId?: string }) {
    return this.#client.find<VenueOrder>(
      venueOrderId === undefined
        ? `/v2/orders:by_client_order_id?client_order_id=${encodeURIComponent(clientOrderId)}`
        : `/v2/orders/${encodeURIComponent(venueOrderId)}`,
    );
  }

  async getOpenOrders(): Promise<(OrderReport | UnreadableOrder)[]> {
    const orders = await allOpenOrders((path) => this.#client.list<VenueOrder>(path));
    const pairs = await this.#coins.covering(orders);
    return orders.map((order) => openReportOf(order, pairs));
  }

  /** Activity events have the execution ids of the stream. The list of activities has others, so it is not used. */
  async getFills(since: number): Promise<(Fill | UnreadableFill)[]> {
    const events = await this.#eventsIn({ since, until: (await this.#venueTime()) + EVENT_DELAY_MS });
    const pairs = await this.#coins.covering(events.flatMap(assetOfTrade));
    const fills = events.map((event) => listedFillOf(event, pairs)).filter((fill) => fill !== undefined);
    if (fills.length > 0) this.#paysCommission ||= fills.some((fill) => isReadable(fill) && fill.fee !== undefined);
    return sinceInOrder(this.#versions.ofFirst(fills), Number.NEGATIVE_INFINITY);
  }

  /** A long time is read in parts: the cursor is the time at which the next one begins. */
  async getActivities(since: number, cursor?: string): Promise<ActivityPage> {
    const asked = { since: Number(cursor ?? since), until: (await this.#venueTime()) + EVENT_DELAY_MS };
    const part = this.#tradesAlone.partOf(asked);
    const events = await this.#eventsIn(part);
    await this.#tradesAlone.keep(part, events);
    const next = TradesAlone.after(part, asked);
    return { activities: events.flatMap(listedActivitiesOf), ...(next !== undefined && { cursor: String(next) }) };
  }

  #eventsIn({ since, until }: TimeRange): Promise<readonly ActivityEvent[]> {
    return this.#client.activities(new Date(since).toISOString(), new Date(until).toISOString());
  }

  /** Alpaca leaves out a pair that it does not have. */
  async getRates(pairs: readonly string[]): Promise<Rate[]> {
    const names = pairs.map((pair) => pair.replace("/", ""));
    const query = new URLSearchParams({ currency_pairs: names.join(",") });
    const { rates } = await this.#client.get<RatesAnswer>(`/v1beta1/forex/latest/rates?${query}`, "data");
    return pairs.flatMap((pair, index) => {
      const found = rates?.[names[index] ?? ""];
      return found === undefined || found === null ? [] : [rateOf(pair, found)];
    });
  }

  /** Coins trade at any time: their one session is the time asked for. */
  async getSchedule(symbol: string, from: number, to: number): Promise<Session[]> {
    if (isCrypto(symbol)) return [{ open: from, close: to, kind: "core" }];
    return readSessions((path) => this.#client.get(path), from, to);
  }

  getBars(symbol: string, options: BarsQuery): Promise<Bar[]> {
    const { feed } = this.#settings;
    return readBars((path) => this.#client.get<BarsPage>(path, "data"), { symbol, feed, ...options });
  }

  #openStream(): AccountStream {
    const [key, secret] = [this.#ctx.secret("api_key"), this.#ctx.secret("api_secret")];
    const options: AccountStreamOptions = {
      name: STREAM,
      url: this.#settings.stream,
      pingEveryMs: PING_EVERY_MS,
      opening: () => [JSON.stringify({ action: "auth", key, secret })],
      read: (message) => this.#read(message as { stream?: string; data?: unknown }),
      onDown: () => {
        this.#gap.begin();
        this.#ctx.link(false, `${STREAM} is down`);
      },
      onRestored: () => this.#gap.end(),
      // The fills of an order of several legs, for example, are activities too.
      onLost: () => this.#gap.miss(),
      warn: (message, error) => this.#warn(message, error),
    };
    return new AccountStream(options, this.#openSocket);
  }

  #openGap(startedAt: number): StreamGap {
    const options = {
      read: async (since: number) => {
        const fills = await this.getFills(since);
        for (const fill of fills) this.#emit(fill);
        return fills.map(({ fillId }) => fillId);
      },
      onEnd: () => this.#ctx.link(true),
      warn: (message: string, error: unknown) => this.#warn(message, error),
    };
    return new StreamGap(options, startedAt);
  }

  #warn(message: string, error: unknown): void {
    this.#ctx.logger.warn(message, { error: error instanceof Error ? error.message : String(error) });
  }

  /** Alpaca confirms the keys first, then the subscription. */
  async #read({ stream, data }: { readonly stream?: string; readonly data?: unknown }): Promise<StreamStep> {
    if (stream === "trade_updates") await this.#take(data as TradeUpdate);
    if (stream === "listening") return listenedTo(data as { streams?: unknown } | undefined);
    const status = stream === "authorization" ? (data as { status?: string } | undefined)?.status : undefined;
    if (status === "unauthorized") return { kind: "refused", words: "Alpaca refused the keys" };
    if (status !== "authorized") return { kind: "other" };
    return { kind: "reply", message: JSON.stringify({ action: "listen", data: { streams: ["trade_updates"] } }) };
  }

  async #take(update: TradeUpdate): Promise<void> {
    const pairs = await this.#coins.covering([update.order]);
    const fill = fillOfUpdate(update, pairs);
    if (fill !== undefined) this.#emit(fill);
    if (fill !== undefined && this.#paysCommission !== false) this.#gap.readIn(COMMISSION_DELAY_MS, fill.fillId);
    if (CHANGED_TRADES.includes(update.event)) this.#gap.miss(update.execution_id);
    const { status, id } = update.order;
    const report = status === "replaced" ? await this.getOrder({ venueOrderId: id }) : reportOf(update.order, pairs);
    const { reason } = update;
    const words = typeof reason === "string" ? oneLine(reason) : "";
    if (report !== null) this.#ctx.emitReport(words === "" ? report : { ...report, reason: words });
  }

  #emit(fill: Fill | UnreadableFill): void {
    if (isReadable(fill)) this.#gap.saw(Number(fill.timestamp));
    this.#ctx.emitFill(fill);
  }
}

/** Alpaca leaves a stream that it does not give out of its answer. */
function listenedTo(data: { readonly streams?: unknown } | undefined): StreamStep {
  const streams = data?.streams;
  if (!Array.isArray(streams) || streams.includes("trade_updates")) return { kind: "subscribed" };
  return { kind: "refused", words: "Alpaca does not give trade updates to these keys" };
}

interface ActivityPage {
  activities: (Activity | UnreadableActivity)[];
  cursor?: string;
}

interface RatesAnswer {
  readonly rates?: Readonly<Record<string, VenueRate | null>> | null;
}

function describe(answer: Answer): string {
  const error = errorOf(answer);
  return error === undefined ? String(answer.status) : `${answer.status}: ${error.message}`;
}
