/** Approval at a terminal: the person reads the whole review, and approves the digest of that review. */
import { describe, flagWords } from "../../domain/orders/order.ts";
import type { OrderSummary } from "../../domain/orders/order-view.ts";
import type { Review, ReviewedOrder, TargetView } from "../../domain/orders/review-view.ts";
import { decimal } from "../../domain/decimal.ts";
import { QocError } from "../../domain/errors/error.ts";
import { refusalDetails } from "../../trading/orders/guard-refusal.ts";
import { reviewDigest } from "../../trading/orders/review.ts";
import { type CommandSession, type Prompter, usageError } from "../command.ts";
import { amountText } from "../rendering/money.ts";
import { renderOrder } from "../rendering/order.ts";
import { callSigned, signIntent } from "../signed-call.ts";
import { oneLine } from "../rendering/terminal-text.ts";

type ApprovalInput = Readonly<Record<string, unknown>>;

/** The receipt; undefined if the person did not approve. @throws any error of the desk. */
export async function approveInteractively(session: CommandSession, input: ApprovalInput): Promise<unknown> {
  const { prompter } = session;
  if (input["all"] === true) throw new QocError("NO_BULK_APPROVAL");
  if (input["id"] === undefined) throw usageError("approve", await missingId(session));
  if (prompter === undefined || input["digest"] !== undefined) return approveByDigest(session, input);
  return approveReviewed(session, prompter, await displayOrder(session, input["id"]));
}

const WAITING_NAMED_MAX = 5;

/** Names the proposals that wait, the newest last, if the desk can be asked. */
async function missingId(session: CommandSession): Promise<string> {
  const missing = "ID|FILE is missing: the one order to approve";
  try {
    const waiting = (await session.call("orders list", { state: "proposed" })) as readonly OrderSummary[];
    const named = waiting.slice(-WAITING_NAMED_MAX).map(({ id, terms }) => `${id} (${describe(terms)})`);
    const left = waiting.length - named.length;
    const names = [...(left === 0 ? [] : [`${left} more`]), ...named].join(", ");
    return `${missing}; ${waiting.length === 0 ? "no proposal waits" : `waiting: ${oneLine(names)}`}`;
  } catch {
    return missing;
  }
}

/** Journals the review of one order, prints the order for the person to read, and returns it. */
export async function displayOrder(session: CommandSession, id: unknown): Promise<ReviewedOrder> {
  const order = (await session.call("approve", { id, review: true })) as ReviewedOrder;
  session.display((style) => [...renderOrder(order, style), ""]);
  return order;
}

/**
 * Asks about an order that is on the screen, and sends the digest of its review: the file may have been edited since,
 * and the person approves only what they read.
 */
export async function approveReviewed(
  session: CommandSession,
  prompter: Prompter,
  order: ReviewedOrder,
): Promise<unknown> {
  const { id, digest, review, signing } = order;
  // An order that is no proposal any more has no review; the desk refuses it with its own message.
  if (review === null || review === undefined || signing === undefined) return approveByDigest(session, { id, digest });
  const refusal = refusalOf(order);
  if (refusal !== undefined) throw refusal;
  if (!(await confirmReview(prompter, review))) {
    session.progress.line("not approved; nothing was sent");
    return undefined;
  }
  // Of what is on the screen: the desk may have sent another digest.
  const { mode } = review;
  const intent = { action: "approve", id, mode, digest: review.digest, shown: reviewDigest(review) } as const;
  const authority = await signIntent(session, signing, intent);
  return session.call("approve", { id, digest: review.digest, shown: intent.shown, authority });
}

/** Approves the digest that the caller gave: the desk makes the review of this moment, and the client signs. */
function approveByDigest(session: CommandSession, input: ApprovalInput): Promise<unknown> {
  const [id, digest] = [String(input["id"] ?? ""), String(input["digest"] ?? "")];
  const intent = { action: "approve", id, digest } as const;
  return callSigned(session, { command: "approve", input, intent });
}

/** One question: the order in one sentence, and the word to type. Any other answer sends nothing. */
async function confirmReview(prompter: Prompter, review: Review): Promise<boolean> {
  const { question, word } = approvalQuestion(review);
  return (await prompter.text(question)).toLowerCase() === word.toLowerCase();
}

export function approvalQuestion(review: Review): { readonly question: string; readonly word: string } {
  const { mode, notional, currency, typedAbove, terms, target } = review;
  if (target?.kind === "cancel") return cancelQuestion(review, target);
  const isLarge = notional === null || decimal(notional).abs().gt(decimal(typedAbove));
  const threshold = amountText(typedAbove, currency);
  const [word, rule] =
    mode !== "paper"
      ? [terms.symbol, ""]
      : isLarge
        ? [terms.symbol, ` (above ${threshold})`]
        : ["y", ` (the symbol above ${threshold})`];
  const question = `${orderSentence(review)}. Type ${oneLine(word)} to send${rule}, Enter for no`;
  return { question, word };
}

/** A cancel is asked about like its order, without a threshold: it cannot cost more than the order. */
function cancelQuestion({ mode, terms }: Review, target: TargetView) {
  const word = mode === "paper" ? "y" : terms.symbol;
  const sentence = `${MODE_WORDS[mode]}: CANCEL ${target.id}, ${target.leaves} left of ${target.sentence}`;
  return { question: `${oneLine(sentence)}. Type ${oneLine(word)} to send the cancel, Enter for no`, word };
}

const MODE_WORDS = { paper: "PAPER", live: "LIVE MONEY", unstated: "PERHAPS LIVE MONEY" } as const;

/** "PAPER: BUY 9 SPX at market (worst 3,287.21), about 29,584.89 USD, day, at paper". */
function orderSentence({ mode, terms, notional, currency, target }: Review): string {
  const { side, quantity, symbol, type, limitPrice, stopPrice, protectionPrice, timeInForce, connector } = terms;
  const price = [
    type === "market" ? "at market" : "",
    stopPrice === undefined ? "" : `stop ${amountText(stopPrice, "")}`,
    limitPrice === undefined ? "" : `limit ${amountText(limitPrice, "")}`,
    protectionPrice === undefined ? "" : `(worst ${amountText(protectionPrice, "")})`,
  ].filter((part) => part !== "");
  const worth = notional === null ? "of unknown worth" : `about ${amountText(notional, currency)}`;
  const order = `${side.toUpperCase()} ${quantity} ${symbol} ${price.join(" ")}`;
  const lead = target === undefined ? "" : `REPLACE ${target.id} by `;
  const rules = [timeInForce, ...flagWords(terms)].join(", ");
  return oneLine(`${MODE_WORDS[mode]}: ${lead}${order}, ${worth}, ${rules}, at ${connector}`);
}

/** A guard blocks the order, or the desk approves nothing now: the person is not asked. */
export function refusalOf(order: ReviewedOrder): QocError | undefined {
  const { refusal, review } = order;
  if (refusal !== undefined) return new QocError(refusal.code, refusal.details);
  const blocks = (review?.checks ?? []).filter(({ decision }) => decision === "block");
  return blocks.length === 0 ? undefined : new QocError("GUARD_BLOCKED", refusalDetails(order, blocks));
}
