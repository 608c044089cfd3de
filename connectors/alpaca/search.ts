/** Search in Alpaca's list of assets: about twelve thousand, of which symbol and name are kept. */
import type { Instrument } from "@qoc-app/sdk";
import { isNear } from "../near-symbol.ts";
import { instrumentOf } from "./map.ts";
import type { VenueAsset } from "./wire.ts";

/** The list changes with listings, a few times a week. */
const REFRESH_MS = 24 * 60 * 60_000;

interface ListedAsset {
  readonly symbol: string;
  readonly lowerName: string;
  readonly asset: VenueAsset;
}

export class AssetSearch {
  readonly #read: () => Promise<readonly VenueAsset[]>;
  #listed: Promise<readonly ListedAsset[]> | undefined;
  #readAt = 0;

  constructor(read: () => Promise<readonly VenueAsset[]>) {
    this.#read = read;
  }

  /** The nearest first: the symbol itself, symbols that begin with the words, near symbols, names with the words. */
  async find(words: string, limit: number): Promise<Instrument[]> {
    const sought = words.trim().toUpperCase();
    const lowerWords = words.trim().toLowerCase();
    if (sought === "") return [];
    const ranked: { readonly rank: number; readonly listed: ListedAsset }[] = [];
    for (const listed of await this.#list()) {
      const rank = rankOf(listed, sought, lowerWords);
      if (rank !== undefined) ranked.push({ rank, listed });
    }
    return ranked
      .toSorted((a, b) => a.rank - b.rank || a.listed.symbol.length - b.listed.symbol.length)
      .map(({ listed }) => instrumentOf(listed.asset))
      .filter((instrument) => instrument !== null)
      .slice(0, limit);
  }

  #list(): Promise<readonly ListedAsset[]> {
    if (this.#listed !== undefined && Date.now() - this.#readAt < REFRESH_MS) return this.#listed;
    this.#readAt = Date.now();
    const reading = this.#read().then((assets) => assets.filter(({ tradable }) => tradable).map(listedOf));
    // A failure is not kept.
    reading.catch(() => (this.#listed = undefined));
    this.#listed = reading;
    return reading;
  }
}

/** The members that an instrument needs: the whole asset would be ten times as large. */
function listedOf(found: VenueAsset): ListedAsset {
  const { id, symbol, name = symbol, status, tradable, fractionable } = found;
  const { min_order_size, min_trade_increment, price_increment } = found;
  const steps = found.class === "crypto" ? { min_order_size, min_trade_increment, price_increment } : {};
  const asset = { id, symbol, class: found.class, name, status, tradable, fractionable, ...steps } as VenueAsset;
  return { symbol, lowerName: name.toLowerCase(), asset };
}

function rankOf({ symbol, lowerName }: ListedAsset, sought: string, lowerWords: string): number | undefined {
  if (symbol === sought) return 0;
  if (symbol.startsWith(sought)) return 1;
  if (isNear(symbol, sought)) return 2;
  if (lowerName.startsWith(lowerWords)) return 3;
  return lowerWords.length > 2 && lowerName.includes(lowerWords) ? 4 : undefined;
}
