/** Approval at a terminal: the person reads the whole review, and approves the digest of that review. */
import { decimal } from "../../domain/decimal.ts";
import { QocError } from "../../domain/error.ts";
import { type Review, type ReviewedOrder, reviewDigest } from "../../trading/review.ts";
import { type CommandSession, type Prompter, usageError } from "../command.ts";
import { renderOrder } from "../rendering/order.ts";
import { callSigned, signIntent } from "../signed-call.ts";
import { oneLine } from "../rendering/terminal-text.ts";

/** Above this notional, in the account's currency, y is not enough: the person types the symbol. */
const TYPED_ABOVE = "10000";

type ApprovalInput = Readonly<Record<string, unknown>>;

/** The receipt; undefined if the person did not approve. @throws any error of the desk. */
export async function approveInteractively(session: CommandSession, input: ApprovalInput): Promise<unknown> {
  const { prompter } = session;
  if (input["all"] === true) throw new QocError("NO_BULK_APPROVAL");
  if (input["id"] === undefined) throw usageError("approve", "ID|FILE is missing: the one order to approve");
  if (prompter === undefined || input["digest"] !== undefined) return approveByDigest(session, input);
  return approveReviewed(session, prompter, await displayOrder(session, input["id"]));
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
  { id, digest, review, signing }: ReviewedOrder,
): Promise<unknown> {
  // An order that is no proposal any more has no review; the desk refuses it with its own message.
  if (review === null || review === undefined || signing === undefined) return approveByDigest(session, { id, digest });
  if (!(await confirmReview(prompter, review))) {
    session.progress.line("not approved; nothing was sent");
    return undefined;
  }
  // Of what is on the screen: the desk may have sent another digest.
  const intent = { action: "approve", digest: review.digest, shown: reviewDigest(review) } as const;
  const authority = await signIntent(session, signing, intent);
  return session.call("approve", { id, digest: review.digest, shown: intent.shown, authority });
}

/** Approves the digest that the caller gave: the desk makes the review of this moment, and the client signs. */
function approveByDigest(session: CommandSession, input: ApprovalInput): Promise<unknown> {
  const intent = { action: "approve", digest: String(input["digest"] ?? "") } as const;
  return callSigned(session, { command: "approve", input, intent });
}

async function confirmReview(prompter: Prompter, review: Review): Promise<boolean> {
  const blocked = review.decision === "block" ? "A guard blocks it, so the desk will refuse. " : "";
  const isLarge =
    review.mode !== "paper" || review.notional === null || decimal(review.notional).abs().gt(decimal(TYPED_ABOVE));
  if (!isLarge) return prompter.confirm(`${blocked}Approve and send?`);
  const { symbol } = review.terms;
  const question = `${blocked}${riskOf(review)}: type ${oneLine(symbol)} to approve and send, or press Enter to stop`;
  return (await prompter.text(question)) === symbol;
}

function riskOf({ mode, notional }: Review): string {
  if (mode === "paper") return `notional ${oneLine(notional ?? "unknown")}`;
  return mode === "live" ? "LIVE money" : "perhaps LIVE money";
}
