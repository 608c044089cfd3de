/** The pairs of Alpaca's coins by asset id. The list is read again for a coin that it lacks, and once a day. */
import type { CryptoPairs, NamedAsset } from "./map.ts";
import type { VenueAsset } from "./wire.ts";

const REFRESH_MS = 24 * 60 * 60_000;
/** A coin that Alpaca does not list must not cause a request for each message. */
const RETRY_MS = 60_000;

export class CoinPairs {
  readonly #read: () => Promise<readonly VenueAsset[]>;
  #pairs: CryptoPairs = new Map();
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(read: () => Promise<readonly VenueAsset[]>) {
    this.#read = read;
  }

  /** Calls at the same time share one request. */
  refresh(): Promise<void> {
    this.#reading ??= this.#load().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #load(): Promise<void> {
    const coins = await this.#read();
    this.#pairs = new Map(coins.map(({ id, symbol }) => [id, symbol]));
    this.#readAt = Date.now();
  }

  /** The pairs, with those of these assets if Alpaca lists them. @throws Error if a needed list cannot be read. */
  async covering(assets: readonly NamedAsset[]): Promise<CryptoPairs> {
    const age = Date.now() - this.#readAt;
    const isMissing = ({ asset_id, asset_class, symbol }: NamedAsset): boolean =>
      asset_class === "crypto" && !symbol.includes("/") && !this.#pairs.has(asset_id);
    if (age >= RETRY_MS && assets.some(isMissing)) await this.refresh();
    // An old list still has the coins of these assets: an outage must not hide them.
    else if (age >= REFRESH_MS) await this.refresh().catch(() => undefined);
    return this.#pairs;
  }
}
