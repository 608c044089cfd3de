/** What an inbox item says about one fill, or about many fills of one burst. The size does not grow with the number. */
import { pairOf } from "../../domain/account/currency.ts";
import { smallRatioText } from "../../domain/account/split-ratio.ts";
import { type Decimal, ZERO, decimal, quotient } from "../../domain/decimal.ts";
import type { DeskState } from "../../domain/desk-state.ts";
import type { FillConflicted, FillReceived, Recorded } from "../../domain/event.ts";
import type { Misfit } from "../../domain/fills/fill.ts";
import type { InstrumentFlagged } from "../../domain/market/instrument-event.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import type { ConnectorName } from "../../domain/ids.ts";
import { describeOrder, instrumentKey } from "../../domain/orders/order.ts";
import { shownCurrency } from "../../domain/untrusted.ts";
import { escapeInvisible, escapeInvisibleInText } from "../../lib/invisible-characters.ts";
import { quoteForShell } from "../../lib/shell.ts";
import { formatMoney } from "../../gate/format.ts";
import { iso } from "../../lib/time.ts";
import type { HostItem } from "../../workspace/inbox.ts";
import { counted } from "../../lib/counted.ts";

/** The events that can come in bursts: a connector decides how many. */
export type BurstEvent = FillReceived | FillConflicted | InstrumentFlagged;
export type BurstKind = "fill" | "bust" | "overfill" | "disputed" | "external" | "conflict" | "flag";

interface Traded {
  readonly symbol: string;
  readonly side: string;
  quantity: Decimal;
  notional: Decimal;
  count: number;
}

/** The common part of several events: what an inbox item shows. */
export interface BurstSummary {
  readonly kind: BurstKind;
  readonly first: Recorded<BurstEvent>;
  count: number;
  /** By symbol and side, at most `TRADED_MAX`. */
  readonly traded: Map<string, Traded>;
  readonly misfits: Set<Misfit>;
  isInferred: boolean;
  /** The latest events, at most `LATEST_MAX`. */
  readonly latest: Recorded<BurstEvent>[];
}

const TRADED_MAX = 20;
const LATEST_MAX = 20;

/** Returns undefined for an event that gets no item of its own, because its fill has one. */
export function burstKindOf(event: BurstEvent): BurstKind | undefined {
  if (event.type === "fill.conflicted") return "conflict";
  if (event.type === "instrument.flagged") return "flag";
  if (event.inferred === true && event.fill.corrects !== undefined) return undefined;
  if (event.completes === true) return undefined;
  if (event.id === null) return "external";
  if (event.finding !== undefined) return event.finding.kind;
  return event.fill.busts !== undefined ? "bust" : "fill";
}

export function openSummary(kind: BurstKind, first: Recorded<BurstEvent>): BurstSummary {
  return { kind, first, count: 0, traded: new Map(), misfits: new Set(), isInferred: false, latest: [] };
}

export function addToSummary(summary: BurstSummary, recorded: Recorded<BurstEvent>): void {
  const { event } = recorded;
  summary.count += 1;
  summary.latest.push(recorded);
  if (summary.latest.length > LATEST_MAX) summary.latest.shift();
  if (event.type === "instrument.flagged") return;
  const { symbol, side, quantity: text, price } = event.fill;
  const quantity = decimal(text);
  addTraded(summary, { symbol, side, quantity, notional: quantity.times(decimal(price)), count: 1 });
  if (event.type !== "fill.received") return;
  summary.isInferred ||= event.inferred === true;
  for (const misfit of event.finding?.misfits ?? []) summary.misfits.add(misfit);
}

function addTraded({ traded }: BurstSummary, more: Traded): void {
  const key = `${more.side} ${more.symbol}`;
  const known = traded.get(key);
  if (known === undefined) {
    if (traded.size < TRADED_MAX) traded.set(key, { ...more });
    return;
  }
  known.quantity = known.quantity.plus(more.quantity);
  known.notional = known.notional.plus(more.notional);
  known.count += more.count;
}

/** A summary of both; `later` is of the later events. Changes neither. */
export function mergeSummaries(earlier: BurstSummary, later: BurstSummary): BurstSummary {
  const merged: BurstSummary = {
    ...earlier,
    count: earlier.count + later.count,
    traded: new Map([...earlier.traded].map(([key, traded]) => [key, { ...traded }])),
    misfits: new Set([...earlier.misfits, ...later.misfits]),
    isInferred: earlier.isInferred || later.isInferred,
    latest: [...earlier.latest, ...later.latest].slice(-LATEST_MAX),
  };
  for (const traded of later.traded.values()) addTraded(merged, traded);
  return merged;
}

