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
  readonly precision: { readonly price?: string | undefined; readonly amount?: string | undefined };
  readonly limits: Readonly<Record<"amount" | "cost", { readonly min?: string | undefined } | undefined>>;
}

export interface UnifiedTicker {
  readonly bid?: string | undefined;
  readonly ask?: string | undefined;
  readonly bidVolume?: string | undefined;
  readonly askVolume?: string | undefined;
  readonly last?: string | undefined;
  readonly timestamp?: number | undefined;
}

type Amounts = Readonly<Record<string, string | undefined>>;

export interface Exchange {
  urls: Record<string, unknown>;
  options: Record<string, unknown>;
  readonly has: Readonly<Record<string, unknown>>;
  readonly requiredCredentials: Readonly<Record<string, boolean>>;
  markets: Readonly<Record<string, UnifiedMarket>> | undefined;
  /** Milliseconds. */
  nonce: () => number;
  seconds: () => number;
  sign(path: string, api: string | readonly string[], method: string, params: object): SignedRequest;
  /** Coinbase alone: a token that signs a subscription. */
  createAuthToken(seconds: number): string;
  setSandboxMode(isOn: boolean): void;
  loadMarkets(): Promise<unknown>;
  fetchTicker(symbol: string): Promise<UnifiedTicker>;
  fetchBalance(): Promise<{ readonly total: Amounts; readonly free: Amounts }>;
  /** Time in milliseconds, open, high, low, close, volume. */
  fetchOHLCV(
    symbol: string,
    timeframe: string,
    since?: number,
    limit?: number,
  ): Promise<readonly (readonly [number, string, string, string, string, string])[]>;
}

export type ExchangeClass = new (config: object) => Exchange;
