/**
 * An instrument that gave another one. Its lots keep their units; a share of their cost, which the venue states, is
 * the cost of the new lots, so that no profit is made up.
 */
import type { AccountRecord } from "./account.ts";
import { type Decimal, ONE, ZERO, decimal, ratio as divided, text } from "../decimal.ts";
import { type FillState, positionOf } from "../fills/fill-state.ts";
import { clearFlag, exchangedPositions } from "./instrument-exchange.ts";
import { multiplierOf } from "./multiplier.ts";
import { QUANTITY_MAX, type SplitRatio, receivedRatio, splitQuantity, statedRatio } from "./split-ratio.ts";
import type { VenueActivity, VenuePosition } from "../market/venue.ts";

interface SpinOff {
  readonly connector: string;
  readonly symbol: string;
  readonly newSymbol: string;
  readonly ratio: SplitRatio;
  readonly share: Decimal;
  /** For what is no whole unit, in the account's currency. */
  readonly cash: Decimal;
  /** ms. */
  readonly at: number;
}

/** undefined if the activity is another one, or does not say what share of the cost the new instrument takes. */
export function spinOffOf(
  { connector, activity }: { readonly connector: string; readonly activity: VenueActivity },
  { held, cash }: { readonly held: Decimal; readonly cash: Decimal },
): SpinOff | undefined {
  const { kind, symbol, newSymbol, ratio, quantity, costShare, at } = activity;
  if (kind !== "spinoff" || symbol === undefined || newSymbol === undefined || costShare === undefined)
    return undefined;
  const received = decimal(quantity ?? "0");
  const stated = { connector, symbol, newSymbol, share: decimal(costShare), cash, at };
  if (held.eq(ZERO)) return undefined;
  if (ratio !== undefined && received.eq(ZERO)) return { ...stated, ratio: statedRatio(ratio) };
  // A long position receives, and a short one owes.
  const found = receivedRatio(received, held);
  return found === undefined ? undefined : { ...stated, ratio: found };
}

/** A spin-off that cannot be is left out: the venue's quantity then differs, which blocks the instrument. */
export function spinOffInstrument(state: FillState, spinOff: SpinOff): void {
  const { connector, symbol, newSymbol, ratio, cash, share, at } = spinOff;
  const positions = exchangedPositions(state, spinOff);
  const held = positions.reduce((sum, { quantity }) => sum.plus(quantity), ZERO);
  // The cost is of units, and a contract stands for several.
  const isSized = [symbol, newSymbol].every((name) => multiplierOf(state, connector, name).eq(ONE));
  if (held.eq(ZERO) || !isSized || splitQuantity(held, ratio).abs().gt(QUANTITY_MAX)) return;
  for (const [place, position] of positions.entries()) {
    // Several spellings of one instrument are rare: the first one takes the cash.
    const received = position.spinOff({ ratio, share, cash: place === 0 ? cash : ZERO, at });
    if (received.length > 0) positionOf(state, connector, newSymbol).receive(received, at);
  }
  clearFlag(state, connector, newSymbol);
  const account = state.accounts.get(connector);
  if (account !== undefined) state.accounts.set(connector, restated(account, spinOff));
}

type HoldingsBySymbol = ReadonlyMap<string, VenuePosition>;

/** What the account reported before the spin-off, as after it: its value is divided by the share. */
function restated(account: AccountRecord, spinOff: SpinOff): AccountRecord {
  const { base, positions } = account;
  return {
    ...account,
    positions: dividedHoldings(positions, spinOff),
    base: { ...base, positions: dividedHoldings(base.positions, spinOff) },
  };
}

const PRICE_PLACES = 18;

/** The same map if it lacks the old instrument, or has the new one: a report of after the spin-off. */
function dividedHoldings(held: HoldingsBySymbol, { symbol, newSymbol, ratio, share }: SpinOff): HoldingsBySymbol {
  const old = held.get(symbol);
  if (old === undefined || held.has(newSymbol)) return held;
  const quantity = decimal(old.quantity);
  const received = splitQuantity(quantity, ratio);
  if (received.eq(ZERO)) return held;
  const { markPrice, averagePrice: _average, ...plain } = old;
  const { currency } = plain;
  const mark = markPrice === undefined ? undefined : decimal(markPrice);
  const next = new Map(held);
  const newPosition: VenuePosition = { symbol: newSymbol, quantity: text(received), ...(currency && { currency }) };
  const value = mark?.times(quantity).times(share);
  next.set(symbol, mark === undefined ? old : { ...plain, markPrice: text(mark.times(ONE.minus(share))) });
  next.set(
    newSymbol,
    value === undefined ? newPosition : { ...newPosition, markPrice: text(divided(value, received, PRICE_PLACES)) },
  );
  return next;
}
