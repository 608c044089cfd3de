/** Snippets of test/fixtures/adapters/form-venue/index.ts that mistakes of both lists edit. */

export const FIELD = "private isConnected = false;";
export const TICKER =
  "return { symbol, bid: ticker.b[0]!, ask: ticker.a[0]!, last: ticker.c[0]!, timestamp: ticker.t };";
export const EMIT = "private emit(fill: Fill): void {";
export const BUYING_POWER = 'return (await this.call<Balance>("Balance")).available;';
