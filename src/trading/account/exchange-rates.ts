/** The exchange rates of the desk: those in force, and their observation at the venues that quote them. */
import { isSameCode } from "../../domain/account/currency.ts";
import { ZERO, decimal } from "../../domain/decimal.ts";
import { messageOf } from "../../domain/errors/error.ts";
import {
  type ExchangeRate,
  type RateObserved,
  type RateTable,
  isFresh,
  pairText,
  rateKey,
} from "../../domain/account/exchange-rate.ts";
import { validAt } from "../../domain/market/quote.ts";
import type { VenueRate } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";

/** The rates of venues, as far as desk.toml still names their source, and those of desk.toml. */
export function rateTable({ config, state }: Pick<Desk, "config" | "state">): RateTable {
  const { via, pegs, rates } = config.fx;
  const isNamed = ({ base, quote, origin, source }: ExchangeRate): boolean =>
    origin !== "quote" ||
    via.some((known) => known.connector === source && known.base === base && known.quote === quote);
  return { rates: [...[...state.rates.values()].filter(isNamed), ...rates], pegs };
}

type ObservingDesk = Pick<Desk, "clock" | "config" | "log" | "publish" | "state" | "venues">;

/**
 * Asks the connector for the quotes that `[fx] via` names, and for the rates of its own account. A rate that cannot be
 * read is logged and grows old.
 */
export async function observeRates(desk: ObservingDesk, connector: string): Promise<void> {
  await observeAccountRates(desk, connector);
  for (const { symbol, base, quote } of desk.config.fx.via.filter((source) => source.connector === connector)) {
    try {
      const found = await desk.venues.quote(connector, symbol);
      const { bid, ask } = found;
      // A one-sided quote is no rate.
      if (!decimal(bid).gt(ZERO) || decimal(ask).lt(decimal(bid))) throw new Error(`bid ${bid}, ask ${ask}`);
      record(desk, { base, quote, bid, ask, at: notAhead(desk, validAt(found)), origin: "quote", source: connector });
    } catch (error) {
      desk.log.warn(`no rate ${symbol} at ${connector}: ${messageOf(error)}`, { connector });
    }
  }
}

/** A rate of later than now would stay fresh for longer, and hide the rates that follow it. */
function notAhead({ clock }: Pick<Desk, "clock">, at: number): number {
  return Math.min(at, clock.now());
}

const PAIR = /^[A-Z0-9]{2,12}\/[A-Z0-9]{2,12}$/;
/** The rates that one account needs are few. */
const PAIRS_MAX = 20;

/** The currencies of the account and its positions, in the currency of the account and in the desk's. */
function accountPairs({ config, state }: Pick<Desk, "config" | "state">, connector: string): ReadonlySet<string> {
  const record = state.accounts.get(connector);
  const pairs = new Set<string>();
  if (record === undefined) return pairs;
  const own = record.account.currency;
  const cash = (record.account.balances ?? []).map(({ currency }) => currency);
  const held = [...[...record.positions.values()].map(({ currency }) => currency ?? own), ...cash];
  for (const to of [config.account.currency, own])
    for (const from of [own, ...held]) {
      const pair = pairText({ base: from, quote: to }).toUpperCase();
      if (!isSameCode(from, to) && PAIR.test(pair) && pairs.size < PAIRS_MAX) pairs.add(pair);
    }
  return pairs;
}

async function observeAccountRates(desk: ObservingDesk, connector: string): Promise<void> {
  await observePairs(desk, connector, accountPairs(desk, connector));
}

/** Asks for the rates of money in these currencies to the account's: it need not be held when it is recorded. */
export async function observeRatesOf(
  desk: ObservingDesk,
  connector: string,
  currencies: ReadonlySet<string>,
): Promise<void> {
  const own = desk.state.accounts.get(connector)?.account.currency;
  if (own === undefined) return;
  const pairs = [...currencies].map((from) => pairText({ base: from, quote: own }).toUpperCase());
  await observePairs(desk, connector, new Set(pairs.filter((pair) => PAIR.test(pair)).slice(0, PAIRS_MAX)));
}

/** The venue's own rates convert its own account, and no other one. */
async function observePairs(desk: ObservingDesk, connector: string, asked: ReadonlySet<string>): Promise<void> {
  if (asked.size === 0 || desk.venues.facts(connector)?.methods.includes("getRates") !== true) return;
  try {
    for (const { pair, rate, at } of (await desk.venues.rates(connector, [...asked])) ?? []) {
      if (asked.has(pair)) recordRate(desk, connector, { pair, rate, at });
    }
  } catch (error) {
    desk.log.warn(`no rates of the account of ${connector}: ${messageOf(error)}`, { connector });
  }
}

/** Keeps a rate of the venue's own account. */
export function recordRate(
  desk: Pick<Desk, "clock" | "publish" | "state">,
  connector: string,
  { pair, rate, at }: VenueRate,
): void {
  const [base = "", quote = ""] = pair.split("/");
  if (!PAIR.test(pair)) return;
  record(desk, { base, quote, bid: rate, ask: rate, at: notAhead(desk, at), origin: "account", source: connector });
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
