/** The review of one proposal as one value; the terminal and `--json` render it. */
import type { ConfigNotice } from "../../domain/status-view.ts";
import type { Review, ReviewedOrder } from "../../domain/orders/review-view.ts";
import { type Decimal, type DecimalText, ONE, decimal, text } from "../../domain/decimal.ts";
import { canonicalJson } from "../../domain/canonical-json.ts";
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Actor, Channel } from "../../domain/event.ts";
import type { Digest } from "../../domain/ids.ts";
import { multiplierOf } from "../../domain/account/multiplier.ts";
import { describe } from "../../domain/orders/order.ts";
import type { OrderRecord } from "../../domain/orders/order-state.ts";
import { isRetired } from "../../domain/authority/lost-records.ts";
import type { PageCaller } from "../../domain/pages/page-session.ts";
import { isTwoSided, mid, quoteWords } from "../../domain/market/quote.ts";
import { type Untrusted, connectorSource, plainName, untrusted } from "../../domain/untrusted.ts";
import type { Verdict } from "../../domain/orders/verdict.ts";
import type { VenueQuote } from "../../domain/market/venue.ts";
import { foreignCurrency, orderPrice } from "../../gate/valuation.ts";
import { plainPath } from "../../workspace/path-policy.ts";
import { type SignedDecision, keyForMode } from "../keys/authority.ts";
import { type NoticeListener, changedRules, deskNotices, noticesOf } from "../config/config-notices.ts";
import type { Desk } from "../desk.ts";
import { iso } from "../../lib/time.ts";
import { equalProposals, equalSentences } from "./equal-proposals.ts";
import { evaluateProposal } from "./evaluate-proposal.ts";
import { rateTable } from "../account/exchange-rates.ts";
import type { MarketSnapshot } from "../market/market-snapshot.ts";
import { cancelChanges, targetView, targetWarnings } from "./target-view.ts";
import { detailOf, orderTexts } from "./order-view.ts";
import { orderPath } from "../projections/order-files.ts";
import { bookChanges, priceDistances, realizedEstimate } from "./review-figures.ts";

/** A review and the mid price of its quote; undefined without a two-sided quote. */
interface PricedReview {
  readonly review: Review;
  readonly mid: DecimalText | undefined;
}

/** The order and its review; journals nothing about the order. */
export async function showOrder(desk: Desk, current: Readonly<OrderRecord>): Promise<ReviewedOrder> {
  // The file may be edited while the market data is fetched: terms and digest are those of this moment throughout.
  const order = { ...current };
  const detail = detailOf(order, orderPath(order));
  // Nothing can be approved by a review of it.
  if (order.state === "proposed" && isRetired(desk.state, order.id))
    return { ...detail, flags: [...detail.flags, "retired"], review: null };
  const review = order.state === "proposed" ? (await reviewOrder(desk, order, await deskNotices(desk))).review : null;
  return { ...detail, review };
}

/** The digest of a whole review, as the client that displays the review computes it, too. */
export function reviewDigest(review: Review): Digest {
  return digestOf(canonicalJson(review));
}

interface ReviewRequest {
  readonly actor: Actor;
  readonly channel: Channel;
  /** Receives the notices about desk.toml, unless the rules have changed: then the refusal says so. */
  readonly onNotices?: NoticeListener | undefined;
  /** Absent at a terminal. */
  readonly page?: PageCaller | undefined;
}

/**
 * The order and its review for a human who decides on it at a screen. Resolves when the review is on disk.
 * @throws DESK_READ_ONLY, PROPOSE_AGAIN.
 */
export async function recordReview(
  desk: Desk,
  current: Readonly<OrderRecord>,
  { actor, channel, page, onNotices }: ReviewRequest,
): Promise<ReviewedOrder> {
  const refusal = desk.readOnly();
  if (refusal !== undefined) throw new QocError("DESK_READ_ONLY", { reason: refusal });
  const order = { ...current };
  if (order.state !== "proposed") return { ...detailOf(order, orderPath(order)), review: null };
  if (isRetired(desk.state, order.id)) throw new QocError("PROPOSE_AGAIN", { id: order.id });
  const standing = await desk.configuration.standing();
  const changed = changedRules(standing);
  const notices = noticesOf(desk, standing);
  if (changed === undefined) onNotices?.(notices);
  const rules = order.terms.cancels === undefined ? changed : undefined;
  const { review, mid: reviewedMid } = await reviewOrder(desk, order, notices);
  const shown = reviewDigest(review);
  const { id, digest } = order;
  const onDisk = desk.commit({ type: "order.reviewed", id, digest, mid: reviewedMid, shown, actor, channel });
  // The head is the record of the review.
  const signing = desk.authority.request(approvalDecision(order, shown));
  const passkey = signing.key === "live" ? desk.authority.passkeysOf(page) : undefined;
  await onDisk;
  const detail = { ...detailOf(order, orderPath(order)), review, signing, passkey };
  return rules === undefined ? detail : { ...detail, refusal: { code: rules.code, details: rules.details } };
}

