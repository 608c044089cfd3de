/** Any exchange of ccxt without a review: quotes, balances and bars by ccxt's unified methods, and no orders. */
import { type Bar, ConnectRefused, type Instrument, type Quote } from "@qoc-app/sdk";
import { amount, parseAmount, textOf } from "../amount.ts";
import type { Exchange, UnifiedAmounts, UnifiedBalance, UnifiedNumber, UnifiedTicker } from "./ccxt.ts";
import { naming } from "../words.ts";
import { equitiesIn } from "./equities.ts";
import { accountIdOf } from "./holdings.ts";
import type { Balance, BarRange, Market, Profile, Session, Venue } from "./venue.ts";

const BARS_MAX = 1_000;
/** A failure makes ccxt read the list of markets again no sooner. */
const LIST_AGE_MS = 10 * 60_000;
/** ccxt's names of what the connector signs with. */
const CREDENTIALS = ["apiKey", "secret", "password"];

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
  /** When the list of markets was read again. */
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(id: string, session: Session) {
    this.#id = id;
    this.#session = session;
    this.#exchange = session.exchange;
  }

  async signIn() {
    const { environment } = this.#session.settings;
    const others = Object.entries(this.#exchange.requiredCredentials)
      .filter(([name, isRequired]) => isRequired && !CREDENTIALS.includes(name))
      .map(([name]) => name);
    if (others.length > 0)
      throw new ConnectRefused(
        `${this.#id} needs ${others.join(" and ")} besides a key, its secret and its password: not supported`,
      );
    if (environment === "paper" && this.#exchange.urls["test"] === undefined)
      throw new ConnectRefused(
        `ccxt knows no test network of ${this.#id}: use environment = "live" (qoc connect: --environment live)`,
      );
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
    if (!isStated(bid) || !isStated(ask)) throw new Error(`${this.#id} states no bid and ask of ${symbol}`);
    const quote: Quote = { symbol, bid, ask, timestamp: timestamp ?? Date.now() };
    if (isStated(last)) quote.last = last;
    if (isStated(bidVolume)) quote.bidSize = bidVolume;
    if (isStated(askVolume)) quote.askSize = askVolume;
    if (!isStated(timestamp)) quote.timeSource = "received";
    return quote;
  }

  async market(symbol: string): Promise<Market | null> {
    await this.#exchange.loadMarkets();
    const found = this.#exchange.markets?.[symbol];
    if (found === undefined || found.spot !== true) return null;
    const { base, quote, precision, limits } = found;
    const { precisionMode } = this.#exchange;
    const instrument: Instrument = { symbol, currency: quote, tradable: false };
    const steps = {
      tickSize: stepOf(precision?.price, precisionMode),
      lotSize: stepOf(precision?.amount, precisionMode),
      minQuantity: limits?.amount?.min,
      maxQuantity: limits?.amount?.max,
      minNotional: limits?.cost?.min,
      maxNotional: limits?.cost?.max,
    };
    for (const [key, value] of Object.entries(steps))
      if (isStated(value) && Number(value) > 0) Object.assign(instrument, { [key]: value });
    return { symbol, id: symbol, base, quote, instrument };
  }

  async symbols(): Promise<readonly string[]> {
    await this.#exchange.loadMarkets();
    return Object.values(this.#exchange.markets ?? {}).flatMap(({ symbol, spot, active }) =>
      spot === true && active !== false ? [symbol] : [],
    );
  }

  async balances(): Promise<readonly Balance[]> {
    const balance = await this.#exchange.fetchBalance();
    if (typeof balance.total !== "object" || typeof balance.free !== "object")
      throw new Error(`${this.#id} stated no balances`);
    const parts = [balance.total, balance.free, balance.used, balance.debt];
    const assets = new Set(parts.flatMap((part) => Object.keys(part ?? {})));
    const equities = new Map(
      [...equitiesIn(this.#id, balance)].map(([name, equity]) => [this.#exchange.safeCurrencyCode(name), equity]),
    );
    return [...assets].flatMap((asset) =>
      naming(`the balance of ${asset} at ${this.#id}`, () => balanceIn(balance, asset, equities.get(asset))),
    );
  }

  /** None of a market that is closed: it may have no ticker, and must not hide the others. */
  async prices(symbols: readonly string[]): Promise<ReadonlyMap<string, string>> {
    await this.#exchange.loadMarkets();
    const prices = new Map<string, string>();
    for (const symbol of symbols) {
      const market = this.#exchange.markets?.[symbol];
      if (market === undefined || market.active === false) continue;
      const ticker = await this.#tickerOf(symbol);
      if (isStated(ticker?.last)) prices.set(symbol, String(ticker.last));
    }
    return prices;
  }

  /** None of a market that the exchange has removed since the list was read: the list is then read again. */
  async #tickerOf(symbol: string): Promise<UnifiedTicker | undefined> {
    try {
      return await this.#exchange.fetchTicker(symbol);
    } catch (error) {
      if (Date.now() - this.#listedAt < LIST_AGE_MS) throw error;
      this.#listedAt = Date.now();
      await this.#exchange.loadMarkets(true);
      const market = this.#exchange.markets?.[symbol];
      if (market !== undefined && market.active !== false) throw error;
      return undefined;
    }
  }

  async bars(symbol: string, { resolution, from, to }: BarRange): Promise<Bar[]> {
    const bars = await this.#exchange.fetchOHLCV(symbol, resolution, from, BARS_MAX);
    return bars
      .filter(([timestamp]) => to === undefined || timestamp <= to)
      .map(([timestamp, open, high, low, close, volume]) => ({ symbol, timestamp, open, high, low, close, volume }));
  }
}

function isStated<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

/** ccxt's names of the units of a precision. A number of significant digits is no step: it depends on the price. */
const [DECIMAL_PLACES, SIGNIFICANT_DIGITS] = [2, 3];

function stepOf(precision: UnifiedNumber, mode: number | undefined): UnifiedNumber {
  if (!isStated(precision) || mode === SIGNIFICANT_DIGITS) return undefined;
  return mode === DECIMAL_PLACES ? textOf(amount(`1e${-Number(precision)}`)) : precision;
}

/** What was borrowed is no property: it is taken off. None for a currency of which the exchange states nothing. */
function balanceIn(
  { total, free, used, debt }: UnifiedBalance,
  asset: string,
  equity: string | undefined,
): readonly Balance[] {
  const of = (amounts: UnifiedAmounts | undefined): string | undefined => amountOf(amounts?.[asset]);
  const [owned, spendable, held, owed] = [of(total), of(free), of(used), of(debt)];
  const sum = owned ?? (spendable !== undefined && held !== undefined ? plus(spendable, held) : (spendable ?? held));
  if (sum === undefined && owed === undefined) return [];
  // An exchange that states one amount of a currency states no other, as nothing is held.
  const rest = sum !== undefined && held !== undefined ? minus(sum, held) : sum;
  const worth = amountOf(equity) ?? (owed === undefined ? sum : minus(sum ?? "0", owed));
  return [{ asset, total: worth ?? "0", free: spendable ?? rest ?? "0" }];
}

/** As text; undefined if it is not stated. @throws Error for what is no amount. */
function amountOf(value: UnifiedNumber): string | undefined {
  if (!isStated(value)) return undefined;
  const parsed = parseAmount(value);
  if (parsed === undefined) throw new Error(`it is ${JSON.stringify(value)}, which is no amount`);
  return textOf(parsed);
}

function plus(a: string, b: string): string {
  return textOf(amount(a).plus(amount(b)));
}

function minus(a: string, b: string): string {
  return textOf(amount(a).minus(amount(b)));
}
