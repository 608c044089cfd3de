/**
 * An instrument that became another one: by a new name, or by a merger for shares, for cash or for both. The lots move
 * with their cost, so that no profit is made up. Cash lowers the cost; what is above the cost is realized.
 */
import type { AccountRecord } from "./account.ts";
import { type Decimal, ONE, ZERO, decimal, text } from "../decimal.ts";
import { type FillState, positionOf } from "../fills/fill-state.ts";
import { multiplierOf } from "./multiplier.ts";
import { comparableSymbol, instrumentKey } from "../orders/order.ts";
import type { PositionRecord } from "./position.ts";
import {
  QUANTITY_MAX,
  type SplitRatio,
  receivedRatio,
  splitPosition,
  splitQuantity,
  statedRatio,
} from "./split-ratio.ts";
import type { VenueActivity, VenuePosition } from "../market/venue.ts";

/** What the venue gave for all units of an instrument. */
export interface InstrumentExchange {
  readonly connector: string;
  readonly symbol: string;
  /** undefined: cash alone. */
  readonly newSymbol: string | undefined;
  /** Units of the new instrument for units of the old one; undefined with cash alone. */
  readonly ratio: SplitRatio | undefined;
  /** In the account's currency; below zero: paid, for a short position. */
  readonly cash: Decimal;
  /** ms. */
  readonly at: number;
}

/** undefined if the activity is no exchange, or does not say how much was given: the venue's quantity then differs. */
export function exchangeOf(
  { connector, activity }: { readonly connector: string; readonly activity: VenueActivity },
  { held, cash }: { readonly held: Decimal; readonly cash: Decimal },
): InstrumentExchange | undefined {
  const { kind, symbol, newSymbol, ratio, quantity, at } = activity;
  if ((kind !== "rename" && kind !== "merger") || symbol === undefined || held.eq(ZERO)) return undefined;
  const stated = { connector, symbol, newSymbol, cash, at };
  if (ratio !== undefined) return { ...stated, ratio: statedRatio(ratio) };
  if (kind === "rename") return { ...stated, ratio: { after: ONE, before: ONE } };
  const received = decimal(quantity ?? "0");
  if (newSymbol === undefined || received.eq(ZERO))
    return cash.eq(ZERO) ? undefined : { ...stated, newSymbol: undefined, ratio: undefined };
  // A long position becomes no short one.
  const found = receivedRatio(received, held);
  return found === undefined ? undefined : { ...stated, ratio: found };
}

/** The positions in all spellings of the old instrument, without the new one. */
export function exchangedPositions(
  state: FillState,
  { connector, symbol, newSymbol }: Pick<InstrumentExchange, "connector" | "symbol" | "newSymbol">,
): readonly PositionRecord[] {
  const name = comparableSymbol(symbol);
  return [...state.positions.values()].filter(
    (position) =>
      position.connector === connector &&
      position.symbol !== newSymbol &&
      comparableSymbol(position.symbol) === name &&
      !position.quantity.eq(ZERO),
  );
}

/** An exchange that cannot be is left out: the venue's quantity then differs, which blocks the instrument. */
export function exchangeInstrument(state: FillState, exchange: InstrumentExchange): void {
  const { connector, newSymbol, ratio, cash, at } = exchange;
  const positions = exchangedPositions(state, exchange);
  const held = positions.reduce((sum, { quantity }) => sum.plus(quantity), ZERO);
  // The cash is of units, and a contract stands for several.
  const isSized = [exchange.symbol, newSymbol ?? exchange.symbol].every((name) =>
    multiplierOf(state, connector, name).eq(ONE),
  );
  if (held.eq(ZERO) || (!cash.eq(ZERO) && !isSized)) return;
  if (ratio !== undefined && splitQuantity(held, ratio).abs().gt(QUANTITY_MAX)) return;
  const old = new Set(positions.map(({ symbol }) => symbol));
  for (const [place, position] of positions.entries()) {
    // Several spellings of one instrument are rare: the first one takes the cash.
    const moved = position.exchange({ ratio, cash: place === 0 ? cash : ZERO, at });
    if (newSymbol !== undefined && moved.length > 0) positionOf(state, connector, newSymbol).receive(moved, at);
  }
  for (const symbol of [...old, ...(newSymbol === undefined ? [] : [newSymbol])]) clearFlag(state, connector, symbol);
  const account = state.accounts.get(connector);
  if (account !== undefined) state.accounts.set(connector, restated(state, account, { ...exchange, held }));
}

