/**
 * Compares the positions that a venue reports with those by our fills, at every mark. Spellings of one instrument are
 * compared by their sum, because a venue may spell an instrument differently in fills and in positions.
 */
import { type Decimal, ZERO, decimal, text } from "../../domain/decimal.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { type InstrumentKey, comparableSymbol, instrumentKey } from "../../domain/orders/order.ts";
import type { VenuePosition } from "../../domain/market/venue.ts";
import type { Desk } from "../desk.ts";

/** Positions from one request. */
export interface PositionReading {
  readonly connector: ConnectorName;
  readonly positions: readonly VenuePosition[];
  /** The state's sequence number before the request. */
  readonly seq: number;
  /** The venue's fills were fetched before: a difference is flagged at once. */
  readonly isReconciliation: boolean;
}

/** A venue may report a fill before its position follows, or a position before the fill. */
const SETTLE_MS = 5_000;

/** One instrument in all its spellings. */
interface ComparedInstrument {
  readonly key: InstrumentKey;
  readonly symbols: readonly string[];
  /** By fills, and by fills with the external fills since the last mark. */
  readonly ours: Decimal;
  readonly withExternal: Decimal;
  readonly theirs: Decimal;
}

type ComparingDesk = Pick<Desk, "clock" | "fillBudgets" | "log" | "market" | "publish" | "state" | "venues">;

export function comparePositions(desk: ComparingDesk, reading: PositionReading): void {
  const theirs = new Map(reading.positions.map(({ symbol, quantity }) => [symbol, decimal(quantity)]));
  const instruments = comparedInstruments(desk, reading.connector, theirs);
  forgetDifferences(desk, reading.connector, instruments);
  for (const compared of instruments) {
    const keys = compared.symbols.map((symbol) => instrumentKey(reading.connector, symbol));
    const newest = Math.max(0, ...keys.map((key) => desk.state.lastFill.get(key)?.seq ?? 0));
    // A fill that arrived during the request may be in the response or not: the next mark shows it.
    if (newest > reading.seq) continue;
    if (keys.some((key) => blockedSince(desk, key) !== undefined)) releaseAgreed(desk, reading.connector, compared);
    else if (keys.some((key) => desk.state.external.has(key))) followVenue(desk, reading, compared, theirs);
    else flagDifference(desk, reading, compared, theirs);
  }
}

/** The venue no longer reports these instruments, and no fill is of them. */
function forgetDifferences(
  { market }: Pick<Desk, "market">,
  connector: string,
  instruments: readonly ComparedInstrument[],
): void {
  const compared = new Set(instruments.map(({ key }) => key));
  for (const key of market.differences.keys())
    if (key.startsWith(`${connector}/`) && !compared.has(key)) market.differences.delete(key);
}

function comparedInstruments(
  { state }: ComparingDesk,
  connector: ConnectorName,
  theirs: ReadonlyMap<string, Decimal>,
): readonly ComparedInstrument[] {
  const symbols = new Set(theirs.keys());
  const prefix = `${connector}/`;
  // A flagged instrument may have neither: its venue held it for a while, and no fill is of it.
  for (const map of [state.positions, state.external, state.disputes, state.flagged])
    for (const key of map.keys()) if (key.startsWith(prefix)) symbols.add(key.slice(prefix.length));
  const groups = new Map<string, string[]>();
  for (const symbol of symbols) {
    const group = groups.get(comparableSymbol(symbol));
    if (group === undefined) groups.set(comparableSymbol(symbol), [symbol]);
    else group.push(symbol);
  }
  return [...groups].map(([name, spellings]) => {
    let [ours, external, reported] = [ZERO, ZERO, ZERO];
    for (const symbol of spellings) {
      const key = instrumentKey(connector, symbol);
      const strays = state.external.get(key);
      ours = ours.plus(state.positions.get(key)?.quantity ?? ZERO);
      if (strays !== undefined) external = external.plus(strays.bought).minus(strays.sold);
      reported = reported.plus(theirs.get(symbol) ?? ZERO);
    }
    const key = instrumentKey(connector, name);
    return { key, symbols: spellings, ours, withExternal: ours.plus(external), theirs: reported };
  });
}

/**
 * When the newest flag or dispute of an instrument was recorded; undefined: it is not blocked. Infinity: a person must
 * look, because an order traded more than was approved.
 */
