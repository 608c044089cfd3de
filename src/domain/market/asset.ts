/** What an instrument stands for, so that the same thing at two venues, or in two forms, is one exposure. */
import { isCurrency } from "../account/currency.ts";
import type { ConnectorName } from "../ids.ts";
import { multiplierKey } from "../account/multiplier.ts";
import type { VenueAsset } from "./venue.ts";

/** The venue stated another asset of an instrument than the journal has; null: it states none any more. */
export interface AssetStated {
  readonly type: "instrument.asset";
  readonly connector: ConnectorName;
  readonly symbol: string;
  readonly asset: VenueAsset | null;
}

/** `crypto:BTC`. Assets with one key are one asset. */
export type AssetKey = `${string}:${string}`;

/** By {@link multiplierKey}: all spellings of an instrument have one asset. */
export type Assets = Map<string, AssetKey>;

export function assetKey({ class: kind, id }: VenueAsset): AssetKey {
  return `${kind}:${id.toUpperCase()}`;
}

/** Returns undefined if the venue did not state it: the instrument then counts by its symbol, at this venue only. */
export function assetOf(
  { assets }: { readonly assets: ReadonlyMap<string, AssetKey> },
  connector: string,
  symbol: string,
): AssetKey | undefined {
  return assets.get(multiplierKey(connector, symbol));
}

/** The asset that a balance in this currency or coin is. */
export function assetOfBalance(code: string): AssetKey {
  return assetKey({ class: isCurrency(code) ? "currency" : "crypto", id: code });
}

export function stateAsset({ assets }: { readonly assets: Assets }, { connector, symbol, asset }: AssetStated): void {
  const key = multiplierKey(connector, symbol);
  if (asset === null) assets.delete(key);
  else assets.set(key, assetKey(asset));
}
