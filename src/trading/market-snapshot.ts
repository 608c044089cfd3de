/** Fetches from a connector the data that the gate needs: quote, account, positions, instrument. */
import { type Decimal, type DecimalText, decimal, text } from "../domain/decimal.ts";
import { messageOf } from "../domain/error.ts";
import type { ConnectorName } from "../domain/ids.ts";
import { type Quote, mid } from "../domain/quote.ts";
import type { ReportedAccount, VenueAccount, VenueInstrument, VenuePosition } from "../domain/venue.ts";
import { localTime } from "../gate/calendar.ts";
import { comparePositions } from "./compare-positions.ts";
import type { Desk } from "./desk.ts";

export interface MarketSnapshot {
  readonly quote?: Quote | undefined;
  /** null if the venue does not list the symbol; undefined if the connector has no `getInstrument`. */
  readonly instrument?: VenueInstrument | null | undefined;
  /** The venue's time, ms: the host's clock, or a replayed market's own time. */
  readonly venueNow: number;
  /** Fetched just now; `buyingPowerSeq` is the state's sequence number before the call. */
  readonly buyingPower?: DecimalText | undefined;
  readonly buyingPowerSeq: number;
  /** One message for each part that could not be fetched. */
  readonly problems: readonly string[];
}

const INSTRUMENT_AGE_MAX_MS = 10 * 60 * 1000;

/** Never rejects: a part that could not be fetched is listed in `problems`, and the guard that needs it blocks. */
export async function fetchMarketSnapshot(
  desk: Desk,
  connector: ConnectorName,
  symbol: string,
): Promise<MarketSnapshot> {
  const problems: string[] = [];
  const attempt = async <T>(part: string, request: Promise<T>): Promise<T | undefined> => {
    try {
      return await request;
    } catch (error) {
      problems.push(`${part}: ${messageOf(error)}`);
      return undefined;
    }
  };
  const buyingPowerSeq = desk.state.seq;
  const quoted = desk.venues.quote(connector, symbol).then((quote) => {
    observeVenueTime(desk, connector, quote.at);
    return quote;
  });
  const [venueQuote, account, instrument] = await Promise.all([
    attempt("quote", quoted),
    attempt("account", accountFor(desk, connector, quoted)),
    attempt("instrument", instrumentOf(desk, connector, symbol)),
  ]);
  return {
    quote: venueQuote === undefined ? undefined : { ...venueQuote, receivedMono: desk.clock.monotonic() },
    instrument,
    buyingPower: account?.buyingPower,
    buyingPowerSeq,
    // A replayed market may have advanced during the other calls: guards evaluate at the time of this quote.
    venueNow: venueQuote !== undefined && isSimulated(desk, connector) ? venueQuote.at : venueNow(desk, connector),
    problems,
  };
}

/**
 * `nav_method = "live"` fetches the account each time. `"last_snapshot"` uses the last mark if it is younger than
 * `[uta].snapshot_interval` and has the venue's current date; the gate adds fills since then.
 */
async function accountFor(
  desk: Desk,
  connector: ConnectorName,
  quoted: Promise<unknown>,
): Promise<{ buyingPower?: DecimalText }> {
  const { navMethod } = desk.config.account;
  const mark = desk.state.accounts.get(connector);
  if (navMethod === "live" || mark === undefined) return markAccount(desk, connector, { quoted });
  await quoted.catch(() => undefined);
  const age = desk.clock.now() - mark.markedAt;
  const isFresh = age >= 0 && age < desk.config.uta.snapshotInterval * 1000;
  const isToday = dateInZone(desk.config.workspace.timezone, venueNow(desk, connector)) === mark.venueDate;
  return isFresh && isToday ? {} : markAccount(desk, connector, { quoted });
}

/** The current time at the venue: a replayed market's newest timestamp, else the host's clock. */
export function venueNow(desk: Pick<Desk, "clock" | "market" | "state" | "venues">, connector: string): number {
  return knownVenueNow(desk, connector) ?? desk.clock.now();
}

/** undefined if a replayed market has not reported a time yet. */
function knownVenueNow(
  desk: Pick<Desk, "clock" | "market" | "state" | "venues">,
  connector: string,
): number | undefined {
  return isSimulated(desk, connector)
    ? (desk.market.venueTimes.get(connector) ?? desk.state.accounts.get(connector)?.venueTime)
    : desk.clock.now();
}

/** Only on paper: a connector that is live, or does not state its mode, has the host's clock and no later date. */
export function isSimulated(desk: Pick<Desk, "venues">, connector: string): boolean {
  const facts = desk.venues.facts(connector);
  return facts?.mode === "paper" && facts.capabilities.simulatedTime === true;
}