function blockedSince({ state }: ComparingDesk, key: InstrumentKey): number | undefined {
  const times = (state.disputes.get(key) ?? []).map(({ kind, at }) => (kind === "overfill" ? Infinity : at));
  const flag = state.flagged.get(key);
  if (flag !== undefined) times.push(flag.at);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Ends flags and disputes if the venue holds what the fills that count make. Otherwise a human resolves them. */
function releaseAgreed(desk: ComparingDesk, connector: ConnectorName, compared: ComparedInstrument): void {
  if (!compared.withExternal.eq(compared.theirs)) return;
  const ripe = desk.clock.now() - SETTLE_MS;
  for (const symbol of compared.symbols) {
    const since = blockedSince(desk, instrumentKey(connector, symbol));
    if (since !== undefined && since <= ripe) desk.publish({ type: "instrument.agreed", connector, symbol });
  }
}

/** The position follows the venue's: at once if external fills explain it, else when it has settled. */
function followVenue(
  desk: ComparingDesk,
  { connector }: PositionReading,
  { symbols, withExternal, theirs }: ComparedInstrument,
  bySymbol: ReadonlyMap<string, Decimal>,
): void {
  // The fill may be of an order whose outcome is not known yet.
  if (hasUncertainOrder(desk, connector, symbols)) return;
  if (!withExternal.eq(theirs) && !isQuiet(desk, connector, symbols)) return;
  for (const symbol of symbols) {
    const key = instrumentKey(connector, symbol);
    const quantity = bySymbol.get(symbol) ?? ZERO;
    if (!desk.state.external.has(key) && (desk.state.positions.get(key)?.quantity ?? ZERO).eq(quantity)) continue;
    desk.publish({ type: "position.adopted", connector, symbol, quantity: text(quantity) });
  }
}

/** A difference that no fill explains blocks the instrument until it is gone, or a human clears it. */
function flagDifference(
  desk: ComparingDesk,
  { connector, isReconciliation }: PositionReading,
  { key, symbols, ours, theirs }: ComparedInstrument,
  bySymbol: ReadonlyMap<string, Decimal>,
): void {
  const { differences } = desk.market;
  if (ours.eq(theirs)) {
    differences.delete(key);
    return;
  }
  if (!isReconciliation && (hasUncertainOrder(desk, connector, symbols) || !lasts(desk, key, ours, theirs))) return;
  differences.delete(key);
  for (const symbol of symbols) {
    const instrument = instrumentKey(connector, symbol);
    const expected = text(desk.state.positions.get(instrument)?.quantity ?? ZERO);
    const actual = text(bySymbol.get(symbol) ?? ZERO);
    if (expected === actual) continue;
    const exceeded = desk.fillBudgets.spend(connector, "misfit");
    if (exceeded !== undefined) {
      const { message } = new QocError("FILL_FLOOD", { connector, ...exceeded });
      void desk.venues.cutOff(connector, message);
      return;
    }
    desk.log.error(`${instrument}: our fills make ${expected}, the venue holds ${actual}`);
    desk.publish({ type: "instrument.flagged", connector, symbol, expected, actual });
  }
}

/** Whether the same difference was found at an earlier mark. */
function lasts({ clock, market }: ComparingDesk, key: InstrumentKey, ours: Decimal, theirs: Decimal): boolean {
  const now = clock.monotonic();
  const found = { ours: text(ours), theirs: text(theirs), since: now };
  const known = market.differences.get(key);
  if (known?.ours === found.ours && known.theirs === found.theirs) return now - known.since >= SETTLE_MS;
  market.differences.set(key, found);
  return false;
}

/** An order that may be at the venue without its fills being known as ours. */
function hasUncertainOrder({ state }: ComparingDesk, connector: string, symbols: readonly string[]): boolean {
  const names = new Set(symbols.map(comparableSymbol));
  for (const order of state.inFlight.values()) {
    const isUncertain = order.state === "submitting" || order.state === "unknown";
    if (isUncertain && order.terms.connector === connector && names.has(comparableSymbol(order.terms.symbol)))
      return true;
  }
  return false;
}

function isQuiet({ clock, state }: ComparingDesk, connector: string, symbols: readonly string[]): boolean {
  const ripe = clock.now() - SETTLE_MS;
  return symbols.every((symbol) => (state.lastFill.get(instrumentKey(connector, symbol))?.at ?? 0) <= ripe);
}
