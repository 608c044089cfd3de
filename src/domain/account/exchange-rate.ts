/**
 * Exchange rates with their source and age. No rate is invented: an amount without a rate is not converted. Guards use
 * fresh rates of venues and of desk.toml only; rates of files are for display.
 */
import { type AssetPair, isCurrency, isSameCode } from "./currency.ts";
import { type Decimal, type DecimalText, ONE, ZERO, decimal, reciprocal } from "../decimal.ts";

/** quote: a connector that `[fx] via` names. account: the venue's rate for its own account. */
export type RateOrigin = "account" | "quote" | "configuration" | "file";

/** One unit of `base` fetches `bid` and costs `ask` units of `quote`. */
export interface ExchangeRate extends AssetPair {
  readonly bid: DecimalText;
  readonly ask: DecimalText;
  /** When it was true, ms. */
  readonly at: number;
  readonly origin: RateOrigin;
  /** The connector, desk.toml, or the path of the file. */
  readonly source: string;
}

/** A connector journals a rate. A later one of the same pair, origin and connector takes its place. */
export interface RateObserved extends ExchangeRate {
  readonly type: "fx.observed";
  readonly origin: "account" | "quote";
}

/** What converts amounts: rates, and the currencies that the operator says are worth the same. */
export interface RateTable {
  readonly rates: readonly ExchangeRate[];
  readonly pegs: readonly AssetPair[];
}

export const NO_RATES: RateTable = { rates: [], pegs: [] };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const COIN_AGE_MS = 5 * MINUTE_MS;
const CURRENCY_AGE_MS = HOUR_MS;
const WEEKEND_AGE_MS = 72 * HOUR_MS;
const STATED_AGE_MS = 5 * DAY_MS;
/** Clocks of venues differ, and a stated date is a day in some time zone. */
const AHEAD_MS = DAY_MS;

export function pairText({ base, quote }: AssetPair): string {
  return `${base}/${quote}`;
}

export function rateKey({ base, quote, origin, source }: Omit<ExchangeRate, "bid" | "ask" | "at">): string {
  return `${pairText({ base, quote })} ${origin} ${source}`;
}

/** An account needs few rates at a time; a venue may name other currencies at each mark. */
const RATES_PER_SOURCE = 100;

/** Keeps the rate; of too many, the rate of its source that was observed longest ago is dropped. */
export function keepRate(rates: Map<string, ExchangeRate>, rate: ExchangeRate): void {
  const key = rateKey(rate);
  rates.delete(key);
  rates.set(key, rate);
  // Each record of a rate comes here, also at a start: most desks have few rates.
  if (rates.size <= RATES_PER_SOURCE) return;
  const ofSource = [...rates].filter(([, { source }]) => source === rate.source);
  for (const [oldest] of ofSource.slice(0, Math.max(0, ofSource.length - RATES_PER_SOURCE))) rates.delete(oldest);
}

/** How long the rate is true enough for guards. */
export function isFresh(rate: Pick<ExchangeRate, "base" | "quote" | "at" | "origin">, now: number): boolean {
  const age = now - rate.at;
  if (age < -AHEAD_MS) return false;
  if (rate.origin === "configuration" || rate.origin === "file") return age <= STATED_AGE_MS;
  const isCoin = [rate.base, rate.quote].some((code) => !isCurrency(code));
  if (isCoin) return age <= COIN_AGE_MS;
  return age <= CURRENCY_AGE_MS || (age <= WEEKEND_AGE_MS && isWeekend(rate.at) && isWeekend(now));
}

/** Markets of currencies rest from Friday to Sunday, 17:00 in New York; an hour is added at each end. */
function isWeekend(at: number): boolean {
  const date = new Date(at);
  const hour = date.getUTCDay() * 24 + date.getUTCHours();
  return hour >= 5 * 24 + 20 || hour < 23;
}

interface Leg {
  readonly from: string;
  readonly to: string;
  /** undefined: a peg. */
  readonly rate: ExchangeRate | undefined;
}