export function observeVenueTime(desk: Pick<Desk, "market">, connector: string, at: number): void {
  const newest = desk.market.venueTimes.get(connector);
  if (newest === undefined || at > newest) desk.market.venueTimes.set(connector, at);
}

async function instrumentOf(
  desk: Pick<Desk, "clock" | "market" | "venues">,
  connector: string,
  symbol: string,
): Promise<VenueInstrument | null | undefined> {
  const key = `${connector}/${symbol}`;
  const cached = desk.market.instruments.get(key);
  const mono = desk.clock.monotonic();
  if (cached !== undefined && mono - cached.mono < INSTRUMENT_AGE_MAX_MS) return cached.instrument;
  const instrument = await desk.venues.instrument(connector, symbol);
  if (instrument !== undefined) desk.market.instruments.set(key, { instrument, mono });
  return instrument;
}

interface MarkOptions {
  /** A quote that is being fetched, which brings the venue's time. */
  readonly quoted?: Promise<unknown> | undefined;
  /** The venue's fills were fetched before. */
  readonly isReconciliation?: boolean;
}

interface MarkedAccount extends VenueAccount {
  readonly positions: readonly VenuePosition[];
}

/**
 * Fetches account and positions and journals them if they changed. The account of a connector with only the seven
 * required methods is its buying power plus its positions at their marks. A replayed market that has not reported a
 * time yet is not marked: its day would be the host's date, and no later day of the market would ever follow.
 * @throws the connector's error, and if a position has no price at all.
 */
export async function markAccount(
  desk: Desk,
  connector: ConnectorName,
  { quoted, isReconciliation = false }: MarkOptions = {},
): Promise<MarkedAccount> {
  const { seq } = desk.state;
  const [positions, account] = await Promise.all([desk.venues.positions(connector), accountOf(desk, connector)]);
  // A quote that is being fetched brings the venue's date; without a quote the last date counts.
  await quoted?.catch(() => undefined);
  const reported: ReportedAccount =
    "nav" in account ? account : await computeAccount(desk, connector, account.buyingPower, positions);
  const { at, ...full } = reported;
  if (at !== undefined) observeVenueTime(desk, connector, at);
  desk.market.askedAt.set(connector, desk.clock.now());
  const earlier = desk.state.accounts.get(connector);
  const venueTime = knownVenueNow(desk, connector);
  if (venueTime === undefined) return { ...full, positions };
  const venueDate = dateInZone(desk.config.workspace.timezone, venueTime);
  const same =
    earlier !== undefined &&
    earlier.venueDate === venueDate &&
    earlier.account.nav === full.nav &&
    earlier.account.cash === full.cash &&
    earlier.account.buyingPower === full.buyingPower &&
    samePositions(earlier.positions, positions);
  if (!same) desk.publish({ type: "account.marked", connector, account: full, positions, venueTime, venueDate });
  // The first mark opens the positions.
  if (earlier !== undefined) comparePositions(desk, { connector, positions, seq, isReconciliation });
  return { ...full, positions };
}

async function accountOf(
  desk: Pick<Desk, "venues">,
  connector: string,
): Promise<ReportedAccount | { buyingPower: VenueAccount["buyingPower"] }> {
  const account = await desk.venues.account(connector);
  return account ?? { buyingPower: await desk.venues.buyingPower(connector) };
}

async function computeAccount(
  desk: Pick<Desk, "config" | "log" | "venues">,
  connector: string,
  buyingPower: VenueAccount["buyingPower"],
  positions: readonly VenuePosition[],
): Promise<VenueAccount> {
  let nav: Decimal = decimal(buyingPower);
  for (const held of positions) nav = nav.plus(decimal(held.quantity).times(await markOf(desk, connector, held)));
  return { nav: text(nav), cash: buyingPower, buyingPower, currency: desk.config.account.currency };
}

async function markOf(desk: Pick<Desk, "log" | "venues">, connector: string, held: VenuePosition): Promise<Decimal> {
  if (held.markPrice !== undefined) return decimal(held.markPrice);
  try {
    return mid(await desk.venues.quote(connector, held.symbol));
  } catch (error) {
    desk.log.warn(`no mark for ${held.symbol} at ${connector}: ${messageOf(error)}`);
    // The average price is the venue's own number. Without any price the position would be missing from the NAV.
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

/** The date of an instant in a time zone, e.g. `2019-10-10`. */
export function dateInZone(timeZone: string, at: number): string {
  return localTime(at, timeZone).date;
}
