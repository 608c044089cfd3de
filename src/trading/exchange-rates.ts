/** The exchange rates of the desk: those in force, and their observation at the venues that quote them. */
import { ZERO, decimal } from "../domain/decimal.ts";
import { messageOf } from "../domain/error.ts";
import { type ExchangeRate, type RateObserved, type RateTable, isFresh, rateKey } from "../domain/exchange-rate.ts";
import { validAt } from "../domain/quote.ts";
import type { Desk } from "./desk.ts";

/** The rates of venues, as far as desk.toml still names their source, and those of desk.toml. */
export function rateTable({ config, state }: Pick<Desk, "config" | "state">): RateTable {
  const { via, pegs, rates } = config.fx;
  const isNamed = ({ base, quote, origin, source }: ExchangeRate): boolean =>
    origin !== "quote" ||
    via.some((known) => known.connector === source && known.base === base && known.quote === quote);
  return { rates: [...[...state.rates.values()].filter(isNamed), ...rates], pegs };
}

/** Asks the connector for the quotes that `[fx] via` names. A rate that cannot be read is logged and grows old. */
export async function observeRates(
  desk: Pick<Desk, "clock" | "config" | "log" | "publish" | "state" | "venues">,
  connector: string,
): Promise<void> {
  for (const { symbol, base, quote } of desk.config.fx.via.filter((source) => source.connector === connector)) {
    try {
      const found = await desk.venues.quote(connector, symbol);
      const { bid, ask } = found;
      // A one-sided quote is no rate.
      if (!decimal(bid).gt(ZERO) || decimal(ask).lt(decimal(bid))) throw new Error(`bid ${bid}, ask ${ask}`);
      record(desk, { base, quote, bid, ask, at: validAt(found), origin: "quote", source: connector });
    } catch (error) {
      desk.log.warn(`no rate ${symbol} at ${connector}: ${messageOf(error)}`, { connector });
    }
  }
}

/** A rate is journaled if it moved by more than 1 / 10,000 of the last one, or that is halfway to being too old. */
const MOVED = decimal("10000");

function record({ clock, publish, state }: Pick<Desk, "clock" | "publish" | "state">, rate: ExchangeRate): void {
  const known = state.rates.get(rateKey(rate));
  if (known !== undefined) {
    if (rate.at <= known.at) return;
    const now = clock.now();
    const halfway = isFresh({ ...known, at: known.at - (now - known.at) }, now);
    const moved = decimal(rate.bid).minus(decimal(known.bid)).abs().times(MOVED).gt(decimal(known.bid));
    if (halfway && !moved) return;
  }
  publish({ type: "fx.observed", ...rate } as RateObserved);
}
