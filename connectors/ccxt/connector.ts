/** The connector to one exchange: the same for all, over what `Venue` says of each. */
import {
  type Account,
  type Activity,
  type Bar,
  type CancelHint,
  type Capabilities,
  type ConnectReport,
  type ConnectorAdapter,
  type ConnectorContext,
  type Fill,
  type FillsHint,
  type Instrument,
  NotSent,
  type Order,
  type OrderAck,
  type OrderQuery,
  type OrderReport,
  type Position,
  type Quote,
  type Rate,
  RateLimited,
  type Session as TradingSession,
  type UnreadableActivity,
  type UnreadableFill,
  type UnreadableOrder,
  VenueRejection,
} from "@qoc-app/sdk";
import { AccountStream } from "../account-stream.ts";
import { QuoteStream } from "../quote-stream.ts";
import { StreamGap } from "../stream-gap.ts";
import { assetOfCoin } from "../coin-asset.ts";
import { isReadable } from "../listed-item.ts";
import { isNear } from "../near-symbol.ts";
import type { ExchangeClass } from "./ccxt.ts";
import { checkOrder } from "./check-order.ts";
import { accountOf, coinsOf, marketOfCoin, positionsOf } from "./holdings.ts";
import { definitely } from "./outcomes.ts";
import { PairRates } from "./pair-rates.ts";
import { addPassword } from "./password.ts";
import { type Settings, settingsOf } from "./settings.ts";
import type { BarRange, FillPage, Market, Profile, TradingVenue, Venue } from "./venue.ts";

/** A market that was read this recently is not read again before an order. The desk reads it for each proposal. */
const MARKET_AGE_MS = 60 * 60_000;
const MARKETS_MAX = 1_000;
const SYMBOLS_AGE_MS = 6 * 60 * 60_000;
const STREAM = "the stream of orders and fills";
const PING_EVERY_MS = 15_000;

interface Holdings {
  readonly account: Account;
  readonly positions: Position[];
}

/** Returns the class of the connector to this exchange. */
export function connectorFor(Exchange: ExchangeClass, profile: Profile) {
  // An exchange that is only read itemises nothing, so its connector must not seem to.
  const Base = profile.isReviewed === true ? ReviewedConnector : SpotConnector;
  return class extends Base {
    static readonly sdk = 1;
    static readonly capabilities: Capabilities = profile.capabilities;

    constructor() {
      super(Exchange, profile);
    }
  };
}

class SpotConnector implements ConnectorAdapter {
  readonly #Exchange: ExchangeClass;
  readonly #profile: Profile;
  #ctx!: ConnectorContext;
  #settings!: Settings;
  #venue!: Venue;
  #stream: AccountStream | undefined;
  #gap: StreamGap | undefined;
  #quotes: QuoteStream | undefined;
  readonly #markets = new Map<string, { readonly market: Market; readonly at: number }>();
  #symbols: { readonly list: Promise<readonly string[]>; readonly at: number } | undefined;
  /** Symbols whose fills are read after a gap in the stream. */
  readonly #traded = new Set<string>();
  #reading: Promise<Holdings> | undefined;
  #rates: PairRates | undefined;

  constructor(Exchange: ExchangeClass, profile: Profile) {
    this.#Exchange = Exchange;
    this.#profile = profile;
  }

