/** Currencies of amounts. Nothing is converted without a rate. */

/** The two assets of a symbol that names a pair. */
export interface AssetPair {
  readonly base: string;
  /** The asset that the pair is priced in. */
  readonly quote: string;
}

/** `ETH/BTC`, `BTC-USD`, `BTC_USDT`, and `BTC/USDT:USDT` for a derivative. `BRK/B` and `BF-B` are no pairs. */
const PAIR = /^([A-Z0-9]{2,12})[/_-]([A-Z]{3,5})(:[A-Z0-9-]+)?$/;

export function pairOf(symbol: string): AssetPair | undefined {
  const [, base, quote] = PAIR.exec(symbol.toUpperCase()) ?? [];
  return base === undefined || quote === undefined ? undefined : { base, quote };
}

/** A code of a currency or a coin, in capitals. */
export function isCurrencyCode(value: unknown): value is string {
  return typeof value === "string" && /^[A-Z0-9]{2,12}$/.test(value);
}

/** Codes of ISO 4217. Every other code is a coin. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

export function isCurrency(code: string): boolean {
  return CURRENCIES.has(code.toUpperCase());
}

/** The same code, ignoring case. A dollar and a coin that stands for one are two currencies. */
export function isSameCode(a: string, b: string): boolean {
  return a === b || a.toUpperCase() === b.toUpperCase();
}

/** The quote asset of a compact pair, such as `USDT` of `BTCUSDT`. */
const COMPACT_QUOTE = /^[A-Z]{3,5}$/;

/**
 * Whether a fee in this currency is taken from the traded asset itself: `BTC` for `BTC/USDT`, `BTCUSDT` and a balance
 * named `BTC`, but not for `USDTBTC`.
 */
export function isBaseOf(symbol: string, currency: string): boolean {
  const [name, code] = [symbol.toUpperCase(), currency.toUpperCase()];
  const pair = pairOf(name);
  if (pair !== undefined) return pair.base === code;
  if (name === code) return true;
  return name.startsWith(code) && !name.endsWith(code) && COMPACT_QUOTE.test(name.slice(code.length));
}
