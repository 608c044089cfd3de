/** The asset of a pair of currencies or coins: what its first one is. Pure. */
import type { Asset } from "@qoc-app/sdk";

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

export function assetOfCoin(base: string): Asset {
  return { class: CURRENCIES.has(base) ? "currency" : "crypto", id: base };
}
