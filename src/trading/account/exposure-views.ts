/** What is held of each asset over all venues, for output: instruments of one asset and balances of it add up. */
import type { ExposurePlace, ExposureView } from "../../domain/account/account-view.ts";
import { type AssetKey, assetOf, assetOfBalance } from "../../domain/market/asset.ts";
import { type Decimal, ZERO, decimal, rounded, text } from "../../domain/decimal.ts";
import { type RatePath, converted } from "../../domain/account/exchange-rate.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import { shownSymbol } from "../../domain/untrusted.ts";

interface AssetHolding {
  readonly connector: string;
  /** undefined: a balance. */
  readonly symbol: string | undefined;
  readonly quantity: Decimal;
  readonly value: Decimal | undefined;
}

export interface ExposureSources {
  readonly state: Readonly<DeskState>;
  /** Enabled connectors whose account is not that of another one. */
  readonly connectors: readonly { readonly name: string; readonly mode: string }[];
  /** To the currency of the sums. */
  readonly pathTo: (connector: string, currency: string) => RatePath | undefined;
}

/** The largest value first; those without a value last. */
export function exposureViews({ state, connectors, pathTo }: ExposureSources): readonly ExposureView[] {
  const byAsset = new Map<
    string,
    { readonly asset: AssetKey; readonly mode: string; readonly places: AssetHolding[] }
  >();
  const modes = new Map(connectors.map(({ name, mode }) => [name, mode]));
  const add = (asset: AssetKey, place: AssetHolding): void => {
    const mode = modes.get(place.connector);
    if (mode === undefined || place.quantity.eq(ZERO)) return;
    const key = `${mode} ${asset}`;
    const known = byAsset.get(key) ?? { asset, mode, places: [] };
    byAsset.set(key, known);
    known.places.push(place);
  };
  for (const { connector, symbol, quantity, multiplier } of state.positions.values()) {
    const asset = assetOf(state, connector, symbol);
    if (asset === undefined) continue;
    const { account, positions } = state.accounts.get(connector) ?? {};
    const { markPrice, currency = account?.currency } = positions?.get(symbol) ?? {};
    const path = currency === undefined ? undefined : pathTo(connector, currency);
    const units = quantity.times(multiplier);
    const isValued = markPrice !== undefined && path !== undefined;
    add(asset, {
      connector,
      symbol,
      quantity: units,
      value: isValued ? converted(units.times(decimal(markPrice)), path) : undefined,
    });
  }
  for (const [connector, { account }] of state.accounts)
    for (const { currency, total } of account.balances ?? []) {
      const path = pathTo(connector, currency);
      const quantity = decimal(total);
      const value = path === undefined ? undefined : converted(quantity, path);
      add(assetOfBalance(currency), { connector, symbol: undefined, quantity, value });
    }
  return [...byAsset.values()].map(exposureView).toSorted((a, b) => Number(b.value ?? -1) - Number(a.value ?? -1));
}

function exposureView({
  asset,
  mode,
  places,
}: {
  readonly asset: AssetKey;
  readonly mode: string;
  readonly places: readonly AssetHolding[];
}): ExposureView {
  const colon = asset.indexOf(":");
  const values = places.flatMap(({ value }) => value ?? []);
  return {
    asset: shownSymbol(asset.slice(colon + 1)),
    class: asset.slice(0, colon),
    mode,
    quantity: text(sum(places.map(({ quantity }) => quantity))),
    value: values.length === 0 ? null : text(rounded(sum(values), 8)),
    isComplete: values.length === places.length,
    places: places.map(({ connector, symbol, quantity, value }): ExposurePlace => ({
      connector,
      symbol: symbol === undefined ? null : shownSymbol(symbol),
      quantity: text(quantity),
      value: value === undefined ? null : text(rounded(value, 8)),
    })),
  };
}

function sum(amounts: readonly Decimal[]): Decimal {
  return amounts.reduce((total, each) => total.plus(each), ZERO);
}