/** A way from one currency to another, over at most three rates. */
export interface RatePath {
  /** One unit of the first currency fetches `bid` and costs `ask` of the last. */
  readonly bid: Decimal;
  readonly ask: Decimal;
  readonly rates: readonly ExchangeRate[];
  readonly pegs: readonly AssetPair[];
}

export interface PathQuery {
  readonly from: string;
  readonly to: string;
  readonly now: number;
  /** The connector whose account is converted: its venue's own rates count for it alone. */
  readonly connector?: string | undefined;
  /** guards: fresh rates of venues and desk.toml. display: every rate, fresh ones first. */
  readonly use: "guards" | "display";
}

const LEGS_MAX = 3;
/** A peg that a fresh rate contradicts by more is off: 1 / 100. */
const PEG_TOLERANCE = decimal("100");
const ORIGINS: readonly RateOrigin[] = ["account", "quote", "configuration", "file"];

const SAME_CURRENCY: RatePath = { bid: ONE, ask: ONE, rates: [], pegs: [] };

/** The shortest path; undefined without one. */
export function ratePath(table: RateTable, query: PathQuery): RatePath | undefined {
  const { from, to } = query;
  if (isSameCode(from, to)) return SAME_CURRENCY;
  if (table.rates.length === 0 && table.pegs.length === 0) return undefined;
  const legs = usableLegs(table, query);
  const seen = new Set([from.toUpperCase()]);
  let paths: readonly (readonly Leg[])[] = [[]];
  for (let length = 1; length <= LEGS_MAX; length++) {
    const longer: Leg[][] = [];
    for (const path of paths) {
      const end = path.at(-1)?.to ?? from.toUpperCase();
      for (const leg of legs) {
        if (leg.from !== end || seen.has(leg.to)) continue;
        if (leg.to === to.toUpperCase()) return pathOf([...path, leg]);
        seen.add(leg.to);
        longer.push([...path, leg]);
      }
    }
    paths = longer;
  }
  return undefined;
}

/** The best rate of each pair, in both directions, then the pegs that hold. */
function usableLegs({ rates, pegs }: RateTable, query: PathQuery): readonly Leg[] {
  const best = new Map<string, ExchangeRate>();
  for (const rate of rates) {
    if (!isUsable(rate, query)) continue;
    const pair = [rate.base.toUpperCase(), rate.quote.toUpperCase()].toSorted().join("/");
    const known = best.get(pair);
    if (known === undefined || isBetter(rate, known, query.now)) best.set(pair, rate);
  }
  const links: (AssetPair & { readonly rate?: ExchangeRate })[] = [...best.values()].map((rate) => ({ ...rate, rate }));
  links.push(...pegs.filter((peg) => !isPegOff(peg, rates, query)));
  return links.flatMap(({ base, quote, rate }): Leg[] => {
    const [from, to] = [base.toUpperCase(), quote.toUpperCase()];
    return [
      { from, to, rate },
      { from: to, to: from, rate },
    ];
  });
}

function isUsable(rate: ExchangeRate, { use, now, connector }: PathQuery): boolean {
  if (rate.origin === "account" && rate.source !== connector) return false;
  return use === "display" || (rate.origin !== "file" && isFresh(rate, now));
}

/** A fresh rate before an old one. Of two fresh rates the nearer origin, then the newer; of two old rates the newer. */
function isBetter(rate: ExchangeRate, than: ExchangeRate, now: number): boolean {
  const [isNew, wasNew] = [isFresh(rate, now), isFresh(than, now)];
  if (isNew !== wasNew) return isNew;
  const nearer = ORIGINS.indexOf(than.origin) - ORIGINS.indexOf(rate.origin);
  return isNew && nearer !== 0 ? nearer > 0 : rate.at > than.at;
}

