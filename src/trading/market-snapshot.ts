/** Asks a connector for what the gate needs to know now: quote, account, positions, instrument. */
import { type Decimal, type DecimalText, decimal, text } from "../domain/decimal.ts";
import { messageOf } from "../domain/error.ts";
import type { ConnectorName } from "../domain/ids.ts";
import { type Quote, mid } from "../domain/quote.ts";
import type { ReportedAccount, VenueAccount, VenueInstrument, VenuePosition } from "../domain/venue.ts";
import { localTime } from "../gate/calendar.ts";
import type { Desk } from "./desk.ts";

export interface MarketSnapshot {
  readonly quote?: Quote;
  /** null: the venue does not list the symbol; undefined: it cannot say. */
  readonly instrument?: VenueInstrument | null;
  /** The venue's time, ms: the wall's, or a replayed market's own. */
  readonly venueNow: number;
  /** Fresh, and the book's seq when it was asked for. */
  readonly buyingPower?: DecimalText;
  readonly buyingPowerSeq: number;
  /** What could not be learned, in words. */
  readonly problems: readonly string[];
}

const INSTRUMENT_AGE_MAX_MS = 10 * 60 * 1000;

/** Never rejects: what could not be learned is a problem, and the guard that needs it blocks. */
export async function fetchMarketSnapshot(
  desk: Desk,
  connector: ConnectorName,
  symbol: string,
): Promise<MarketSnapshot> {
  const problems: string[] = [];
  const attempt = async <T>(what: string, ask: Promise<T>): Promise<T | undefined> => {
    try {
      return await ask;
    } catch (error) {
      problems.push(`${what}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const buyingPowerSeq = desk.state.seq;
  const seen = desk.venues.quote(connector, symbol).then((quote) => {
    observeVenueTime(desk, connector, quote.at);
    return quote;
  });
  const [venueQuote, account, instrument] = await Promise.all([
    attempt("quote", seen),
    attempt("account", accountFor(desk, connector, seen)),
    attempt("instrument", instrumentOf(desk, connector, symbol)),
  ]);
  return {
    ...(venueQuote === undefined ? {} : { quote: { ...venueQuote, receivedMono: desk.clock.monotonic() } }),
    ...(instrument === undefined ? {} : { instrument }),
    ...(account?.buyingPower === undefined ? {} : { buyingPower: account.buyingPower }),
    buyingPowerSeq,
    // A replayed market may have moved on while the rest was asked: what is judged is judged as of this quote.
    venueNow: venueQuote !== undefined && isSimulated(desk, connector) ? venueQuote.at : venueNow(desk, connector),
    problems,
  };
}

/**
 * `nav_method = "live"` asks for the account each time. `"last_snapshot"` takes the last mark while it is younger than
 * `[uta].snapshot_interval` and of the venue's present date; what filled since is the gate's to count.
 */
async function accountFor(
  desk: Desk,
  connector: ConnectorName,
  quoted: Promise<unknown>,
): Promise<{ buyingPower?: DecimalText }> {
  const { navMethod } = desk.config.account;
  const mark = desk.state.accounts.get(connector);
  if (navMethod === "live" || mark === undefined) return markAccount(desk, connector, quoted);
  await quoted.catch(() => undefined);
  const age = desk.clock.now() - mark.markedAt;
  const isFresh = age >= 0 && age < desk.config.uta.snapshotInterval * 1000;
  const isToday = dateInZone(desk.config.workspace.timezone, venueNow(desk, connector)) === mark.venueDate;
  return isFresh && isToday ? {} : markAccount(desk, connector, quoted);
}

/** "Now" at the venue: a replayed market's newest timestamp, else the wall. */
export function venueNow(desk: Desk, connector: string): number {
  return knownVenueNow(desk, connector) ?? desk.clock.now();
}

/** undefined: a replayed market that has said no time yet. */
function knownVenueNow(desk: Desk, connector: string): number | undefined {
  return isSimulated(desk, connector)
    ? (desk.market.venueTimes.get(connector) ?? desk.state.accounts.get(connector)?.venueTime)
    : desk.clock.now();
}

function isSimulated(desk: Desk, connector: string): boolean {
  return desk.venues.facts(connector)?.capabilities.simulatedTime === true;
}

export function observeVenueTime(desk: Desk, connector: string, at: number): void {
  const seen = desk.market.venueTimes.get(connector);
  if (seen === undefined || at > seen) desk.market.venueTimes.set(connector, at);
}

async function instrumentOf(
  desk: Desk,
  connector: string,
  symbol: string,
): Promise<VenueInstrument | null | undefined> {
  const key = `${connector}/${symbol}`;
  const known = desk.market.instruments.get(key);
  const mono = desk.clock.monotonic();
  if (known !== undefined && mono - known.mono < INSTRUMENT_AGE_MAX_MS) return known.facts;
  const facts = await desk.venues.instrument(connector, symbol);
  if (facts !== undefined) desk.market.instruments.set(key, { facts, mono });
  return facts;
}

/**
 * Asks for the account and positions and journals them where they changed. A connector with only the seven methods is
 * valued at buying power plus its positions at their marks. A replayed market that has said no time yet is not marked: the
 * wall's date would stand as its day, and no day of its own would ever come after it.
 * @throws what the connector throws, and where a position has no price at all.
 */
export async function markAccount(
  desk: Desk,
  connector: ConnectorName,
  quoted?: Promise<unknown>,
): Promise<VenueAccount> {
  const [positions, account] = await Promise.all([desk.venues.positions(connector), accountOf(desk, connector)]);
  // A quote that is under way tells the venue's date; without one the last date stands.
  await quoted?.catch(() => undefined);
  const told: ReportedAccount =
    "nav" in account ? account : await computeAccount(desk, connector, account.buyingPower, positions);
  const { at, ...full } = told;
  if (at !== undefined) observeVenueTime(desk, connector, at);
  desk.market.askedAt.set(connector, desk.clock.now());
  const earlier = desk.state.accounts.get(connector);
  const venueTime = knownVenueNow(desk, connector);
  if (venueTime === undefined) return full;
  const venueDate = dateInZone(desk.config.workspace.timezone, venueTime);
  const same =
    earlier !== undefined &&
    earlier.venueDate === venueDate &&
    earlier.account.nav === full.nav &&
    earlier.account.cash === full.cash &&
    earlier.account.buyingPower === full.buyingPower &&
    samePositions(earlier.positions, positions);
  if (!same) desk.publish({ type: "account.marked", connector, account: full, positions, venueTime, venueDate });
  return full;
}

async function accountOf(
  desk: Desk,
  connector: string,
): Promise<ReportedAccount | { buyingPower: VenueAccount["buyingPower"] }> {
  const account = await desk.venues.account(connector);
  return account ?? { buyingPower: await desk.venues.buyingPower(connector) };
}

async function computeAccount(
  desk: Desk,
  connector: string,
  buyingPower: VenueAccount["buyingPower"],
  positions: readonly VenuePosition[],
): Promise<VenueAccount> {
  let nav: Decimal = decimal(buyingPower);
  for (const held of positions) nav = nav.plus(decimal(held.quantity).times(await markOf(desk, connector, held)));
  return { nav: text(nav), cash: buyingPower, buyingPower, currency: desk.config.account.currency };
}

async function markOf(desk: Desk, connector: string, held: VenuePosition): Promise<Decimal> {
  if (held.markPrice !== undefined) return decimal(held.markPrice);
  try {
    return mid(await desk.venues.quote(connector, held.symbol));
  } catch (error) {
    desk.log.warn(`no mark for ${held.symbol} at ${connector}: ${messageOf(error)}`);
    // What it cost is the venue's own figure; a position at no price would be money that nobody has counted.
    if (held.averagePrice === undefined) throw error;
    return decimal(held.averagePrice);
  }
}

function samePositions(known: ReadonlyMap<string, VenuePosition>, now: readonly VenuePosition[]): boolean {
  return (
    known.size === now.length &&
    now.every((held) => {
      const before = known.get(held.symbol);
      return (
        before !== undefined &&
        before.quantity === held.quantity &&
        before.markPrice === held.markPrice &&
        before.averagePrice === held.averagePrice
      );
    })
  );
}

/** `2019-10-10` of that instant in that time zone. */
export function dateInZone(timeZone: string, at: number): string {
  return localTime(at, timeZone).date;
}
