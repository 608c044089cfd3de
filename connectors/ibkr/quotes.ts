/** Quotes by subscription: the gateway sends the prices at first, and then each change, which is emitted. */
import { type Quote, RateLimited } from "@qoc-app/sdk";
import { type TwsNumber, plain } from "./amounts.ts";
import type { GatewayError } from "./answers.ts";
import { type Contracts, type NamedContract, priceOf, wireContract } from "./contracts.ts";
import { RATE_EXCEEDED } from "./problems.ts";
import type { GatewaySession } from "./session.ts";

const FIRST_PRICES_MS = 3_500;
/** IBKR gives an account about 100 lines of market data, which TWS shares. */
const LINES_MAX = 90;
const IDLE_MS = 10 * 60_000;
const DROP_EVERY_MS = 60_000;
const DELAY_MS = 15 * 60_000;

/** Types of ticks. Those that are 15 minutes late have numbers of their own. */
const FIELDS: Readonly<Record<number, "bid" | "ask" | "last" | "bidSize" | "askSize">> = {
  0: "bidSize",
  1: "bid",
  2: "ask",
  3: "askSize",
  4: "last",
  66: "bid",
  67: "ask",
  68: "last",
  69: "bidSize",
  70: "askSize",
};
const DELAYED_TYPES = [3, 4];
const DELAYED_REQUEST = 3;
/** Delayed prices are shown instead; other ticks are missing. Neither ends the subscription. */
const WARNINGS = [10_167, 10_090];
/** The account has no subscription to this market's data, or another session uses it. */
const NO_PERMISSION = [354, 10_089, 10_091, 10_168, 10_186, 10_197];
const TOO_MANY_LINES = 101;
const UNKNOWN_CONTRACT = 200;

interface Subscription extends NamedContract {
  readonly id: number;
  /** A side without a price is undefined. */
  readonly prices: Partial<Record<"bid" | "ask" | "last" | "bidSize" | "askSize", string | undefined>>;
  isDelayed: boolean;
  /** When the newest price came, by this machine's clock. */
  changedAt: number;
  usedAt: number;
  /** Settles when both sides were stated, or with the gateway's error. */
  readonly first: Promise<void>;
  readonly settle: (error?: Error) => void;
}

export class Quotes {
  readonly #contracts: Contracts;
  readonly #wantsDelayed: boolean;
  readonly #emit: (quote: Quote) => void;
  #session: GatewaySession | undefined;
  readonly #bySymbol = new Map<string, Promise<Subscription>>();
  readonly #byId = new Map<number, Subscription>();
  /** Subscriptions of this session that were forgotten, and that the gateway may still have. */
  readonly #leftOver: number[] = [];
  #expiry: NodeJS.Timeout | undefined;
  /** Counts the times that all prices were forgotten. */
  #losses = 0;

  constructor(contracts: Contracts, wantsDelayed: boolean, emit: (quote: Quote) => void) {
    this.#contracts = contracts;
    this.#wantsDelayed = wantsDelayed;
    this.#emit = emit;
  }

