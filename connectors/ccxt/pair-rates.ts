/** Exchange rates of a venue: the middle of its best prices. Each pair is asked for at most every two minutes. */
import type { Rate } from "@qoc-app/sdk";
import { ZERO, amount, textOf } from "../amount.ts";
import type { Venue } from "./venue.ts";

/** A rate of a coin is too old after five minutes. The desk asks every minute, which would be a request each. */
const KEPT_MS = 2 * 60_000;
/** How often a pair that the exchange does not list is looked up. */
const UNLISTED_MS = 24 * 60 * 60_000;
const PAIRS_MAX = 100;

interface Known {
  readonly rate: Rate | undefined;
  readonly until: number;
}

export class PairRates {
  readonly #venue: Pick<Venue, "market" | "quote">;
  readonly #known = new Map<string, Known>();

  constructor(venue: Pick<Venue, "market" | "quote">) {
    this.#venue = venue;
  }

  /** A pair that cannot be read must hide no other. @throws the error of one, if none can be read. */
  async read(pairs: readonly string[]): Promise<Rate[]> {
    const rates: Rate[] = [];
    let failure: Error | undefined;
    for (const pair of pairs)
      try {
        const rate = await this.#rate(pair);
        if (rate !== undefined) rates.push(rate);
      } catch (error) {
        // It may be listed no longer, which is looked up the next time.
        this.#known.delete(pair);
        failure ??= error as Error;
      }
    if (failure !== undefined && rates.length === 0) throw failure;
    return rates;
  }

  async #rate(pair: string): Promise<Rate | undefined> {
    const known = this.#known.get(pair);
    if (known !== undefined && Date.now() < known.until) return known.rate;
    const isListed = known?.rate !== undefined || (await this.#venue.market(pair)) !== null;
    const rate = isListed ? await this.#read(pair) : undefined;
    if (this.#known.size >= PAIRS_MAX) this.#known.clear();
    this.#known.set(pair, { rate, until: Date.now() + (isListed ? KEPT_MS : UNLISTED_MS) });
    return rate;
  }

  async #read(pair: string): Promise<Rate | undefined> {
    const { bid, ask, timestamp } = await this.#venue.quote(pair);
    const [low, high] = [amount(String(bid)), amount(String(ask))];
    if (!low.gt(ZERO) || high.lt(low)) return undefined;
    return { pair, rate: textOf(low.plus(high).times(amount("0.5"))), timestamp };
  }
}
