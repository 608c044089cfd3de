/** One order for the person who decides on it: the terms, what the guards say, what the book would be, who wants it and why. */
import type { OrderDetail, OrderSummary, Receipt } from "../trading/order-view.ts";
import type { Review } from "../trading/review.ts";
import type { Untrusted } from "../domain/untrusted.ts";
import { clip, oneLine, quoted, widthOf, wrap } from "../commands/rendering/terminal-text.ts";
import { type Column, type OutputStyle, pad, table } from "../commands/rendering/table-text.ts";

export type ShownOrder = OrderDetail & { readonly review?: Review | null };

const INDENT = "  ";

/** Live money must not look like play money, without colour too. */
export function badge(face: OutputStyle, mode: string): string {
  return mode === "live"
    ? face.paint("inverse", " LIVE ")
    : mode === "paper"
      ? "PAPER"
      : face.paint("yellow", "MODE UNSTATED");
}

/** `orders show`: a proposal with its review, any other order with its fills and history. */
export function renderOrder(face: OutputStyle, order: ShownOrder): readonly string[] {
  if (order.review !== null && order.review !== undefined) return renderReview(face, order.review);
  const { terms } = order;
  const { reason, rationale } = order.untrusted;
  const price = [terms.stopPrice, terms.limitPrice].filter((part) => part !== undefined).join(" ");
  const what = [
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
    `${face.paint("bold", oneLine(order.id))}  ${badge(face, terms.mode)}  ${oneLine(order.state)}${flags}`,
    `${INDENT}${oneLine(what.filter((word) => word !== "").join(" "))}`,
    "",
    ...facts(face, [
      [
        "filled",
        `${order.filled} of ${terms.quantity}${order.averagePrice === null ? "" : ` at ${order.averagePrice}`}`,
      ],
      [
        "why here",
        reason === null ? null : `${order.rejectedBy === null ? "" : `${order.rejectedBy}: `}${reason.text}`,
      ],
      ["resolved by", order.resolvedBy],
      ["our id", order.clientOrderId],
      ["venue's id", order.venueOrderId],
      ["file", order.path],
      ["digest", order.digest],
      ["proposed", `${order.proposedAt} by ${order.proposedBy ?? UNKNOWN_ACTOR}`],
      ["issue", order.issue],
      ["odd names", order.untrusted.names?.text ?? null],
      ...order.approvals.map(({ at, by, channel }): [string, string] => ["approved", `${at} by ${by} (${channel})`]),
    ]),
    "",
    ...section(
      face,
      "fills",
      order.fills.map((fill) => fillLine(fill)),
    ),
    ...section(face, "history", table({ ...face, columns: face.columns - 2 }, HISTORY, order.history)),
    ...quotedText(face, order.proposedBy, rationale),
    ...sourcesRead(face, order.sources),
  ];
}

