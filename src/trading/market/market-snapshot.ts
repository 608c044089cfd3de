/** Fetches from a connector the data that the gate needs: quote, account, positions, instrument. */
import { isDeepStrictEqual } from "node:util";
import type { AccountRecord } from "../../domain/account/account.ts";
import { readingOf } from "../../domain/account/account-state.ts";
import { pairOf } from "../../domain/account/currency.ts";
import { type Decimal, type DecimalText, ONE, ZERO, decimal, max, text } from "../../domain/decimal.ts";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import { converted, ratePath } from "../../domain/account/exchange-rate.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { multiplierOf } from "../../domain/account/multiplier.ts";
import { unexplainedChange } from "../../domain/account/nav-change.ts";
import { leaves } from "../../domain/orders/order-state.ts";
import { type Quote, validAt } from "../../domain/market/quote.ts";
import type {
  ReportedAccount,
  UnvaluedPosition,
  VenueAccount,
  VenueInstrument,
  VenuePosition,
  VenueSession,
} from "../../domain/market/venue.ts";
import { localTime } from "../../gate/calendar.ts";
import { reservedUnit } from "../../gate/valuation.ts";
import { comparePositions } from "../account/compare-positions.ts";
import type { Desk } from "../desk.ts";
import { rateTable } from "../account/exchange-rates.ts";
import { instrumentOf, sizePositions } from "./instruments.ts";
import { nearSymbol } from "./near-symbols.ts";
import { type HeldPositions, type QuotedSymbol, priceOfHeld, withMarks } from "./position-marks.ts";
import { sessionsAround } from "./sessions.ts";
import { withBalances } from "../account/value-balances.ts";

export interface MarketSnapshot {
  readonly quote?: Quote | undefined;
  /** null if the venue does not list the symbol; undefined if the connector has no `getInstrument`. */
  readonly instrument?: VenueInstrument | null | undefined;
  /** Of the venue's calendar, for `market-hours`. */
  readonly sessions?: readonly VenueSession[] | undefined;
  /** A suggestion, if the venue does not list the symbol. */
  readonly near?: string | undefined;
  /** The venue's time, ms: the host's clock, or a replayed market's own time. */
  readonly venueNow: number;
  /** Fetched just now; `buyingPowerSeq` is the state's sequence number before the call. */
  readonly buyingPower?: DecimalText | undefined;
  readonly buyingPowerSeq: number;
  /** One message for each part that could not be fetched. */
  readonly problems: readonly string[];
}

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
  const quoted = currentQuote(desk, connector, symbol);
  const [venueQuote, account, instrument] = await Promise.all([
    attempt("quote", quoted),
    attempt("account", accountFor(desk, connector, { symbol, quote: quoted })),
    attempt("instrument", instrumentOf(desk, connector, symbol)),
  ]);
  // A replayed market may have advanced during the other calls: guards evaluate at the time of this quote.
  const now =
    venueQuote !== undefined && isSimulated(desk, connector) ? validAt(venueQuote) : venueNow(desk, connector);
  const sessions = await attempt("schedule", sessionsAround(desk, { connector, symbol, at: now }));
  const near = instrument === null ? await nearSymbol(desk, connector, symbol) : undefined;
  return {
    near,
    quote: venueQuote,
    instrument,
    buyingPower: account?.buyingPower,
    buyingPowerSeq,
    sessions,
    venueNow: now,
    problems,
  };
}

/** The quote that the connector streamed within the last second, else the answer of its `getQuote`. */
export async function currentQuote(
  desk: Pick<Desk, "clock" | "market" | "venues">,
  connector: string,
  symbol: string,
): Promise<Quote> {
  const streamed = desk.market.quotes.current(connector, symbol, desk.clock.monotonic());
  const quote = streamed ?? {
    ...(await desk.venues.quote(connector, symbol)),
    receivedMono: desk.clock.monotonic(),
  };
  observeVenueTime(desk, connector, validAt(quote));
  return quote;
}

/**
 * `nav_method = "live"` fetches the account each time. `"last_snapshot"` uses the last mark if it is younger than
 * `[uta].snapshot_interval` and has the venue's current date; the gate adds fills since then.
 */
