/**
 * What a human reads while they decide on one proposal, and what has changed since. Pure: the same answers of the desk
 * in the same order give the same state.
 */
import type { Review, ReviewedOrder } from "../../domain/orders/review-view.ts";

/** An order that waits for a decision, with its review. */
export type Proposal = ReviewedOrder & { readonly review: Review };

export interface ReviewReading {
  /** The proposal on the screen. Its terms change only when the human asks for it. */
  readonly shown: Proposal;
  /** When the desk was asked for the review on the screen, ms. */
  readonly askedAt: number;
  /** The newest version, if its terms are not those on the screen. */
  readonly changed?: Proposal | undefined;
  /** The author's words when the reading began, if they are other words now. */
  readonly earlierWords?: string | undefined;
  /** When the words or the terms changed, ms. */
  readonly changedAt?: number | undefined;
  /** It was decided elsewhere, or its file is gone. */
  readonly ended?: ReviewedOrder | undefined;
}

export function isProposal(order: ReviewedOrder): order is Proposal {
  return order.state === "proposed" && order.review !== null && order.review !== undefined;
}

/** The reading begins, or begins again with the newest terms. */
export function begin(shown: Proposal, askedAt: number): ReviewReading {
  return { shown, askedAt };
}

/** Takes a newer answer. It never replaces terms or words that are being read. */
export function takeAnswer(reading: ReviewReading, order: ReviewedOrder, askedAt: number): ReviewReading {
  if (order.id !== reading.shown.id || reading.ended !== undefined) return reading;
  if (!isProposal(order)) return { ...reading, ended: order, changedAt: askedAt };
  if (order.digest !== reading.shown.digest)
    return { ...reading, changed: order, changedAt: reading.changedAt ?? askedAt };
  const [before, now] = [wordsOf(reading.shown), wordsOf(order)];
  const isReworded = before !== now;
  return {
    ...reading,
    shown: order,
    askedAt,
    changed: undefined,
    earlierWords: isReworded ? (reading.earlierWords ?? before) : reading.earlierWords,
    changedAt: isReworded ? askedAt : reading.changed === undefined ? reading.changedAt : undefined,
  };
}

/** Everything that the author wrote: rationale and sources. */
export function wordsOf({ review }: Proposal): string {
  const { untrusted, sources, researchRef } = review;
  return [untrusted.rationale?.text ?? "", ...(researchRef === null ? [] : [researchRef]), ...sources].join("\n");
}

export interface TermChange {
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

const TERM_WORDS: Readonly<Record<string, string>> = {
  limitPrice: "limit price",
  stopPrice: "stop price",
  timeInForce: "time in force",
  positionIntent: "position intent",
  postOnly: "post-only",
  protectionPrice: "protection price",
};

/** The terms that differ, in the order of the proposal. */
export function termChanges(before: Proposal, after: Proposal): readonly TermChange[] {
  const [old, now] = [termTexts(before), termTexts(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => old.get(name) !== now.get(name))
    .map((name) => ({
      name: TERM_WORDS[name] ?? name,
      before: old.get(name) ?? "none",
      after: now.get(name) ?? "none",
    }));
}

function termTexts({ terms }: Proposal): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(terms)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** The guards that block, in the order of desk.toml. */
export function blockingChecks({ checks }: Review): Review["checks"] {
  return checks.filter(({ decision }) => decision === "block");
}

/** Guards that block, first; within each part the order of desk.toml. */
export function sortedChecks<T extends { readonly decision: string }>(checks: readonly T[]): readonly T[] {
  return checks.toSorted((a, b) => Number(a.decision !== "block") - Number(b.decision !== "block"));
}
