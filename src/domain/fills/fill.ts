/** The identity of a fill. The desk applies each key once. */
import { canonicalJson } from "../canonical-json.ts";
import { JoinedKeys } from "../../lib/joined-keys.ts";
import { comparableSymbol } from "../orders/order.ts";
import type { VenueFill } from "../market/venue.ts";

/**
 * Connector, symbol and execution id: some venues number the executions of each symbol from 1. Spellings of one symbol
 * are one key. A correction or bust carries the key of the fill it changes.
 */
export type FillKey = `${string}/${string}/${string}`;

/** The part of each key before the id: all keys of one instrument have the same text in memory. */
const prefixes = new JoinedKeys<`${string}/${string}/`>(
  (connector, symbol) => `${connector}/${comparableSymbol(symbol)}/`,
);

/** The part of a fill that contradicts its order. id: it has the venue's id of another order in flight. */
export type Misfit = "symbol" | "side" | "price" | "time" | "id";

/** `symbol`: of the order, if it is known. The fill itself may name another by mistake. */
export function fillKey(
  connector: string,
  fill: Pick<VenueFill, "busts" | "corrects" | "fillId" | "symbol">,
  symbol: string = fill.symbol,
): FillKey {
  return `${prefixes.of(connector, symbol)}${fill.corrects ?? fill.busts ?? fill.fillId}`;
}

/** Some venues report a fill with a fee of 0, or without a fee, and its fee later. */
function hasFee({ fee }: VenueFill): boolean {
  return fee !== undefined && fee !== "0";
}

/** The known fill with the fee of a later message that only adds it; undefined for any other message. */
export function completedFill(known: VenueFill, later: VenueFill): VenueFill | undefined {
  if (hasFee(known) || !hasFee(later) || !sameTrade(known, later)) return undefined;
  const { fee, feeCurrency, liquidity = known.liquidity, settlesAt = known.settlesAt } = later;
  return { ...known, fee, feeCurrency, liquidity, settlesAt };
}

/** Whether two messages of one fill agree. A message without a fee agrees with a message that has it. */
export function sameContent(a: VenueFill, b: VenueFill): boolean {
  if (!sameTrade(a, b)) return false;
  return !hasFee(a) || !hasFee(b) || (a.fee === b.fee && a.feeCurrency === b.feeCurrency);
}

function sameTrade(a: VenueFill, b: VenueFill): boolean {
  return (
    a.fillId === b.fillId &&
    a.venueOrderId === b.venueOrderId &&
    a.symbol === b.symbol &&
    a.side === b.side &&
    a.quantity === b.quantity &&
    a.price === b.price &&
    a.busts === b.busts &&
    a.corrects === b.corrects
  );
}

/** Whether all members are equal: a message that was read from disk is another object. */
export function isSameMessage(a: VenueFill, b: VenueFill): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b);
}

/** 0 for the fill itself, 1 for its correction, 2 for its bust. The highest rank counts, in any order of arrival. */
export function fillRank(fill: VenueFill): number {
  return fill.busts !== undefined ? 2 : fill.corrects !== undefined ? 1 : 0;
}

/** Returns the version of a fill that counts. Symmetric, so that the order of arrival does not matter. */
export function laterVersion(a: VenueFill, b: VenueFill): VenueFill {
  const byRank = fillRank(a) - fillRank(b);
  if (byRank !== 0) return byRank > 0 ? a : b;
  if (a.at !== b.at) return a.at > b.at ? a : b;
  if (a.fillId !== b.fillId) return a.fillId > b.fillId ? a : b;
  return hasFee(b) && !hasFee(a) ? b : a;
}

/** Two messages with one key are the same conflict: it is written down once. */
export function conflictKey(connector: string, fill: VenueFill): string {
  const { fillId, venueOrderId, symbol, side, quantity, price, busts = "", corrects = "" } = fill;
  const { fee = "", feeCurrency = "" } = fill;
  const content = [connector, fillId, venueOrderId, symbol, side, quantity, price, busts, corrects];
  return JSON.stringify(hasFee(fill) ? [...content, fee, feeCurrency] : content);
}