async function accountFor(
  desk: Desk,
  connector: ConnectorName,
  quoted: QuotedSymbol,
): Promise<{ buyingPower?: DecimalText }> {
  const { navMethod } = desk.config.account;
  const mark = desk.state.accounts.get(connector);
  if (navMethod === "live" || mark === undefined) return markAccount(desk, connector, { quoted });
  await quoted.quote.catch(() => undefined);
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

interface MarkOptions {
  /** Brings the venue's time, and the mark of a position in the same symbol. */
  readonly quoted?: QuotedSymbol | undefined;
  /** The venue's fills were fetched before. */
  readonly isReconciliation?: boolean;
}

interface MarkedAccount extends VenueAccount {
  readonly positions: readonly VenuePosition[];
}

/**
 * Fetches account and positions and journals them if they changed. The account of a connector without `getAccount` is
 * its buying power plus its positions at their marks; a position without a price has no value, and the rest goes on.
 * A replayed market that has not reported a time yet is not marked: its day would be the host's date, and no later day
 * of the market would ever follow. @throws the connector's error.
 */
export async function markAccount(
  desk: Desk,
  connector: ConnectorName,
  { quoted, isReconciliation = false }: MarkOptions = {},
): Promise<MarkedAccount> {
  const { seq } = desk.state;
  const reserved = heldInFlight(desk, connector);
  const [held, account] = await Promise.all([desk.venues.positions(connector), accountOf(desk, connector)]);
  await sizePositions(desk, connector, held);
  // A quote that is being fetched brings the venue's date; without a quote the last date counts.
  await quoted?.quote.catch(() => undefined);
  await requireOwnAccount(desk, connector, account);
  const {
    positions,
    at,
    notice,
    accountId: _accountId,
    ...full
  }: ReportedAccount & { readonly positions: readonly VenuePosition[] } = "nav" in account
    ? { ...withBalances(desk, connector, account), positions: await withMarks(desk, connector, { held, quoted }) }
    : await computeAccount(desk, connector, { buyingPower: account.buyingPower, held, quoted });
  if (at !== undefined) observeVenueTime(desk, connector, at);
  desk.market.askedAt.set(connector, desk.clock.now());
  if (notice === undefined) desk.market.notices.delete(connector);
  else desk.market.notices.set(connector, notice);
  const earlier = desk.state.accounts.get(connector);
  const venueTime = knownVenueNow(desk, connector);
  if (venueTime === undefined) return { ...full, positions };
  const venueDate = dateInZone(desk.config.workspace.timezone, venueTime);
  const same =
    earlier !== undefined &&
    earlier.venueDate === venueDate &&
    earlier.awaited.length === 0 &&
    isDeepStrictEqual(earlier.account, full) &&
    samePositions(earlier.positions, positions);
  // A venue's own NAV includes what orders hold.
  const heldByOrders = "nav" in account ? ZERO : most(reserved, heldInFlight(desk, connector));
  if (earlier !== undefined && !isSimulated(desk, connector))
    explainNav(desk, connector, earlier, { full, positions, held: heldByOrders });
  const isBase = heldByOrders?.eq(ZERO) === true ? undefined : false;
  if (!same)
    desk.publish({ type: "account.marked", connector, account: full, positions, venueTime, venueDate, isBase });
  // The first mark opens the positions.
  if (earlier !== undefined) comparePositions(desk, { connector, positions, seq, isReconciliation });
  return { ...full, positions };
}

interface NavFigures {
  readonly full: VenueAccount;
  readonly positions: readonly VenuePosition[];
  /** What orders in flight may hold; undefined if that is not known. */
  readonly held: Decimal | undefined;
}

/** Of the orders before and after a request: a fill that arrives meanwhile may be missing in the answer. */
function most(before: Decimal | undefined, after: Decimal | undefined): Decimal | undefined {
  return before === undefined || after === undefined ? undefined : max(before, after);
}

/** The most that the open quantities of orders hold of the buying power; undefined if an order has no price. */
function heldInFlight({ state }: Pick<Desk, "state">, connector: string): Decimal | undefined {
  let sum = ZERO;
  for (const order of state.inFlight.values()) {
    if (order.terms.connector !== connector) continue;
    const unit = reservedUnit(state, order.terms);
    if (unit === undefined) return undefined;
    sum = sum.plus(leaves(order).times(unit));
  }
  return sum;
}

/**
 * A change of the NAV that no trade and no price explains makes the day's loss unknown. The account and the positions
 * come from two requests, so a change that a later mark explains is taken back.
 */
function explainNav(
  desk: Pick<Desk, "clock" | "config" | "publish" | "state">,
  connector: ConnectorName,
  earlier: AccountRecord,
  { full, positions, held }: NavFigures,
): void {
  if (held === undefined) return;
  const now = desk.clock.now();
  const reading = readingOf(desk.state, connector, { account: full, positions, at: now });
  const rateOf = (from: string): Decimal | undefined => {
    const path = ratePath(rateTable(desk), { from, to: full.currency, now, connector, use: "display" });
    return path && converted(ONE, path);
  };
  const change = unexplainedChange(earlier.base, { ...reading, rateOf }, { held, awaited: earlier.awaited });
  if (change === undefined || text(change) === text(earlier.unexplained)) return;
  desk.publish({ type: "nav.unexplained", connector, amount: text(change) });
}

/** @throws ACCOUNT_CHANGED, after the connector was cut off. */
async function requireOwnAccount(
  desk: Pick<Desk, "state" | "venues">,
  connector: ConnectorName,
  account: ReportedAccount | { readonly buyingPower: VenueAccount["buyingPower"] },
): Promise<void> {
  const reason = "nav" in account ? account.accountId : undefined;
  const pinned = desk.state.connectors.get(connector)?.accountId;
  if (reason === undefined || pinned === undefined || pinned === reason) return;
  const error = new QocError("ACCOUNT_CHANGED", { connector, pinned, reason });
  await desk.venues.cutOff(connector, error.message);
  throw error;
}

async function accountOf(
  desk: Pick<Desk, "venues">,
  connector: string,
): Promise<ReportedAccount | { buyingPower: VenueAccount["buyingPower"] }> {
  const account = await desk.venues.account(connector);
  return account ?? { buyingPower: await desk.venues.buyingPower(connector) };
}

interface AccountParts extends HeldPositions {
  readonly buyingPower: VenueAccount["buyingPower"];
}

/** The account by its parts, and its positions with the marks that were found. */
async function computeAccount(
  desk: Pick<Desk, "clock" | "config" | "log" | "state" | "venues">,
  connector: string,
  { buyingPower, held, quoted }: AccountParts,
): Promise<MarkedAccount> {
  const { currency } = desk.config.account;
  const positions: VenuePosition[] = [];
  const unvalued: UnvaluedPosition[] = [];
  const prices = await Promise.all(held.map((position) => priceOfHeld(desk, connector, { position, quoted })));
  const exchange = rateTable(desk);
  let nav: Decimal = decimal(buyingPower);
  for (const [index, position] of held.entries()) {
    const { symbol, quantity } = position;
    const pricedIn = position.currency ?? pairOf(symbol)?.quote ?? currency;
    const price = prices[index];
    positions.push(price === undefined ? position : { ...position, markPrice: text(price) });
    if (decimal(quantity).eq(ZERO)) continue;
    const query = { from: pricedIn, to: currency, now: desk.clock.now(), connector, use: "guards" } as const;
    const path = ratePath(exchange, query);
    if (price === undefined || path === undefined) unvalued.push({ symbol, quantity });
    else
      nav = nav.plus(
        converted(
          decimal(quantity)
            .times(price)
            .times(multiplierOf(desk.state, connector, symbol)),
          path,
        ),
      );
  }
  const sums = { nav: text(nav), cash: buyingPower, buyingPower, currency };
  return unvalued.length === 0 ? { ...sums, positions } : { ...sums, unvalued, positions };
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
        before.averagePrice === held.averagePrice &&
        before.currency === held.currency
      );
    })
  );
}

/** The date of an instant in a time zone, e.g. `2019-10-10`. */
export function dateInZone(timeZone: string, at: number): string {
  return localTime(at, timeZone).date;
}
