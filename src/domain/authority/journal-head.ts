/**
 * Signed heads of the journal. The host's key signs the newest durable record; the signed head is kept outside the
 * workspace and in each commit of the file history. A journal that lacks a signed head was cut, replaced or rewritten.
 */
import type { Authority, JournalHead } from "./authority.ts";
import { canonicalJson } from "../canonical-json.ts";
import { digestOf } from "../digest.ts";
import type { Digest } from "../ids.ts";

export interface SignedHead extends JournalHead {
  /** When the head was signed, ms. */
  readonly at: number;
  readonly epoch: number;
  /** Base64, by the host's key over {@link headText}. */
  readonly signature: string;
}

/** The text that the host's key signs. */
export function headText(desk: string, { seq, hash, at, epoch }: Omit<SignedHead, "signature">): string {
  return `qoc head 1\n${canonicalJson({ desk, seq, hash, at, epoch })}`;
}

/**
 * behind: the journal ends before a signed head. changed: it has another record at the head's number. unanchored: the
 * anchor of this desk's folder is missing. damaged: the anchor cannot be read or its signature is invalid.
 */
export const GAP_KINDS = ["behind", "changed", "unanchored", "damaged"] as const;
export type GapKind = (typeof GAP_KINDS)[number];

/** The records that a journal may have lost. */
export interface GapRange {
  readonly kind: GapKind;
  readonly fromSeq: number;
  /** null: not known. */
  readonly toSeq: number | null;
  /** The newest record before the gap, ms; null: not known. */
  readonly fromAt: number | null;
  /** When the newest signed head that the journal lacks was signed, ms; null: not known. */
  readonly toAt: number | null;
  /** The signed heads that the journal lacks. */
  readonly heads: readonly JournalHead[];
}

/**
 * A human continues a journal that lacks records which the desk once had. Trading is halted, and the records after the
 * next `desk.started` belong to a new epoch. `authority` is the signature of a resume over the reason and the range.
 */
export interface JournalGap extends GapRange {
  readonly type: "journal.gap";
  readonly reason: string;
  readonly authority: Authority;
}

/**
 * Ids that no new order may have: of proposals and order files from before a {@link JournalGap}. Their decisions may be
 * among the lost records, so none of them can be approved.
 */
export interface IdsRetired {
  readonly type: "ids.retired";
  readonly ids: readonly string[];
}

/** The range as a person types it: `101-500`, or `101-` if its end is not known. */
export function gapLabel({ fromSeq, toSeq }: Pick<GapRange, "fromSeq" | "toSeq">): string {
  return `${fromSeq}-${toSeq ?? ""}`;
}

/** What the human's signature covers as `shown`. */
export function gapDigest({ kind, fromSeq, toSeq, fromAt, toAt, heads }: GapRange): Digest {
  return digestOf(canonicalJson({ kind, fromSeq, toSeq, fromAt, toAt, heads: heads.map(pickHead) }));
}

function pickHead({ seq, hash }: JournalHead): JournalHead {
  return { seq, hash };
}