/** A fresh rate of a venue says that the two are not worth the same; the rate of an account says it of that account. */
function isPegOff(
  peg: AssetPair,
  rates: readonly ExchangeRate[],
  { now, connector }: Pick<PathQuery, "now" | "connector">,
): boolean {
  return rates.some((rate) => {
    const isSamePair =
      (isSameCode(rate.base, peg.base) && isSameCode(rate.quote, peg.quote)) ||
      (isSameCode(rate.base, peg.quote) && isSameCode(rate.quote, peg.base));
    const isVenues = rate.origin === "quote" || (rate.origin === "account" && rate.source === connector);
    if (!isSamePair || !isVenues || !isFresh(rate, now)) return false;
    const middle = decimal(rate.bid).plus(decimal(rate.ask));
    return middle.minus(ONE.plus(ONE)).abs().times(PEG_TOLERANCE).gt(ONE.plus(ONE));
  });
}

function pathOf(legs: readonly Leg[]): RatePath {
  let [bid, ask] = [ONE, ONE];
  for (const { from, rate } of legs) {
    if (rate === undefined) continue;
    const isForward = rate.base.toUpperCase() === from;
    bid = bid.times(isForward ? decimal(rate.bid) : reciprocal(decimal(rate.ask)));
    ask = ask.times(isForward ? decimal(rate.ask) : reciprocal(decimal(rate.bid)));
  }
  return {
    bid,
    ask,
    rates: legs.flatMap(({ rate }) => (rate === undefined ? [] : [rate])),
    pegs: legs.flatMap(({ from, to, rate }) => (rate === undefined ? [{ base: from, quote: to }] : [])),
  };
}

/** Money that is held fetches the bid; what is owed costs the ask. */
export function rateFor(amount: Decimal, { bid, ask }: Pick<RatePath, "bid" | "ask">): Decimal {
  return amount.lt(ZERO) ? ask : bid;
}

export function converted(amount: Decimal, path: Pick<RatePath, "bid" | "ask">): Decimal {
  return amount.times(rateFor(amount, path));
}

/** What guards leave out of a converted amount: 1 % for a rate, and 0.5 % for each peg. */
const RATE_MARGIN = decimal("0.01");
const PEG_MARGIN = decimal("0.005");

function isSameCurrency({ rates, pegs }: RatePath): boolean {
  return rates.length === 0 && pegs.length === 0;
}

/** The amount that is certain: less than what is held, more than what is owed. */
export function atLeast(amount: Decimal, path: RatePath): Decimal {
  if (isSameCurrency(path)) return amount;
  const sign = amount.lt(ZERO) ? ONE : ZERO.minus(ONE);
  let value = converted(amount, path);
  if (path.rates.length > 0) value = value.times(ONE.plus(sign.times(RATE_MARGIN)));
  for (const _ of path.pegs) value = value.times(ONE.plus(sign.times(PEG_MARGIN)));
  return value;
}

/** The most that an exposure of this size may be worth. */
export function atMost(amount: Decimal, path: RatePath): Decimal {
  if (isSameCurrency(path)) return amount;
  return ZERO.minus(atLeast(ZERO.minus(amount), path));
}

/** Whether prices in one currency are money of the other: the same code, or a peg of the operator that holds. */
export function isSameMoney(table: RateTable, query: Omit<PathQuery, "use">): boolean {
  return isSameCode(query.from, query.to) || pegBetween(table, query) !== undefined;
}

/** The peg that makes two currencies the same, if one holds. */
export function pegBetween(
  table: RateTable,
  { from, to, now, connector }: Omit<PathQuery, "use">,
): AssetPair | undefined {
  return table.pegs.find(
    (peg) =>
      ((isSameCode(peg.base, from) && isSameCode(peg.quote, to)) ||
        (isSameCode(peg.base, to) && isSameCode(peg.quote, from))) &&
      !isPegOff(peg, table.rates, { now, connector }),
  );
}

interface RatedAccount {
  readonly currency: string;
  /** To the desk's currency; undefined: it cannot be converted. */
  readonly rate: Decimal | undefined;
}

/** The currency of sums: the desk's; that of the accounts if none of them can be converted to it and they have one. */
export function sumCurrency(currency: string, accounts: readonly RatedAccount[]): string {
  const [first] = accounts;
  if (first === undefined || accounts.some(({ rate }) => rate !== undefined)) return currency;
  return accounts.every((account) => isSameCode(account.currency, first.currency)) ? first.currency : currency;
}