/**
 * What orders in flight fill is of the new instrument, which is blocked until they have ended. A venue also announces a
 * change that leaves the name as it is, such as another CUSIP.
 */
export function renameOrders(
  state: FillState,
  { connector, symbol, newSymbol }: Pick<InstrumentExchange, "connector" | "symbol"> & { readonly newSymbol: string },
): void {
  const name = comparableSymbol(symbol);
  if (comparableSymbol(newSymbol) === name) return;
  for (const { id, terms, renamedTo = terms.symbol } of state.inFlight.values()) {
    if (terms.connector !== connector || comparableSymbol(renamedTo) !== name) continue;
    const order = state.orders.take(id);
    if (order !== undefined) order.renamedTo = newSymbol;
  }
}

/** A difference that the exchange explains is no difference. */
export function clearFlag(state: FillState, connector: string, symbol: string): void {
  const key = instrumentKey(connector, symbol);
  const flag = state.flagged.get(key);
  const quantity = state.positions.get(key)?.quantity ?? ZERO;
  if (flag !== undefined && decimal(flag.actual).eq(quantity)) state.flagged.delete(key);
}

type Restated = InstrumentExchange & { readonly held: Decimal };
type HeldBySymbol = ReadonlyMap<string, VenuePosition>;

/** What the account reported before the exchange, as after it. A report without the old instrument is of after. */
function restated(state: FillState, account: AccountRecord, exchange: Restated): AccountRecord {
  const { connector, symbol, ratio } = exchange;
  const { base } = account;
  const positions = exchangedHoldings(account.positions, exchange);
  const before = oldHoldings(base.positions, exchange);
  const trades = state.trades.get(connector);
  if (before.length === 0 && trades?.bySymbol.has(comparableSymbol(symbol)) !== true) return { ...account, positions };
  let { nav } = base;
  // For cash alone, the value is gone and the cash explains what came.
  if (ratio === undefined) {
    for (const { quantity, markPrice } of before) nav = nav.minus(decimal(quantity).times(decimal(markPrice ?? "0")));
    nav = nav.minus(trades?.bySymbol.get(comparableSymbol(symbol))?.cost ?? ZERO);
  }
  trades?.exchange(exchange);
  return { ...account, positions, base: { ...base, nav, positions: exchangedHoldings(base.positions, exchange) } };
}

function oldHoldings(held: HeldBySymbol, { symbol, newSymbol }: Restated): readonly VenuePosition[] {
  const name = comparableSymbol(symbol);
  return [...held.values()].filter((each) => each.symbol !== newSymbol && comparableSymbol(each.symbol) === name);
}

/** The same map if it has none of the old instrument. */
function exchangedHoldings(held: HeldBySymbol, exchange: Restated): HeldBySymbol {
  const old = oldHoldings(held, exchange);
  if (old.length === 0) return held;
  const { newSymbol, ratio } = exchange;
  const next = new Map(held);
  for (const position of old) {
    next.delete(position.symbol);
    if (newSymbol === undefined || ratio === undefined) continue;
    const moved = { ...splitPosition(position, ratio), symbol: newSymbol };
    const known = next.get(newSymbol);
    const quantity = decimal(known?.quantity ?? "0").plus(decimal(moved.quantity));
    next.set(newSymbol, known === undefined ? moved : { ...known, quantity: text(quantity) });
  }
  return next;
}
