/** One order for the person who decides on it: terms, guard results, the book after it, its author and rationale. */
import type { PriceDistance, Review, ReviewedOrder } from "../../domain/orders/review-view.ts";
import type { OrderDetail } from "../../domain/orders/order-view.ts";
import type { Untrusted } from "../../domain/untrusted.ts";
import { flagWords, kindOf, targetOf } from "../../domain/orders/order.ts";
import { eventWords } from "../../domain/orders/event-words.ts";
import { reasonText } from "../../domain/orders/verdict.ts";
import { causesOf, foldedText } from "./guard-reasons.ts";
import { localClock, shownTime } from "./local-time.ts";
import { amountText, gainShade, money, sideShade } from "./money.ts";
import type { Shade } from "./paint.ts";
import { lostAdvice } from "./shown-state.ts";
import { clip, oneLine, quoted, widthOf, wrap } from "./terminal-text.ts";
import { type Column, INDENT, type OutputStyle, hanging, pad, section, table } from "./table-text.ts";
import { counted } from "../../lib/counted.ts";

/** A live order must look different from a paper order, also without colours. */
export function badge(style: OutputStyle, mode: string): string {
  return mode === "live"
    ? style.paint("inverse", " LIVE ")
    : mode === "paper"
      ? style.paint("green", "PAPER")
      : style.paint("yellow", "MODE UNSTATED");
}

/** `orders show`: a proposal with its review, any other order with its fills and history. */
export function renderOrder(order: ReviewedOrder, style: OutputStyle): readonly string[] {
  if (order.review !== null && order.review !== undefined)
    return renderReview(order.review, style, !style.isTty || order.full === true);
  const { terms } = order;
  const { reason, rationale } = order.untrusted;
  const price = [terms.stopPrice, terms.limitPrice].filter((part) => part !== undefined).join(" ");
  const target = targetOf(terms);
  const action =
    target === undefined ? "" : `${kindOf(terms)} ${oneLine(target.id)}${kindOf(terms) === "cancel" ? ":" : " by"} `;
  const termWords = [
    terms.quantity,
    terms.symbol,
    terms.type,
    price,
    terms.timeInForce,
    ...flagWords(terms),
    "at",
    terms.connector,
  ];
  const flags = order.flags.length === 0 ? "" : ` (${oneLine(order.flags.join(", "))})`;
  return [
    `${style.paint("bold", oneLine(order.id))}  ${badge(style, terms.mode)}  ${oneLine(order.state)}${flags}`,
    `${INDENT}${action}${style.paint(sideShade(terms.side), terms.side.toUpperCase())} ${oneLine(termWords.filter((word) => word !== "").join(" "))}`,
    "",
    ...namedLines(style, [
      [
        "filled",
        kindOf(terms) === "cancel"
          ? null
          : `${order.filled} of ${terms.quantity}${order.averagePrice === null ? "" : ` at ${order.averagePrice}`}`,
      ],
      [
        "disputed",
        order.disputed === undefined
          ? null
          : `${order.disputed} in fills that contradict the order and do not count: qoc fills list`,
      ],
      ["lost", lostAdvice(order) ?? null],
      ["reason", reason === null ? null : `${order.rejectedBy === null ? "" : `${order.rejectedBy}: `}${reason.text}`],
      ["resolved by", order.resolvedBy === null ? null : resolvedText(order.resolvedBy, order.untrusted.resolveNote)],
      ["client order id", order.clientOrderId],
      ["venue order id", order.venueOrderId],
      ["file", order.path],
      ["digest", order.digest],
      ["proposed", `${shownTime(style, order.proposedAt)} by ${order.proposedBy ?? UNKNOWN_ACTOR}`],
      ["issue", order.issue],
      ["unusual names", order.untrusted.names?.text ?? null],
      ...order.approvals.map(({ at, by, channel }): [string, string] => [
        "approved",
        `${shownTime(style, at)} by ${by} (${channel})`,
      ]),
    ]),
    "",
    ...section(
      style,
      order.fillCount > order.fills.length ? `fills (the newest ${order.fills.length} of ${order.fillCount})` : "fills",
      order.fills.map((fill) => fillLine(fill, style)),
    ),
    ...section(style, "history", table({ ...style, columns: style.columns - 2 }, historyColumns(style), order.history)),
    ...quotedText(style, order.proposedBy, rationale),
    ...sourcesRead(style, order.sources),
  ];
}

function resolvedText(by: string, note: Untrusted | null | undefined): string {
  return note === null || note === undefined ? by : `${by}: ${note.text}`;
}