function lineOf({ event }: Recorded<BurstEvent>): string {
  if (event.type === "instrument.flagged")
    return `${event.symbol}: our fills sum to ${event.expected}, the venue reports ${event.actual}`;
  const { fill } = event;
  const verb = fill.busts !== undefined ? "took back" : fill.side === "buy" ? "bought" : "sold";
  return `${verb} ${fill.quantity} ${fill.symbol} at ${fill.price}, ${iso(fill.at)} (${fill.fillId})`;
}

/** The inbox item, named by the journal sequence of its first event. */
export function burstItem(summary: BurstSummary, state: Readonly<DeskState>): HostItem {
  const { kind, first } = summary;
  if (first.event.type === "instrument.flagged") return flagItem(summary, first.event, state);
  if (first.event.type === "fill.conflicted") return conflictItem(summary, first.event);
  return fillItem(summary, first as Recorded<FillReceived>, state, kind);
}

/** A title says that a fill does not count, or exceeds its order. */
const TITLE_PREFIX: Readonly<Partial<Record<BurstKind, string>>> = {
  disputed: "Disputed, not counted: ",
  overfill: "More than the order: ",
};

function fillItem(
  summary: BurstSummary,
  { seq, at, event }: Recorded<FillReceived>,
  state: Readonly<DeskState>,
  kind: BurstKind,
): HostItem {
  const { fill, connector, id } = event;
  const order = id === null ? undefined : state.orders.get(id);
  const [only] = summary.traded.size === 1 ? summary.traded.values() : [];
  const one = only && { symbol: only.symbol, side: only.side, ...amounts(only) };
  const subject =
    order === undefined
      ? `of ${summary.count === 1 ? "an order" : "orders"} this desk did not send`
      : `of ${order.id} (${describeOrder(order.terms)})`;
  const sentence = escapeInvisible(`${fillSentence(summary, fill.busts)} ${subject}`);
  const replacement = order === undefined ? undefined : replacementOf(state, order);
  const isResolved = order?.resolved !== undefined;
  const although = isResolved ? "resolved" : replacement === undefined ? undefined : `replaced by ${replacement}`;
  const resolved = although === undefined ? "" : ` although ${id} was ${although}`;
  const amountOf = (traded: Traded): string =>
    formatMoney(traded.notional, currencyOf(state, connector, traded.symbol));
  const notional = only === undefined ? "" : `, ${escapeInvisible(amountOf(only))} in all`;
  const inferred = summary.isInferred ? " (inferred from the venue's totals)" : "";
  return {
    name: `${iso(at).slice(0, 10)}-fill-${fill.symbol}-${fill.side.toUpperCase()}-${seq}`,
    frontmatter: {
      kind: order === undefined || although !== undefined || (kind !== "fill" && kind !== "bust") ? "alert" : "fill",
      status: "new",
      title: escapeInvisible(`${TITLE_PREFIX[kind] ?? ""}${fillSentence(summary, fill.busts, shownPrice)}${resolved}`),
      ...one,
      fills: String(summary.count),
      order_id: id ?? "",
      venue: connector,
      filled_at: iso(fill.at),
    },
    body: [
      `## Fill summary\n\n${sentence}${notional}${inferred}.\n`,
      only === undefined
        ? listOf([...summary.traded.values()].map((traded) => tradedLine(traded, amountOf(traded))))
        : "",
      escapeInvisibleInText(findingText(summary, `${connector}/${fill.symbol}`)),
      replacement === undefined
        ? ""
        : `\n${connector} reported the end of ${id} before, and ${replacement} replaced it: both may fill. \`qoc cancel ${replacement}\` asks to cancel the new order.\n`,
      latestText(summary),
    ].join(""),
  };
}

/** The sent order that replaced this one, if this one filled beyond the total of its venue's last report. */
function replacementOf({ orders }: Readonly<DeskState>, order: Readonly<OrderRecord>): string | undefined {
  if (!order.flags.has("late_fill") || !order.filled.gt(order.reportedFilled)) return undefined;
  for (const other of orders.values()) if (other.submitted && other.terms.replaces?.id === order.id) return other.id;
  return undefined;
}

function amounts({ quantity, notional }: Traded): { quantity: string; fill_price: string } {
  const price = quantity.eq(ZERO) ? ZERO : quotient(notional, quantity);
  return { quantity: quantity.toFixed(), fill_price: price.toFixed() };
}

function shownPrice(price: string): string {
  return formatMoney(decimal(price), "");
}

/** For example "Bought 10 AAPL at 100", "Bought 30 AAPL in 3 fills at 99.5 on average" or "7 fills". */
function fillSentence(
  { kind, count, traded }: BurstSummary,
  busts: string | undefined,
  shown = (price: string) => price,
): string {
  if (count === 1 && busts !== undefined) return `The venue took back fill ${busts}`;
  if (kind === "bust") return `The venue took back ${count} fills`;
  const [only] = traded.size === 1 ? traded.values() : [];
  if (only === undefined) return counted(count, "fill");
  const { quantity, fill_price } = amounts(only);
  const price = shown(fill_price);
  const verb = only.side === "buy" ? "Bought" : "Sold";
  return count === 1
    ? `${verb} ${quantity} ${only.symbol} at ${price}`
    : `${verb} ${quantity} ${only.symbol} in ${count} fills at ${price} on average`;
}

