/** One order for the person who decides on it: terms, guard results, the book after it, its author and rationale. */
import type { Untrusted } from "../../domain/untrusted.ts";
import type { OrderDetail } from "../../trading/order-view.ts";
import type { Review, ReviewedOrder } from "../../trading/review.ts";
import { money } from "./positions.ts";
import { clip, oneLine, quoted, widthOf, wrap } from "./terminal-text.ts";
import { type Column, INDENT, type OutputStyle, pad, section, table } from "./table-text.ts";

/** A live order must look different from a paper order, also without colours. */
export function badge(style: OutputStyle, mode: string): string {
  return mode === "live"
    ? style.paint("inverse", " LIVE ")
    : mode === "paper"
      ? "PAPER"
      : style.paint("yellow", "MODE UNSTATED");
}

/** `orders show`: a proposal with its review, any other order with its fills and history. */
export function renderOrder(order: ReviewedOrder, style: OutputStyle): readonly string[] {
  if (order.review !== null && order.review !== undefined) return renderReview(order.review, style);
  const { terms } = order;
  const { reason, rationale } = order.untrusted;
  const price = [terms.stopPrice, terms.limitPrice].filter((part) => part !== undefined).join(" ");
  const termWords = [
    terms.side.toUpperCase(),
    terms.quantity,
    terms.symbol,
    terms.type,
    price,
    terms.timeInForce,
    "at",
    terms.connector,
  ];
  const flags = order.flags.length === 0 ? "" : ` (${oneLine(order.flags.join(", "))})`;
  return [
    `${style.paint("bold", oneLine(order.id))}  ${badge(style, terms.mode)}  ${oneLine(order.state)}${flags}`,
    `${INDENT}${oneLine(termWords.filter((word) => word !== "").join(" "))}`,
    "",
    ...namedLines(style, [
      [
        "filled",
        `${order.filled} of ${terms.quantity}${order.averagePrice === null ? "" : ` at ${order.averagePrice}`}`,
      ],
      ["reason", reason === null ? null : `${order.rejectedBy === null ? "" : `${order.rejectedBy}: `}${reason.text}`],
      ["resolved by", order.resolvedBy],
      ["client order id", order.clientOrderId],
      ["venue order id", order.venueOrderId],
      ["file", order.path],
      ["digest", order.digest],
      ["proposed", `${order.proposedAt} by ${order.proposedBy ?? UNKNOWN_ACTOR}`],
      ["issue", order.issue],
      ["unusual names", order.untrusted.names?.text ?? null],
      ...order.approvals.map(({ at, by, channel }): [string, string] => ["approved", `${at} by ${by} (${channel})`]),
    ]),
    "",
    ...section(
      style,
      order.fillCount > order.fills.length ? `fills (the newest ${order.fills.length} of ${order.fillCount})` : "fills",
      order.fills.map((fill) => fillLine(fill)),
    ),
    ...section(style, "history", table({ ...style, columns: style.columns - 2 }, HISTORY, order.history)),
    ...quotedText(style, order.proposedBy, rationale),
    ...sourcesRead(style, order.sources),
  ];
}

function fillLine(fill: OrderDetail["fills"][number]): string {
  return oneLine(
    [
      `${fill.time}  ${fill.quantity} at ${fill.price}`,
      ...(fill.fee === null ? [] : [`fee ${money(fill.fee, fill.feeCurrency)}`]),
      ...(fill.inferred ? ["inferred"] : []),
      ...(fill.busted ? ["busted"] : []),
    ].join(", "),
  );
}

const HISTORY: readonly Column<OrderDetail["history"][number]>[] = [
  { title: "at", cell: ({ at }) => at },
  { title: "state", cell: ({ state }) => state },
  { title: "event", cell: ({ event }) => event, shrinks: true },
];

/** All that a person needs to approve or reject. The digest in the last line is what an approval names. */
function renderReview(review: Review, style: OutputStyle): readonly string[] {
  const blocked = review.checks.filter(({ decision }) => decision === "block").length;
  return [
    `${badge(style, review.mode)}  ${style.paint("bold", oneLine(review.sentence))}`,
    "",
    ...section(style, "your book", bookLines(style, review)),
    ...section(style, "market", [
      review.quote === null
        ? style.paint("yellow", "! no quote")
        : oneLine(
            `bid ${review.quote.bid}  ask ${review.quote.ask}  last ${review.quote.last ?? "-"}  at ${review.quote.at}`,
          ),
      `notional ${oneLine(review.notional ?? "unavailable")}`,
    ]),
    ...section(
      style,
      `guards: ${blocked === 0 ? "all pass" : `${blocked} of ${review.checks.length} block`}`,
      review.checks.flatMap((check) => checkLines(style, check)),
    ),
    ...review.warnings.map((warning) => style.paint("yellow", `! ${oneLine(warning)}`)),
    ...(review.warnings.length === 0 ? [] : [""]),
    ...quotedText(style, "your comment on the rejection", review.untrusted.rejection),
    ...quotedText(style, review.terms.connector, review.untrusted.problems),
    ...quotedText(style, review.proposedBy, review.untrusted.rationale),
    ...sourcesRead(style, review.sources),
    ...namedLines(style, [
      ["id", review.id],
      ["file", review.path],
      ["proposed", review.proposedAt],
      ["issue", review.issue],
      ["unusual names", review.untrusted.names?.text ?? null],
      ["research", review.researchRef],
      ["digest", review.digest],
    ]),
  ];
}

function bookLines(style: OutputStyle, review: Review): readonly string[] {
  const show = (value: string | null): string => oneLine(value ?? "unavailable");
  const labelWidth = Math.max(...review.book.map((change) => widthOf(oneLine(change.what))));
  const beforeWidth = Math.max(...review.book.map((change) => widthOf(show(change.before))));
  return review.book.map(
    (change) =>
      `${style.paint("dim", pad(oneLine(change.what), labelWidth))}  ${pad(show(change.before), beforeWidth, true)} → ${show(change.after)}`,
  );
}

function checkLines(style: OutputStyle, check: Review["checks"][number]): readonly string[] {
  const isOk = check.decision === "allow";
  const [first = "", ...continuation] = wrap(oneLine(`${check.guard}: ${check.message}`), style.columns - 4);
  return [
    `${isOk ? style.paint("green", "✓") : style.paint("red", "✗")} ${first}`,
    ...continuation.map((line) => `  ${line}`),
  ];
}

/** The text of an author or a venue as a quotation. */
function quotedText(style: OutputStyle, author: string | null, text: Untrusted | null): readonly string[] {
  return text === null
    ? []
    : section(style, `${clip(oneLine(author ?? UNKNOWN_ACTOR), 40)} says:`, quoted(text.text, style.columns - 2));
}

/** The sources that the author had read, by the host's own record. */
function sourcesRead(style: OutputStyle, sources: readonly string[]): readonly string[] {
  return sources.length === 0
    ? []
    : section(style, "Read in this run:", wrap(oneLine(sources.join(", ")), style.columns - 2));
}

/** Shown if the file names no author by a plain name. */
const UNKNOWN_ACTOR = "somebody";

function namedLines(
  style: OutputStyle,
  entries: readonly (readonly [name: string, value: string | null])[],
): readonly string[] {
  return entries.flatMap(([name, value]) =>
    value === null ? [] : [`${style.paint("dim", pad(name, 11))} ${oneLine(value)}`],
  );
}