function fillLine(fill: OrderDetail["fills"][number], style: OutputStyle): string {
  return oneLine(
    [
      `${shownTime(style, fill.time)}  ${fill.quantity} at ${fill.price}`,
      ...(fill.fee === null ? [] : [`fee ${money(fill.fee, fill.feeCurrency, style)}`]),
      ...(fill.liquidity === null ? [] : [fill.liquidity]),
      ...(fill.settlesAt === null ? [] : [`settles ${fill.settlesAt.slice(0, "2026-01-01".length)}`]),
      ...(fill.inferred ? ["inferred"] : []),
      ...(fill.busted ? ["busted"] : []),
    ].join(", "),
  );
}

function historyColumns({ isTty }: OutputStyle): readonly Column<OrderDetail["history"][number]>[] {
  return [
    { title: "at", cell: ({ at }) => at },
    { title: "state", cell: ({ state }) => state },
    { title: "event", cell: ({ event }) => (isTty ? eventWords(event) : event), shrinks: true },
  ];
}

/**
 * All that a person needs to approve or reject, in 24 rows of a terminal: blocks first, passing guards in one line, a
 * long text cut. Off a terminal, and with `--full`, everything is shown. The digest is what an approval names.
 */
function renderReview(review: Review, style: OutputStyle, isWhole: boolean): readonly string[] {
  return [
    ...wrap(oneLine(review.sentence), style.columns - 16).map((line, index) =>
      index === 0 ? `${badge(style, review.mode)}  ${style.paint("bold", line)}` : `${INDENT}${line}`,
    ),
    ...guardLines(style, review, isWhole),
    ...review.warnings.flatMap((warning) =>
      wrap(oneLine(warning), style.columns - 2).map((line, index) =>
        style.paint("yellow", `${index === 0 ? "! " : INDENT}${line}`),
      ),
    ),
    ...quotedText(style, "your comment on the rejection", review.untrusted.rejection),
    "",
    ...targetLines(style, review),
    ...figureLines(style, review),
    "",
    ...quotedText(style, review.terms.connector, review.untrusted.market),
    ...quotedText(
      style,
      review.terms.connector,
      cut(review.untrusted.problems, style, isWhole ? undefined : review.id),
    ),
    ...quotedText(style, review.proposedBy, cut(review.untrusted.rationale, style, isWhole ? undefined : review.id)),
    ...(isWhole ? sourcesRead(style, review.sources) : []),
    ...namedLines(style, [
      ["file", review.path],
      ["proposed", shownTime(style, review.proposedAt)],
      ["issue", review.issue],
      ["venue", review.venue],
      ["unusual names", review.untrusted.names?.text ?? null],
      ["research", review.researchRef],
      ["digest", review.digest],
    ]),
  ];
}

function guardLines(style: OutputStyle, review: Review, isWhole: boolean): readonly string[] {
  const blocking = review.checks.filter(({ decision }) => decision === "block");
  const { shown: blocks, folded: following } = isWhole ? { shown: blocking, folded: 0 } : causesOf(blocking);
  const passes = review.checks.filter(({ decision }) => decision !== "block");
  const noun = passes.length === 1 ? "guard passes" : "guards pass";
  const folded = `${style.paint("green", "✓")} ${passes.length} ${blocks.length === 0 ? "" : "other "}${noun}`;
  return [
    ...blocks.flatMap((check) => checkLines(style, check)),
    ...foldedText(following).map((text) => `${style.paint("red", "✗")} ${text}`),
    ...(isWhole ? passes.flatMap((check) => checkLines(style, check)) : passes.length === 0 ? [] : [folded]),
  ];
}

function validAsOf({ asOf }: NonNullable<Review["quote"]>, style: OutputStyle): string {
  return asOf === undefined ? "" : `, still valid as of ${shownTime(style, asOf)}`;
}

/** The order that a cancel or a replacement names. */
function targetLines(style: OutputStyle, { target }: Review): readonly string[] {
  if (target === undefined) return [];
  const { id, kind, state, sentence, filled, quantity, leaves } = target;
  // The first line of a cancel has the order's sentence already.
  const order = kind === "cancel" ? "" : `: ${sentence}`;
  const words = `${id} is ${state}${order}; ${filled} of ${quantity} filled, ${leaves} left`;
  return wrap(oneLine(words), style.columns);
}

/** null is not shown. */
type FigureRow = readonly [name: string, value: string | null, shade?: Shade | undefined];

