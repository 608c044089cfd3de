/** A split of an instrument, whether the account shows it already or the next mark will. */
import type { AccountRecord } from "./account.ts";
import { type Decimal, ZERO, decimal, text } from "../decimal.ts";
import type { FillState } from "../fills/fill-state.ts";
import { comparableSymbol, instrumentKey } from "../orders/order.ts";
import type { PositionRecord } from "./position.ts";
import { QUANTITY_MAX, type SplitRatio, splitPosition, splitQuantity } from "./split-ratio.ts";
import type { VenuePosition } from "../market/venue.ts";

export interface InstrumentSplit {
  readonly connector: string;
  readonly symbol: string;
  readonly ratio: SplitRatio;
  /** When the venue split, ms. */
  readonly at: number;
}

/**
 * An instrument splits at most once in this time. Each split is replayed with the position, so a venue that stated
 * thousands would keep the desk busy at every start.
 */
const SPLIT_EVERY_MS = 20 * 60 * 60 * 1000;
type Holdings = ReadonlyMap<string, VenuePosition>;

interface SplitPositions {
  readonly positions: readonly PositionRecord[];
  /** In all spellings of the instrument, before the split and after it. */
  readonly held: Decimal;
  readonly after: Decimal;
}

/** What the split changes; undefined for a split that cannot be. */
export function positionsToSplit(
  state: Pick<FillState, "positions">,
  split: InstrumentSplit,
): SplitPositions | undefined {
  const name = comparableSymbol(split.symbol);
  const positions = [...state.positions.values()].filter(
    ({ connector, symbol }) => connector === split.connector && comparableSymbol(symbol) === name,
  );
  if (positions.some((position) => position.hasSplitWithin(SPLIT_EVERY_MS, split.at))) return undefined;
  // The fills of before and after the split are one sum: the venue's quantity differs, and a human adopts it.
  if (positions.some((position) => position.hasBaseAfter(split.at))) return undefined;
  const held = quantityOf(positions);
  if (splitQuantity(held, split.ratio).abs().gt(QUANTITY_MAX)) return undefined;
  const after = positions.reduce((sum, { quantity }) => sum.plus(splitQuantity(quantity, split.ratio)), ZERO);
  return { positions, held, after };
}

/**
 * Splits the position in all spellings of the instrument, and what the account reported before the split. Quantities
 * tell whether a report is of before or after. A difference of positions that the split explains is no difference. A
 * split that cannot be is left out: the venue's quantity then differs, which blocks the instrument.
 */
export function splitInstrument(state: FillState, split: InstrumentSplit): void {
  const name = comparableSymbol(split.symbol);
  const found = positionsToSplit(state, split);
  if (found === undefined) return;
  const { positions, held: before } = found;
  for (const position of positions) position.split(split.ratio, split.at);
  const after = quantityOf(positions);
  for (const { symbol, quantity } of positions) {
    const key = instrumentKey(split.connector, symbol);
    const flag = state.flagged.get(key);
    if (flag === undefined) continue;
    if (decimal(flag.actual).eq(quantity)) state.flagged.delete(key);
    else state.flagged.set(key, { ...flag, expected: text(quantity) });
  }
  const account = state.accounts.get(split.connector);
  // The quantity was adopted after the split: the reports of the account are of after the split as well.
  if (account === undefined || before.eq(after)) return;
  const sized = (held: Holdings): Holdings => splitHoldings(held, { name, before, after, ratio: split.ratio });
  const base = sized(account.base.positions);
  if (base !== account.base.positions) state.trades.get(split.connector)?.split(name, split);
  const next: AccountRecord = {
    ...account,
    positions: sized(account.positions),
    base: { ...account.base, positions: base },
  };
  state.accounts.set(split.connector, next);
}

function quantityOf(positions: readonly Readonly<PositionRecord>[]): Decimal {
  return positions.reduce((sum, { quantity }) => sum.plus(quantity), ZERO);
}

interface SplitHolding {
  readonly name: string;
  readonly before: Decimal;
  readonly after: Decimal;
  readonly ratio: SplitRatio;
}

/** The same map if the holdings are of after the split. */
function splitHoldings(held: Holdings, { name, before, after, ratio }: SplitHolding): Holdings {
  const isSplit = ({ symbol }: VenuePosition): boolean => comparableSymbol(symbol) === name;
  const quantity = [...held.values()].filter(isSplit).reduce((sum, each) => sum.plus(decimal(each.quantity)), ZERO);
  if (quantity.minus(after).abs().lt(quantity.minus(before).abs())) return held;
  return new Map([...held].map(([key, each]) => [key, isSplit(each) ? splitPosition(each, ratio) : each]));
}
