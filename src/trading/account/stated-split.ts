/**
 * A split or a new name that the venue does not announce, as a human states it: `qoc resolve CONNECTOR/SYMBOL` with
 * `--split 7:1` or `--renamed NEW`.
 */
import type { Authority } from "../../domain/authority/authority.ts";
import { type Decimal, type DecimalText, ZERO, decimal, floored, text } from "../../domain/decimal.ts";
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Actor } from "../../domain/event.ts";
import type { ConnectorName, Digest } from "../../domain/ids.ts";
import { positionsToSplit } from "../../domain/account/split.ts";
import { exchangedPositions } from "../../domain/account/instrument-exchange.ts";
import { possibleRatio, smallRatioText, splitQuantity } from "../../domain/account/split-ratio.ts";
import type { SplitStated } from "../../domain/market/instrument-event.ts";
import type { VenuePosition } from "../../domain/market/venue.ts";
import { type InstrumentKey, comparableSymbol, instrumentKey } from "../../domain/orders/order.ts";
import type { PageCaller } from "../../domain/pages/page-session.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { keyForMode } from "../keys/authority.ts";
import type { Desk } from "../desk.ts";
import { settledPositions } from "./settled-positions.ts";

/** Units after, units before: 7 for 1. */
export type StatedRatio = readonly [after: DecimalText, before: DecimalText];

/** Of a new name alone. */
export const SAME_UNITS: StatedRatio = ["1" as DecimalText, "1" as DecimalText];

interface SplitStatement {
  readonly split: StatedRatio;
  readonly newSymbol?: string | undefined;
  readonly note: string;
  readonly actor: Actor;
  readonly authority?: Authority | undefined;
  readonly page?: PageCaller | undefined;
}

/** What the client signs, and the desk and its audit check. */
export function splitDigest({ ratio, newSymbol, note }: Pick<SplitStated, "newSymbol" | "note" | "ratio">): Digest {
  return digestOf(JSON.stringify(newSymbol === undefined ? [...ratio, note] : [...ratio, newSymbol, note]));
}

/**
 * Multiplies the quantity and keeps the cost, so that no profit changes. The venue must hold what the ratio makes, or
 * its whole units: for the rest it paid cash, and the instrument stays blocked until a human adopts the quantity.
 * @throws SPLIT_REFUSED, POSITION_UNSETTLED, and what the connector throws.
 */
export async function stateSplit(
  desk: Desk,
  key: string,
  { split, newSymbol, note, actor, authority, page }: SplitStatement,
): Promise<{ instrument: string; quantity: string }> {
  const position = desk.state.positions.get(key as InstrumentKey);
  if (position === undefined || position.quantity.eq(ZERO))
    refuse(`${key} names no position of this desk, as CONNECTOR/SYMBOL`, "qoc positions list");
  const { symbol } = position;
  const connector = position.connector as ConnectorName;
  const mode = desk.state.connectors.get(connector)?.mode ?? "unstated";
  const digest = splitDigest({ ratio: split, newSymbol, note });
  const subject = { action: "split", id: key, digest, shown: "", mode, page } as const;
  await desk.authority.check({ ...subject, key: keyForMode(mode) }, authority);
  const positions = await settledPositions(desk, { connector, symbol });
  if (newSymbol === undefined) checkSplit(desk, { connector, symbol, split, theirs: quantityAt(positions, symbol) });
  else checkNewName(desk, { connector, symbol, newSymbol, split, positions });
  await desk.commit({ type: "instrument.split", connector, symbol, ratio: split, newSymbol, note, actor, authority });
  const after = newSymbol === undefined ? (key as InstrumentKey) : instrumentKey(connector, newSymbol);
  return { instrument: after, quantity: text(desk.state.positions.get(after)?.quantity ?? ZERO) };
}

/** In all spellings: a venue may spell an instrument differently in fills and in positions. */
function quantityAt(positions: readonly VenuePosition[], symbol: string): Decimal {
  const name = comparableSymbol(symbol);
  const found = positions.filter((held) => comparableSymbol(held.symbol) === name);
  return found.reduce((sum, { quantity }) => sum.plus(decimal(quantity)), ZERO);
}

interface CheckedSplit {
  readonly connector: ConnectorName;
  readonly symbol: string;
  readonly split: StatedRatio;
  readonly theirs: Decimal;
}

function checkSplit({ clock, state }: Pick<Desk, "clock" | "state">, checked: CheckedSplit): void {
  const { connector, symbol, split, theirs } = checked;
  const key = instrumentKey(connector, symbol);
  const stated = split.join(":");
  const command = `qoc resolve ${quoteForShell(key)}`;
  const adopt = `${command} -m "what you saw"`;
  const ratio = possibleRatio(split);
  if (ratio === undefined) refuse(`no split is ${stated}: it multiplies or divides by 100,000 at most`, adopt);
  const found = positionsToSplit(state, { connector, symbol, ratio, at: clock.now() });
  if (found === undefined)
    refuse(`a split of ${key} within 20 hours counts already, or the quantity becomes too large`, adopt);
  const { held, after } = found;
  if (held.eq(theirs))
    refuse(`the venue holds the ${text(held)} ${symbol} that the fills make: no split is missing`, "qoc status");
  if (after.eq(theirs) || isPaidFraction(after, theirs)) return;
  const fits = smallRatioText(held, theirs);
  refuse(
    `${stated} makes ${text(after)} of ${text(held)} ${symbol}, and the venue holds ${text(theirs)}`,
    fits === undefined ? adopt : `${command} --split ${fits} -m "what you saw"`,
  );
}

interface CheckedName extends Omit<CheckedSplit, "theirs"> {
  readonly newSymbol: string;
  readonly positions: readonly VenuePosition[];
}

/** The venue must hold nothing under the old name, and under the new one what the old one makes. */
function checkNewName({ state }: Pick<Desk, "state">, checked: CheckedName): void {
  const { connector, symbol, newSymbol, split, positions } = checked;
  const adopt = `qoc resolve ${quoteForShell(instrumentKey(connector, symbol))} -m "what you saw"`;
  const ratio = possibleRatio(split);
  if (ratio === undefined || comparableSymbol(newSymbol) === comparableSymbol(symbol))
    refuse(`${newSymbol} at ${split.join(":")} is no other instrument than ${symbol}`, adopt);
  const [left, theirs] = [quantityAt(positions, symbol), quantityAt(positions, newSymbol)];
  if (!left.eq(ZERO)) refuse(`the venue still holds ${text(left)} ${symbol}`, "qoc status");
  const held = exchangedPositions(state, checked).reduce((sum, { quantity }) => sum.plus(quantity), ZERO);
  const had = state.positions.get(instrumentKey(connector, newSymbol))?.quantity ?? ZERO;
  const makes = had.plus(splitQuantity(held, ratio));
  if (!makes.eq(theirs))
    refuse(`${text(held)} ${symbol} make ${text(makes)} ${newSymbol}, and the venue holds ${text(theirs)}`, adopt);
}

/** The venue holds the whole units, and paid cash for the rest. */
function isPaidFraction(after: Decimal, theirs: Decimal): boolean {
  return floored(after.abs(), 0).eq(theirs.abs()) && after.gt(ZERO) === theirs.gt(ZERO) && !theirs.eq(ZERO);
}

function refuse(message: string, hint: string): never {
  throw new QocError("SPLIT_REFUSED", { message, hint });
}