/** The decision that an approval signs. */
export function approvalDecision(
  { id, digest, terms }: Readonly<OrderRecord>,
  shown: string | undefined,
): SignedDecision {
  const { mode } = terms;
  return { action: "approve", id, digest, shown: shown ?? "", mode, key: keyForMode(mode) };
}

/** The mid price of a two-sided quote, as text. */
export function midOf(quote: VenueQuote | undefined): DecimalText | undefined {
  return quote === undefined || !isTwoSided(quote) ? undefined : text(mid(quote));
}

async function reviewOrder(
  desk: Desk,
  order: Readonly<OrderRecord>,
  notices: readonly ConfigNotice[],
): Promise<PricedReview> {
  const { verdict, view } = await evaluateProposal(desk, order);
  return { review: reviewOf(desk, order, { verdict, view, notices }), mid: midOf(view.quote) };
}

function foreignPrice(
  desk: Desk,
  { terms }: Readonly<OrderRecord>,
  { instrument }: MarketSnapshot,
): string | undefined {
  const { account } = desk.state.accounts.get(terms.connector) ?? {};
  const money = { account, exchange: rateTable(desk), now: desk.clock.now() };
  const { connector, symbol } = terms;
  return foreignCurrency({ connector, symbol, instrument, ...money });
}

function reviewOf(
  desk: Desk,
  order: Readonly<OrderRecord>,
  {
    verdict,
    view,
    notices,
  }: { readonly verdict: Verdict; readonly view: MarketSnapshot; readonly notices: readonly ConfigNotice[] },
): Review {
  const { terms } = order;
  const multiplier = multiplierOf(desk.state, terms.connector, terms.symbol);
  const equal = equalProposals(desk, order);
  const foreign = foreignPrice(desk, order, view);
  const valued = orderPrice(terms, view.quote, false);
  // A price in another currency than the account's would make wrong amounts.
  const price = foreign === undefined && "value" in valued ? valued.value : undefined;
  const isForeign = foreign !== undefined;
  const figures = { state: desk.state, terms, quote: view.quote, instrument: view.instrument, price, isForeign };
  const target = targetView(desk.state, terms);
  const isCancel = terms.cancels !== undefined;
  const quantity = target?.kind === "cancel" ? target.leaves : terms.quantity;
  return {
    id: order.id,
    path: plainPath(orderPath(order)),
    sentence: `${describe(terms)} (${terms.mode})`,
    mode: terms.mode,
    digest: order.digest,
    terms,
    target,
    venue: plainName(order.venue ?? ""),
    researchRef: plainName(order.researchRef ?? ""),
    proposedBy: plainName(order.proposedBy),
    proposedAt: iso(order.proposedAt),
    issue: plainName(order.issue ?? ""),
    sources: order.sources ?? [],
    decision: verdict.decision,
    checks: verdict.checks,
    book: isCancel ? cancelChanges(desk.state, terms) : bookChanges(figures),
    prices: priceDistances(figures),
    repriced: order.repriced === undefined ? null : { at: iso(order.repriced.at), from: order.repriced.from },
    realized: isCancel ? null : realizedEstimate(figures),
    quote:
      view.quote === undefined
        ? null
        : {
            bid: view.quote.bid,
            ask: view.quote.ask,
            last: view.quote.last ?? null,
            at: iso(view.quote.at),
            asOf: view.quote.asOf === undefined ? undefined : iso(view.quote.asOf),
          },
    notional: price === undefined ? null : text(price.times(multiplier).times(decimal(quantity))),
    currency: view.instrument?.currency ?? desk.state.accounts.get(terms.connector)?.account.currency ?? "",
    typedAbove: desk.config.account.typedAbove,
    warnings: [
      ...notices.map(({ text: notice }) => notice),
      ...targetWarnings(target, terms.symbol),
      ...multiplierSentences(terms.symbol, multiplier),
      ...equalSentences(equal),
      ...warningsOf(order, view.problems.length > 0),
    ],
    untrusted: {
      ...orderTexts(order),
      rejection: equal.findLast(({ untrusted: comment }) => comment !== null)?.untrusted ?? null,
      market: fromConnector(desk, order, view.quote === undefined ? undefined : quoteWords(view.quote)),
      problems: fromConnector(desk, order, view.problems.join("\n")),
    },
  };
}

function multiplierSentences(symbol: string, multiplier: Decimal): readonly string[] {
  if (multiplier.eq(ONE)) return [];
  return [`One ${symbol} stands for ${text(multiplier)} units of its price; every amount here counts them.`];
}

function fromConnector({ clock }: Desk, { terms }: Readonly<OrderRecord>, words = ""): Untrusted | null {
  return words === "" ? null : untrusted(connectorSource(terms.connector), clock.now(), words);
}

function warningsOf(order: Readonly<OrderRecord>, isIncomplete: boolean): readonly string[] {
  return [
    ...(order.terms.mode === "unstated" ? ["the connector does not state whether it is paper or live"] : []),
    ...(order.rationale === "" ? ["no rationale was given"] : []),
    ...(isIncomplete ? [`connector ${order.terms.connector} did not return all data`] : []),
  ];
}