  async connect(ctx: ConnectorContext): Promise<ConnectReport> {
    this.#ctx = ctx;
    this.#settings = settingsOf(ctx.options, this.#profile.facts);
    const [key, secret] = [ctx.secret("api_key"), ctx.secret("api_secret")];
    // Amounts stay text.
    const exchange = new this.#Exchange({ apiKey: key, secret, number: String });
    addPassword(exchange, ctx, this.#profile.facts.name);
    this.#venue = this.#profile.open({ exchange, settings: this.#settings, key, secret, logger: ctx.logger });
    const report = await this.#venue.signIn();
    const { trading } = this.#venue;
    if (trading !== undefined) {
      this.#gap = this.#openGap(trading, report.venueTime);
      this.#stream = this.#openStream(trading, this.#gap);
      await this.#stream.open();
    }
    const { quoteFeed } = this.#venue;
    if (quoteFeed !== undefined)
      this.#quotes = new QuoteStream(quoteFeed, {
        emit: (quote) => ctx.emitQuote(quote),
        warn: (message) => ctx.logger.warn(message),
      });
    ctx.logger.info(`connected to ${report.environment}`, { account: report.accountId });
    return report;
  }

  disconnect(): Promise<void> {
    this.#stream?.close();
    this.#gap?.close();
    this.#quotes?.close();
    return Promise.resolve();
  }

  async getQuote(symbol: string): Promise<Quote> {
    const quote = await this.#venue.quote(symbol);
    this.#quotes?.want(symbol);
    return quote;
  }

  async getPositions(): Promise<Position[]> {
    return (await this.#holdings()).positions;
  }

  async getAccount(): Promise<Account> {
    return (await this.#holdings()).account;
  }

  async getBuyingPower(): Promise<string> {
    return String((await this.#holdings()).account.buyingPower);
  }

  /** The desk asks for account and positions at the same time: one reading serves both. */
  #holdings(): Promise<Holdings> {
    this.#reading ??= this.#readHoldings().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readHoldings(): Promise<Holdings> {
    const { currency } = this.#settings;
    const balances = await this.#venue.balances();
    const coins = coinsOf(balances, currency);
    const symbols = coins.map(({ asset }) => marketOfCoin(asset, currency));
    const prices = symbols.length === 0 ? new Map<string, string>() : await this.#venue.prices(symbols);
    for (const symbol of prices.keys()) this.#traded.add(symbol);
    return { account: accountOf(balances, currency, prices), positions: positionsOf(coins, currency, prices) };
  }

  async getInstrument(symbol: string): Promise<Instrument | null> {
    const market = await this.#readMarket(symbol);
    return market === null ? null : { ...market.instrument, asset: assetOfCoin(market.base) };
  }

  async #readMarket(symbol: string): Promise<Market | null> {
    const market = await this.#venue.market(symbol);
    if (this.#markets.size >= MARKETS_MAX) this.#markets.clear();
    if (market === null) this.#markets.delete(symbol);
    else this.#markets.set(symbol, { market, at: Date.now() });
    return market;
  }

  /** The nearest first: the symbol itself, symbols that begin with the words, near symbols, symbols with the words. */
  async searchInstruments(words: string, limit: number): Promise<Instrument[]> {
    const sought = words.trim().toUpperCase();
    if (sought === "") return [];
    const { currency } = this.#settings;
    const ranks = [
      (symbol: string) => symbol === sought || symbol === `${sought}/${currency}`,
      (symbol: string) => symbol.startsWith(sought),
      (symbol: string) => isNear(symbol, sought),
      (symbol: string) => symbol.includes(sought),
    ];
    const ranked = (await this.#listedSymbols()).flatMap((symbol) => {
      const rank = symbol.endsWith(`/${currency}`) ? ranks.findIndex((matches) => matches(symbol)) : -1;
      return rank === -1 ? [] : [{ rank, symbol }];
    });
    return ranked
      .toSorted((a, b) => a.rank - b.rank || a.symbol.length - b.symbol.length)
      .slice(0, limit)
      .map(({ symbol }) => ({ symbol, currency }));
  }

  #listedSymbols(): Promise<readonly string[]> {
    if (this.#symbols !== undefined && Date.now() - this.#symbols.at < SYMBOLS_AGE_MS) return this.#symbols.list;
    const list = this.#venue.symbols();
    // A failure is not kept.
    list.catch(() => (this.#symbols = undefined));
    this.#symbols = { list, at: Date.now() };
    return list;
  }

  /** A pair that the exchange does not list, or that has one side alone, has no rate. */
  async getRates(pairs: readonly string[]): Promise<Rate[]> {
    this.#rates ??= new PairRates(this.#venue);
    return this.#rates.read(pairs);
  }

  getBars(symbol: string, range: BarRange): Promise<Bar[]> {
    return this.#venue.bars(symbol, range);
  }

  /** Coins trade at any time: the one session is the time asked for. */
  getSchedule(_symbol: string, from: number, to: number): Promise<TradingSession[]> {
    return Promise.resolve([{ open: from, close: to, kind: "core" }]);
  }

  /** @throws NotSent at an exchange that is only read. */
  protected get trading(): TradingVenue {
    const { trading } = this.#venue;
    if (trading !== undefined) return trading;
    throw new NotSent(
      `${this.#profile.facts.name} is only read: its orders were not reviewed, so this connector sends none`,
    );
  }

  async placeOrder(order: Order): Promise<OrderAck> {
    const trading = this.trading;
    const { name } = this.#profile.facts;
    const market = await this.#marketFor(order.symbol);
    checkOrder(order, { name, market, currency: this.#settings.currency });
    this.#traded.add(order.symbol);
    return definitely(name, trading.place(order, market));
  }

  /** The market of an order. Without it, the order was not sent. */
  async #marketFor(symbol: string): Promise<Market> {
    const { name } = this.#profile.facts;
    const known = this.#markets.get(symbol);
    if (known !== undefined && Date.now() - known.at < MARKET_AGE_MS) return known.market;
    const market = await this.#readMarket(symbol).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new NotSent(`the steps of ${symbol} could not be read: ${reason}`);
    });
    if (market === null) throw new NotSent(`${name} does not list ${symbol}`);
    return market;
  }

  async cancelOrder(venueOrderId: string, hint?: CancelHint): Promise<void> {
    if (hint === undefined) throw new Error(`${this.#profile.facts.name} needs the symbol of an order to cancel it`);
    try {
      await this.trading.cancel(venueOrderId, hint);
    } catch (error) {
      // The desk takes these from other methods alone.
      if (error instanceof RateLimited || error instanceof VenueRejection)
        throw new Error(error.message, { cause: error });
      throw error;
    }
  }

  getOrder(query: OrderQuery): Promise<OrderReport | null> {
    return this.trading.order(query);
  }

  async getOpenOrders(): Promise<(OrderReport | UnreadableOrder)[]> {
    if (this.#venue.trading === undefined) return [];
    const orders = await this.trading.openOrders();
    for (const { symbol } of orders) if (symbol !== undefined) this.#traded.add(symbol);
    return orders;
  }

  getFills(since: number, hint: FillsHint = { symbols: [] }): Promise<FillPage> {
    if (this.#venue.trading === undefined) return Promise.resolve({ fills: [] });
    for (const symbol of hint.symbols) this.#traded.add(symbol);
    return this.trading.fills(since, hint);
  }

  #openStream(trading: TradingVenue, gap: StreamGap): AccountStream {
    return new AccountStream({
      name: STREAM,
      url: this.#settings.origins?.stream ?? "",
      pingEveryMs: PING_EVERY_MS,
      opening: () => trading.subscription(),
      read: async (message) => {
        const step = await trading.read(message);
        if (step.kind !== "events") return step;
        for (const fill of step.fills) this.#emit(fill);
        for (const report of step.reports) this.#ctx.emitReport(report);
        if (step.failure !== undefined) throw step.failure;
        return { kind: "other" };
      },
      onDown: () => {
        gap.begin();
        this.#ctx.link(false, `${STREAM} is down`);
      },
      onRestored: () => gap.end(),
      onLost: () => gap.miss(),
      warn: (message, error) => this.#warn(message, error),
    });
  }

  #openGap(trading: TradingVenue, startedAt: number): StreamGap {
    const options = {
      read: (since: number) => this.#emitFillsSince(since, trading),
      onEnd: () => this.#ctx.link(true),
      warn: (message: string, error: unknown) => this.#warn(message, error),
    };
    return new StreamGap(options, startedAt);
  }

  #warn(message: string, error: unknown): void {
    this.#ctx.logger.warn(message, { error: error instanceof Error ? error.message : String(error) });
  }

  async #emitFillsSince(since: number, trading: TradingVenue): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const symbols = [...this.#traded];
      const page = await trading.fills(since, cursor === undefined ? { symbols } : { symbols, cursor });
      for (const fill of page.fills) this.#emit(fill);
      ids.push(...page.fills.map(({ fillId }) => fillId));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return ids;
  }

  #emit(fill: Fill | UnreadableFill): void {
    if (isReadable(fill)) {
      this.#traded.add(fill.symbol);
      this.#gap?.saw(Number(fill.timestamp));
    }
    this.#ctx.emitFill(fill);
  }
}

/** A connector to an exchange whose account was reviewed, too. */
class ReviewedConnector extends SpotConnector {
  getActivities(since: number): Promise<(Activity | UnreadableActivity)[]> {
    return this.trading.activities(since);
  }
}
