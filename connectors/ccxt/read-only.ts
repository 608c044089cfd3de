/** Any exchange of ccxt without a review: quotes, balances and bars by ccxt's unified methods, and no orders. */
import { type Bar, ConnectRefused, type Instrument, type Quote } from "@qoc-app/sdk";
import type { Exchange } from "./ccxt.ts";
import { accountIdOf } from "./holdings.ts";
import type { Balance, BarRange, Market, Profile, Session, Venue } from "./venue.ts";

const BARS_MAX = 1_000;

export function readOnlyProfile(id: string): Profile {
  return {
    facts: { name: id, environments: {}, streamPath: "", quotesPath: "" },
    capabilities: { exactDecimals: true, reports: "pushed" },
    open: (session) => new ReadOnlyVenue(id, session),
  };
}

class ReadOnlyVenue implements Venue {
  readonly quoteFeed = undefined;
  readonly trading = undefined;
  readonly #id: string;
  readonly #session: Session;
  readonly #exchange: Exchange;

  constructor(id: string, session: Session) {
    this.#id = id;
    this.#session = session;
    this.#exchange = session.exchange;
  }

  async signIn() {
    const { environment } = this.#session.settings;
    const others = Object.entries(this.#exchange.requiredCredentials)
      .filter(([name, isRequired]) => isRequired && name !== "apiKey" && name !== "secret")
      .map(([name]) => name);
    if (others.length > 0)
      throw new ConnectRefused(`${this.#id} needs ${others.join(" and ")} besides a key and its secret: not supported`);
    if (environment === "paper" && this.#exchange.urls["test"] === undefined)
      throw new ConnectRefused(`ccxt knows no test network of ${this.#id}: use environment = "live"`);
    if (environment === "paper") this.#exchange.setSandboxMode(true);
    await this.balances();
    this.#session.logger.warn(`${this.#id} is only read: this connector sends it no orders`);
    return {
      mode: environment,
      environment: `${this.#id} ${environment}, only read`,
      accountId: accountIdOf(this.#id, this.#session.key),
      permissions: ["read" as const],
      venueTime: Date.now(),
    };
  }

  async quote(symbol: string): Promise<Quote> {
    const { bid, ask, last, bidVolume, askVolume, timestamp } = await this.#exchange.fetchTicker(symbol);
    if (bid === undefined || ask === undefined) throw new Error(`${this.#id} states no bid and ask of ${symbol}`);
    const quote: Quote = { symbol, bid, ask, timestamp: timestamp ?? Date.now() };
    if (last !== undefined) quote.last = last;
    if (bidVolume !== undefined) quote.bidSize = bidVolume;
    if (askVolume !== undefined) quote.askSize = askVolume;
    if (timestamp === undefined) quote.timeSource = "received";
    return quote;
  }

  async market(symbol: string): Promise<Market | null> {
    await this.#exchange.loadMarkets();
    const found = this.#exchange.markets?.[symbol];
    if (found === undefined || found.spot !== true) return null;
    const { base, quote, precision, limits } = found;
    const instrument: Instrument = { symbol, currency: quote, tradable: false };
    const steps = {
      tickSize: precision.price,
      lotSize: precision.amount,
      minQuantity: limits["amount"]?.min,
      minNotional: limits["cost"]?.min,
    };
    for (const [key, value] of Object.entries(steps))
      if (value !== undefined && Number(value) > 0) Object.assign(instrument, { [key]: value });
    return { symbol, id: symbol, base, quote, instrument };
  }

  async symbols(): Promise<readonly string[]> {
    await this.#exchange.loadMarkets();
    return Object.values(this.#exchange.markets ?? {}).flatMap(({ symbol, spot, active }) =>
      spot === true && active !== false ? [symbol] : [],
    );
  }

  async balances(): Promise<readonly Balance[]> {
    const { total, free } = await this.#exchange.fetchBalance();
    if (typeof total !== "object" || typeof free !== "object") throw new Error(`${this.#id} stated no balances`);
    return Object.entries(total).flatMap(([asset, amount]) =>
      amount === undefined ? [] : [{ asset, total: String(amount), free: String(free[asset] ?? amount) }],
    );
  }

  async prices(symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
    await this.#exchange.loadMarkets();
    const prices = new Map<string, string>();
    for (const symbol of symbols) {
      if (this.#exchange.markets?.[symbol] === undefined) continue;
      const { last } = await this.#exchange.fetchTicker(symbol);
      if (last !== undefined) prices.set(symbol, last);
    }
    return prices;
  }

  async bars(symbol: string, { resolution, from, to }: BarRange): Promise<Bar[]> {
    const bars = await this.#exchange.fetchOHLCV(symbol, resolution, from, BARS_MAX);
    return bars
      .filter(([timestamp]) => to === undefined || timestamp <= to)
      .map(([timestamp, open, high, low, close, volume]) => ({ symbol, timestamp, open, high, low, close, volume }));
  }
}