function tradedLine({ symbol, side, quantity, count }: Traded, amount: string): string {
  return `${side === "buy" ? "bought" : "sold"} ${quantity.toFixed()} ${symbol} in ${counted(count, "fill")}, ${amount} in all`;
}

/** Of the instrument's prices: the venue's own word, else that of the pair or the account; empty if not known. */
function currencyOf({ accounts }: Readonly<DeskState>, connector: ConnectorName, symbol: string): string {
  const account = accounts.get(connector);
  const ofPosition = account?.positions.get(symbol)?.currency;
  const currency = ofPosition ?? pairOf(symbol)?.quote ?? account?.account.currency;
  return currency === undefined ? "" : shownCurrency(currency);
}

/** The desk's finding on the fills; empty if they fit. */
function findingText({ kind, count, misfits }: BurstSummary, instrument: string): string {
  if (kind === "external") return "\nThe position follows the quantity that the venue reports. Nothing is blocked.\n";
  if (kind !== "disputed" && kind !== "overfill") return "";
  const [they, are] = count === 1 ? ["It", "is"] : ["They", "are"];
  const text =
    kind === "overfill"
      ? `${they} ${count === 1 ? "exceeds" : "exceed"} the open quantity of the order. ${they} ${are} counted, and the instrument is blocked until a person resolves it.`
      : `${they} ${count === 1 ? "contradicts its" : "contradict their"} order (${[...misfits].join(", ")}). ${they} ${are} not counted, and the instrument is blocked until a comparison agrees or a person resolves it.`;
  return `\n${text} Compare with the venue's own page, then \`qoc resolve ${quoteForShell(instrument)} -m "what you saw"\`.\n`;
}

function latestText({ count, latest }: BurstSummary): string {
  if (count === 1) return "";
  const title = count > latest.length ? `The last ${latest.length} of ${count}` : "All";
  return `\n${title}:\n${listOf(latest.map(lineOf))}`;
}

function listOf(lines: readonly string[]): string {
  return `\n${lines.map((line) => `- ${escapeInvisible(line)}\n`).join("")}`;
}

/** In titles: while an instrument is blocked for it, and from then on. */
export const DISAGREE = "positions disagree";
export const DISAGREED = "positions disagreed";

function flagItem(
  summary: BurstSummary,
  { connector, symbol, expected, actual }: InstrumentFlagged,
  { flagged }: Pick<DeskState, "flagged">,
): HostItem {
  const { count, first } = summary;
  const isFlagged = summary.latest.some(
    ({ event }) => event.type === "instrument.flagged" && flagged.has(instrumentKey(connector, event.symbol)),
  );
  const words = isFlagged ? DISAGREE : DISAGREED;
  const title = count === 1 ? `${connector}/${symbol}: ${words}` : `${connector}: ${count} ${words}`;
  const lead = count === 1 ? `Our fills sum to ${expected}, the venue reports ${actual}.` : latestText(summary).trim();
  const advice = `Compare with the venue's own page, then \`qoc resolve ${quoteForShell(`${connector}/${symbol}`)} -m "what you saw"\`.`;
  const split = count === 1 ? splitAdvice({ connector, symbol, expected, actual }) : "";
  return alertItem("position", title, { first, text: `${lead}${count === 1 ? " " : "\n\n"}${advice}${split}` });
}

/** The command for a difference that a split explains; "" for another. */
function splitAdvice({ connector, symbol, expected, actual }: Omit<InstrumentFlagged, "type">): string {
  const ratio = smallRatioText(decimal(expected), decimal(actual));
  if (ratio === undefined) return "";
  const command = `qoc resolve ${quoteForShell(`${connector}/${symbol}`)} --split ${ratio} -m "what you saw"`;
  return ` If it was split, \`${command}\` keeps its cost.`;
}

function conflictItem(summary: BurstSummary, { connector, fill }: FillConflicted): HostItem {
  const { count, first } = summary;
  const title =
    count === 1
      ? `Fill ${fill.fillId} came twice with different content`
      : `${count} fills of ${connector} came again with different content`;
  const advice = "The first content stays. Compare it with the venue's own page.";
  return alertItem("fill", title, { first, text: `${advice}\n${latestText(summary)}`.trimEnd() });
}

function alertItem(
  topic: string,
  title: string,
  { first: { at, seq }, text }: { readonly first: Recorded; readonly text: string },
): HostItem {
  return {
    name: `${iso(at).slice(0, 10)}-alert-${topic}-${seq}`,
    frontmatter: { kind: "alert", status: "new", title, at: iso(at) },
    body: `## ${escapeInvisible(title)}\n\n${escapeInvisibleInText(text)}\n`,
  };
}