function fillLine(fill: OrderDetail["fills"][number]): string {
  return oneLine(
    [
      `${fill.time}  ${fill.quantity} at ${fill.price}`,
      ...(fill.fee === null ? [] : [`fee ${fill.fee}`]),
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

/** All a person needs to say yes or no: what is approved is the digest in the last line. */
export function renderReview(face: OutputStyle, review: Review): readonly string[] {
  const blocked = review.checks.filter(({ decision }) => decision === "block").length;
  return [
    `${badge(face, review.mode)}  ${face.paint("bold", oneLine(review.sentence))}`,
    "",
    ...section(face, "your book", bookLines(face, review)),
    ...section(face, "market", [
      review.quote === null
        ? face.paint("yellow", "! no quote")
        : oneLine(
            `bid ${review.quote.bid}  ask ${review.quote.ask}  last ${review.quote.last ?? "-"}  at ${review.quote.at}`,
          ),
      `notional ${oneLine(review.notional ?? "unavailable")}`,
    ]),
    ...section(
      face,
      `guards: ${blocked === 0 ? "all pass" : `${blocked} of ${review.checks.length} block`}`,
      review.checks.flatMap((check) => checkLines(face, check)),
    ),
    ...review.warnings.map((warning) => face.paint("yellow", `! ${oneLine(warning)}`)),
    ...(review.warnings.length === 0 ? [] : [""]),
    ...quotedText(face, review.terms.connector, review.untrusted.problems),
    ...quotedText(face, review.proposedBy, review.untrusted.rationale),
    ...sourcesRead(face, review.sources),
    ...facts(face, [
      ["id", review.id],
      ["file", review.path],
      ["proposed", review.proposedAt],
      ["issue", review.issue],
      ["odd names", review.untrusted.names?.text ?? null],
      ["research", review.researchRef],
      ["digest", review.digest],
    ]),
  ];
}

function bookLines(face: OutputStyle, review: Review): readonly string[] {
  const show = (value: string | null): string => oneLine(value ?? "unavailable");
  const what = Math.max(...review.book.map((change) => widthOf(oneLine(change.what))));
  const before = Math.max(...review.book.map((change) => widthOf(show(change.before))));
  return review.book.map(
    (change) =>
      `${face.paint("dim", pad(oneLine(change.what), what))}  ${pad(show(change.before), before, true)} → ${show(change.after)}`,
  );
}

function checkLines(face: OutputStyle, check: Review["checks"][number]): readonly string[] {
  const isOk = check.decision === "allow";
  const [first = "", ...rest] = wrap(oneLine(`${check.guard}: ${check.message}`), face.columns - 4);
  return [`${isOk ? face.paint("green", "✓") : face.paint("red", "✗")} ${first}`, ...rest.map((line) => `  ${line}`)];
}

/** Somebody's own words: a quotation, each line marked, so that none reads as the desk's. */
function quotedText(face: OutputStyle, who: string | null, words: Untrusted | null): readonly string[] {
  return words === null
    ? []
    : section(face, `${clip(oneLine(who ?? UNKNOWN_ACTOR), 40)} says:`, quoted(words.text, face.columns - 2));
}

/** What may have swayed the author: the host's own record. */
function sourcesRead(face: OutputStyle, sources: readonly string[]): readonly string[] {
  return sources.length === 0
    ? []
    : section(face, "Read in this run:", wrap(oneLine(sources.join(", ")), face.columns - 2));
}

/** Who proposed it, where the file names nobody by a plain name. */
const UNKNOWN_ACTOR = "somebody";

function section(face: OutputStyle, title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [face.paint("dim", title), ...lines.map((line) => INDENT + line), ""];
}

function facts(
  face: OutputStyle,
  entries: readonly (readonly [name: string, value: string | null])[],
): readonly string[] {
  return entries.flatMap(([name, value]) =>
    value === null ? [] : [`${face.paint("dim", pad(name, 11))} ${oneLine(value)}`],
  );
}

const ORDERS: readonly Column<OrderSummary>[] = [
  { title: "id", cell: ({ id }) => id },
  { title: "state", cell: ({ state }) => state },
  { title: "side", cell: ({ terms }) => terms.side.toUpperCase() },
  { title: "quantity", cell: ({ terms }) => terms.quantity, isNumber: true },
  { title: "symbol", cell: ({ terms }) => terms.symbol },
  { title: "type", cell: ({ terms }) => terms.type },
  { title: "price", cell: ({ terms }) => terms.limitPrice ?? terms.stopPrice ?? "", isNumber: true },
  { title: "filled", cell: ({ filled }) => filled, isNumber: true },
  {
    title: "at",
    cell: ({ terms }) => (terms.mode === "live" ? `${terms.connector} LIVE` : terms.connector),
    shrinks: true,
  },
];
export function renderOrders(face: OutputStyle, orders: readonly OrderSummary[]): readonly string[] {
  return orders.length === 0 && face.isTty ? ["no orders"] : table(face, ORDERS, orders);
}

/** What became of an approval, a rejection, a cancel. */
export function renderReceipt(face: OutputStyle, receipt: Receipt): readonly string[] {
  return face.isTty
    ? [receiptSentence(face, receipt)]
    : [[receipt.id, receipt.state, receipt.clientOrderId ?? "", receipt.venueOrderId ?? ""].map(oneLine).join("\t")];
}

function receiptSentence(face: OutputStyle, { id, state, venueOrderId }: Receipt): string {
  return `${face.paint("bold", oneLine(id))} is ${oneLine(state)}${venueOrderId === null ? "" : `; the venue calls it ${oneLine(venueOrderId)}`}`;
}

interface Proposed {
  readonly id: string;
  readonly path: string;
  readonly digest: string;
  readonly verdict: {
    readonly decision: string;
    readonly reasons: readonly { readonly guard: string; readonly message: string }[];
  };
}

/** `orders propose`: where the draft stands and what the guards would say now. */
export function renderProposed(face: OutputStyle, made: Proposed): readonly string[] {
  return [
    `${face.paint("bold", oneLine(made.id))} waits in ${oneLine(made.path)}`,
    ...(made.verdict.decision === "allow"
      ? [`${face.paint("green", "✓")} the guards would pass it now`]
      : made.verdict.reasons.map(
          ({ guard, message }) => `${face.paint("red", "✗")} ${oneLine(`${guard}: ${message}`)}`,
        )),
    `${face.paint("dim", "digest")} ${oneLine(made.digest)}`,
  ];
}