  /** Forgets every price: others may be true by now. The gateway may go on with their subscriptions. */
  clear(): void {
    clearTimeout(this.#expiry);
    this.#losses += 1;
    const lost = [...this.#byId.values()];
    this.#leftOver.push(...this.#byId.keys());
    this.#bySymbol.clear();
    this.#byId.clear();
    for (const { settle } of lost) settle(lostError());
  }

  /** @throws Error if the symbol is not listed, or has no bid or no ask; RateLimited. */
  async get(session: GatewaySession, symbol: string): Promise<Quote> {
    let pending = this.#bySymbol.get(symbol);
    if (pending === undefined) {
      pending = this.#subscribe(session, symbol);
      this.#bySymbol.set(symbol, pending);
      pending.catch(() => this.#forget(symbol, pending));
    }
    const subscription = await pending;
    await subscription.first.catch((error: unknown) => {
      this.#forget(symbol, pending);
      throw error;
    });
    // Messages arrive in order: with this answer, every change before it is here.
    await session.alive();
    if (this.#byId.get(subscription.id) !== subscription) throw lostError();
    subscription.usedAt = Date.now();
    await this.#dropIdle(session, symbol);
    const quote = quoteOf(subscription, session);
    // The gateway has just answered, and said nothing of another price.
    if (!subscription.isDelayed && session.farms.areAllThere) quote.asOf = session.now();
    return quote;
  }

  async #subscribe(session: GatewaySession, symbol: string): Promise<Subscription> {
    const losses = this.#losses;
    const listed = await this.#contracts.priced(session, symbol);
    const { contract } = listed;
    await this.#prepare(session);
    if (losses !== this.#losses) throw lostError();
    const subscription = newSubscription(session.nextRequestId(), listed);
    this.#byId.set(subscription.id, subscription);
    await session.send("read", (api) => api.reqMktData(subscription.id, wireContract(contract), "", false, false));
    return subscription;
  }

  async #prepare(session: GatewaySession): Promise<void> {
    if (this.#session === session) {
      for (const id of this.#leftOver.splice(0)) await session.send("read", (api) => api.cancelMktData(id));
      return;
    }
    // A new session has no subscriptions.
    this.#session = session;
    this.#leftOver.length = 0;
    if (this.#wantsDelayed) await session.send("read", (api) => api.reqMarketDataType(DELAYED_REQUEST));
  }

  #forget(symbol: string, pending: Promise<Subscription> | undefined): void {
    if (this.#bySymbol.get(symbol) !== pending) return;
    this.#bySymbol.delete(symbol);
    for (const [id, { symbol: subscribed }] of this.#byId) if (subscribed === symbol) this.#byId.delete(id);
  }

  async #dropIdle(session: GatewaySession, kept?: string): Promise<void> {
    try {
      await this.#drop(session, kept);
    } finally {
      this.#dropLater(session);
    }
  }

  /** Ends the subscriptions that were not used for ten minutes, and the oldest one if there are too many. */
  async #drop(session: GatewaySession, kept: string | undefined): Promise<void> {
    const byAge = [...this.#byId.values()].toSorted((a, b) => a.usedAt - b.usedAt);
    const surplus = byAge.length - LINES_MAX;
    for (const [index, { id, symbol, usedAt }] of byAge.entries()) {
      if (symbol === kept || (index >= surplus && Date.now() - usedAt < IDLE_MS)) continue;
      this.#byId.delete(id);
      this.#bySymbol.delete(symbol);
      await session.send("read", (api) => api.cancelMktData(id));
    }
  }

  /** A desk that asks for nothing has no subscription. */
  #dropLater(session: GatewaySession): void {
    clearTimeout(this.#expiry);
    const [oldest] = [...this.#byId.values()].map(({ usedAt }) => usedAt).toSorted((a, b) => a - b);
    if (oldest === undefined) return;
    const drop = (): void => void this.#dropIdle(session).catch(() => undefined);
    this.#expiry = setTimeout(drop, Math.max(DROP_EVERY_MS, oldest + IDLE_MS - Date.now()));
  }

  /** `value` is undefined if TWS does not state it: then what it stated before is not true any more. */
  onTick(id: number, type: number, value: TwsNumber | undefined): void {
    const subscription = this.#byId.get(id);
    const field = FIELDS[type];
    if (subscription === undefined || field === undefined) return;
    const isPrice = field === "bid" || field === "ask" || field === "last";
    // -1 says that there is no price, and so does 0.
    if (value === undefined || (isPrice && !(Number(value) > 0))) subscription.prices[field] = undefined;
    else subscription.prices[field] = isPrice ? priceOf(value, subscription) : plain(value);
    if (field !== "last") subscription.changedAt = Date.now();
    if (type > 65) subscription.isDelayed = true;
    if ("bid" in subscription.prices && "ask" in subscription.prices) subscription.settle();
    const { bid, ask } = subscription.prices;
    if (bid !== undefined && ask !== undefined && this.#session !== undefined)
      this.#emit(quoteOf(subscription, this.#session));
  }

  onDataType(id: number, type: number): void {
    const subscription = this.#byId.get(id);
    if (subscription !== undefined) subscription.isDelayed = DELAYED_TYPES.includes(type);
  }

  /** Returns whether the id is that of a subscription. */
  onError(id: number, error: GatewayError): boolean {
    const subscription = this.#byId.get(id);
    if (subscription === undefined) return false;
    if (WARNINGS.includes(error.code)) return true;
    const { symbol } = subscription;
    subscription.settle(quoteError(error, symbol));
    // An error after the first prices ends the subscription, too.
    this.#forget(symbol, this.#bySymbol.get(symbol));
    return true;
  }
}

function newSubscription(id: number, { symbol, magnifier }: NamedContract): Subscription {
  let settle!: (error?: Error) => void;
  const first = new Promise<void>((resolve, reject) => {
    const silence = new Error(`the gateway stated no bid and ask of ${symbol} within ${FIRST_PRICES_MS / 1000} s`);
    const timer = setTimeout(() => reject(silence), FIRST_PRICES_MS);
    settle = (error) => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    };
  });
  first.catch(() => undefined);
  return { id, symbol, magnifier, prices: {}, isDelayed: false, changedAt: 0, usedAt: Date.now(), first, settle };
}

function lostError(): Error {
  return new Error("the subscription to prices was lost");
}

function quoteError(error: GatewayError, symbol: string): Error {
  if (error.code === RATE_EXCEEDED) return new RateLimited(error.message, 1_000);
  if (error.code === UNKNOWN_CONTRACT) return new Error(`IBKR does not list ${symbol}`);
  if (error.code === TOO_MANY_LINES)
    return new Error(`IBKR gives this account no more lines of market data: ${error.message}`);
  if (NO_PERMISSION.includes(error.code))
    return new Error(
      `${error.message}; subscribe to this market's data at IBKR, or set market_data = "delayed" in [connector.options]`,
    );
  return error;
}

/** The gateway states no time of a price: it is that of its arrival, by the gateway's clock. */
function quoteOf({ symbol, prices, isDelayed, changedAt }: Subscription, session: GatewaySession): Quote {
  const { bid, ask, last, bidSize, askSize } = prices;
  if (bid === undefined || ask === undefined)
    throw new Error(`IBKR has no ${bid === undefined ? "bid" : "ask"} of ${symbol} now`);
  const timestamp = changedAt + session.aheadMs - (isDelayed ? DELAY_MS : 0);
  const feed = isDelayed ? "delayed" : "live";
  const quote: Quote = { symbol, bid, ask, timestamp, timeSource: "received", feed };
  if (last !== undefined) quote.last = last;
  if (bidSize !== undefined) quote.bidSize = bidSize;
  if (askSize !== undefined) quote.askSize = askSize;
  if (isDelayed) quote.delayedMs = DELAY_MS;
  return quote;
}