/** Amounts of the order, its prices against the market, and the book before and after it. */
function figureLines(style: OutputStyle, review: Review): readonly string[] {
  const { quote, realized } = review;
  const market =
    quote === null
      ? style.paint("yellow", "! no quote")
      : oneLine(
          `bid ${quote.bid}  ask ${quote.ask}  last ${quote.last ?? "-"}  at ${shownTime(style, quote.at)}${validAsOf(quote, style)}`,
        );
  const amounts: FigureRow[] = [
    ["notional", review.notional === null ? "unavailable" : amountText(review.notional, review.currency)],
    ...review.prices.map((distance): [string, string] => [distance.what, distanceText(distance, review, style)]),
    [
      "realized P&L",
      realized === null
        ? null
        : `about ${amountText(realized.amount, realized.unit)} at ${amountText(realized.price, "")}`,
      gainShade(realized?.amount ?? null),
    ],
  ];
  const book = review.book.map((change): FigureRow => [change.what, changeText(change)]);
  const isCancel = review.target?.kind === "cancel";
  const rows = isCancel ? book : [...amounts, ...book];
  const shown = rows.flatMap(([name, value, shade]) => (value === null ? [] : [{ name, value, shade }]));
  const width = Math.max(6, ...shown.map(({ name }) => widthOf(oneLine(name))));
  const lines = (name: string, value: string, shade?: Shade): readonly string[] =>
    hanging(value, style.isTty ? style.columns - width - 2 : Infinity).map((part, index) => {
      const painted = shade === undefined ? part : style.paint(shade, part);
      return `${index === 0 ? style.paint("dim", pad(oneLine(name), width)) : " ".repeat(width)}  ${painted}`;
    });
  return [
    ...(isCancel ? [] : lines("market", market)),
    ...shown.flatMap(({ name, value, shade }) => lines(name, oneLine(value), shade)),
  ];
}

function distanceText(
  { what, price, side, market, percent }: PriceDistance,
  { repriced }: Review,
  style: OutputStyle,
): string {
  const isBelow = percent.startsWith("-");
  const size = isBelow ? percent.slice(1) : percent;
  const where = size === "0" ? `is the ${side}` : `${size} % ${isBelow ? "below" : "above"} the ${side} ${market}`;
  const again =
    what === "protection price" && repriced !== null
      ? `; re-priced ${style.isTty ? localClock(repriced.at) : repriced.at}, was ${repriced.from}`
      : "";
  return `${price}, ${where}${again}`;
}

function changeText({ before, after, unit }: Review["book"][number]): string {
  const show = (value: string | null): string =>
    value === null ? "unavailable" : unit === "" ? value : unit === "%" ? `${value} %` : amountText(value, unit);
  return `${show(before)} → ${show(after)}`;
}

const TEXT_LINES_MAX = 3;

/** The first lines of a text, and the command that shows all of it; `id` undefined: all of it. */
function cut(text: Untrusted | null, style: OutputStyle, id: string | undefined): Quotation | null {
  if (text === null || id === undefined) return text;
  const lines = quoted(text.text, style.columns - 2);
  if (lines.length <= TEXT_LINES_MAX + 1) return text;
  const shown = lines.slice(0, TEXT_LINES_MAX);
  return {
    lines: [...shown, `… ${counted(lines.length - shown.length, "more line")}: qoc orders show ${oneLine(id)} --full`],
  };
}

function checkLines(style: OutputStyle, check: Review["checks"][number]): readonly string[] {
  const isOk = check.decision === "allow";
  const [first = "", ...continuation] = wrap(oneLine(reasonText(check)), style.columns - 4);
  return [
    `${isOk ? style.paint("green", "✓") : style.paint("red", "✗")} ${first}`,
    ...continuation.map((line) => `  ${line}`),
  ];
}

/** A text of others, or its lines as they are shown. */
type Quotation = Untrusted | { readonly lines: readonly string[] };

/** The text of an author or a venue as a quotation. */
function quotedText(style: OutputStyle, author: string | null, text: Quotation | null | undefined): readonly string[] {
  // A desk of an earlier version sends fewer texts.
  if (text === null || text === undefined) return [];
  const lines = "lines" in text ? text.lines : quoted(text.text, style.columns - 2);
  return section(style, `${clip(oneLine(author ?? UNKNOWN_ACTOR), 40)} says:`, lines);
}

/** The sources that the author had read, by the host's own record. */
function sourcesRead(style: OutputStyle, sources: readonly string[]): readonly string[] {
  return sources.length === 0
    ? []
    : section(style, "Read in this run:", wrap(oneLine(sources.join(", ")), style.columns - 2));
}

/** Shown if the file names no author by a plain name. */
const UNKNOWN_ACTOR = "somebody";

const NAME_WIDTH = 11;

function namedLines(
  style: OutputStyle,
  entries: readonly (readonly [name: string, value: string | null])[],
): readonly string[] {
  return entries.flatMap(([name, value]) => {
    if (value === null) return [];
    const text = oneLine(value);
    const isLong = NAME_WIDTH + 1 + widthOf(text) > style.columns && !text.includes(" ");
    if (isLong || !style.isTty) return [`${style.paint("dim", isLong ? name : pad(name, NAME_WIDTH))} ${text}`];
    return hanging(text, style.columns - NAME_WIDTH - 1).map(
      (part, index) => `${index === 0 ? style.paint("dim", pad(name, NAME_WIDTH)) : " ".repeat(NAME_WIDTH)} ${part}`,
    );
  });
}
