/** Whether the approve button is on, and the sentence below it. */
import { compareAmounts, withUnit } from "../amounts.ts";
import type { Review } from "../../domain/orders/review-view.ts";
import { type Proposal, type ReviewReading, blockingChecks } from "./review-state.ts";

export interface Moment {
  readonly reading: ReviewReading;
  readonly isLive: boolean;
  readonly trading: string;
  readonly readOnly: string | null;
  /** Nothing on the screen has moved for a moment. */
  readonly isSettled: boolean;
  readonly isSending: boolean;
  readonly typed: string;
  /** How old the review on the screen is, ms. */
  readonly age: number;
  /** What the desk answered to the last attempt; "" if nothing was tried. */
  readonly answered: string;
}

export interface Permission {
  readonly isOn: boolean;
  readonly sentence: string;
}

/** A review that is older is read again before it can be approved. */
export const REVIEW_AGE_MS = 30_000;

function off(sentence: string): Permission {
  return { isOn: false, sentence };
}

/** The symbol must be typed: real money, or worth more than the threshold of desk.toml, or of unknown worth. */
export function mustType({ mode, notional, typedAbove, target }: Review): boolean {
  if (mode !== "paper") return true;
  if (target?.kind === "cancel") return false;
  return notional === null || compareAmounts(notional.replace("-", ""), typedAbove) > 0;
}

/** Real money and no passkey: the page cannot approve it, and has neither field nor button for that. */
export function needsTerminal({ review, passkey }: Pick<Proposal, "review" | "passkey">): boolean {
  return review.mode !== "paper" && passkey === undefined;
}

export function permission(moment: Moment): Permission {
  const { reading, isLive, isSettled, isSending, typed, age } = moment;
  const { review, digest, id } = reading.shown;
  const refusal = refusalOf(moment);
  if (refusal !== undefined) return off(refusal);
  if (needsTerminal(reading.shown))
    return off(`Live orders are approved in a terminal: qoc approve ${id} --digest ${digest}`);
  if (mustType(review) && typed.trim().toUpperCase() !== review.terms.symbol.toUpperCase())
    return off(typeSentence(review));
  if (!isLive || age > REVIEW_AGE_MS) return off("Reading the review again…");
  if (isSending) return off("Sent to the desk. Waiting for the venue…");
  if (!isSettled) return off("One moment: this page has just changed, or come to the front.");
  const what = review.target?.kind === "cancel" ? "Cancels" : "Approves";
  const how = reading.shown.passkey !== undefined ? ", with your passkey" : "";
  const { connector } = review.terms;
  return { isOn: true, sentence: `${what} ${id}, digest ${shortDigest(digest)}, at ${connector}${how}.` };
}

function refusalOf({ reading, isLive, trading, readOnly, isSending, answered }: Moment): string | undefined {
  const { shown, changed, ended } = reading;
  if (isSending) return "Sent to the desk. Waiting for the venue…";
  if (ended !== undefined) return `This order is ${ended.state.replaceAll("_", " ")}.`;
  if (!isLive) return "The connection to the desk is lost. What you see may be old, and nothing can be decided.";
  if (readOnly !== null) return `The desk is read-only: ${readOnly}.`;
  if (changed !== undefined) return "The terms changed while you were reading. Read the new ones first.";
  if (answered !== "") return answered;
  if (trading === "halted" && shown.review.target?.kind !== "cancel") return "Trading is halted. Resume first.";
  if (shown.refusal !== undefined) return "The guards in force are not those of desk.toml: qoc reload, in a terminal.";
  const blocks = blockingChecks(shown.review);
  const [first] = blocks;
  if (first === undefined) return undefined;
  return `${blocks.length} of ${shown.review.checks.length} guards ${blocks.length === 1 ? "blocks" : "block"}: ${first.guard}.`;
}

function typeSentence({ terms, mode, notional, currency, typedAbove }: Review): string {
  if (mode !== "paper") return `Type ${terms.symbol} to approve: it is not a paper order.`;
  if (notional === null) return `Type ${terms.symbol} to approve: what it is worth is not known.`;
  const [worth, limit] = [withUnit(notional, currency), withUnit(typedAbove, currency)];
  return `Type ${terms.symbol} to approve: ${worth} is more than ${limit}.`;
}

export function shortDigest(digest: string): string {
  return `${digest.replace("sha256:", "").slice(0, 8)}…`;
}
