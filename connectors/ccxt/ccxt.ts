/** The part of ccxt's exchanges that the connector uses. ccxt has types for its main file alone. */

export interface SignedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
}

export interface UnifiedMarket {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly spot?: boolean | undefined;
  readonly active?: boolean | undefined;
  /** Its unit is the exchange's `precisionMode`. */
  readonly precision?: Readonly<Partial<Record<"amount" | "price", UnifiedNumber>>> | undefined;
  readonly limits?: Readonly<Partial<Record<"amount" | "cost", UnifiedLimits>>> | undefined;
}

type UnifiedLimits = Readonly<Partial<Record<"min" | "max", UnifiedNumber>>> | undefined;
/** Text, but for what ccxt itself writes as a number; undefined or null for what an exchange does not state. */
export type UnifiedNumber = string | number | null | undefined;

export interface UnifiedTicker {
  readonly bid?: UnifiedNumber;
  readonly ask?: UnifiedNumber;
  readonly bidVolume?: UnifiedNumber;
  readonly askVolume?: UnifiedNumber;
  readonly last?: UnifiedNumber;
  readonly timestamp?: number | null | undefined;
}

/** By currency. */
export type UnifiedAmounts = Readonly<Record<string, UnifiedNumber>>;

export interface UnifiedBalance {
  /** What can be spent, what orders hold, and both together. */
  readonly free: UnifiedAmounts;
  readonly used?: UnifiedAmounts | undefined;
  readonly total: UnifiedAmounts;
  /** What was borrowed, with its interest; absent at an exchange without loans. */
  readonly debt?: UnifiedAmounts | undefined;
  /** The exchange's own answer. */
  readonly info?: unknown;
}

export interface Exchange {
  urls: Record<string, unknown>;
  options: Record<string, unknown>;
  readonly has: Readonly<Record<string, unknown>>;
  readonly requiredCredentials: Readonly<Record<string, boolean>>;
  password?: string | undefined;
  /** What it signs with. */
  secret?: string | undefined;
  markets: Readonly<Record<string, UnifiedMarket>> | undefined;
  /** ccxt's number for the unit of `precision`. */
  readonly precisionMode?: number | undefined;
  /** Milliseconds. */
  nonce: () => number;
  seconds: () => number;
  sign(path: string, api: string | readonly string[], method: string, params: object): SignedRequest;
  /** Coinbase alone: a token that signs a subscription. */
  createAuthToken(seconds: number): string;
  setSandboxMode(isOn: boolean): void;
  /** `isAgain`: ccxt keeps the first list otherwise. */
  loadMarkets(isAgain?: boolean): Promise<unknown>;
  fetchTicker(symbol: string): Promise<UnifiedTicker>;
  fetchBalance(): Promise<UnifiedBalance>;
  /** ccxt's name of a currency. */
  safeCurrencyCode(name: string): string;
  /** Time in milliseconds, open, high, low, close, volume. */
  fetchOHLCV(
    symbol: string,
    timeframe: string,
    since?: number,
    limit?: number,
  ): Promise<readonly (readonly [number, string, string, string, string, string])[]>;
}

export type ExchangeClass = new (config: object) => Exchange;
