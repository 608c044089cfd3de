/** Compares a journal with the signed heads that are kept outside it, and words what it lacks. */
import { SIGNED_FORMAT } from "../../domain/authority/authority.ts";
import type { JournalHead } from "../../domain/authority/authority.ts";
import { type GapKind, type GapRange, type SignedHead, gapLabel } from "../../domain/authority/journal-head.ts";
import { iso } from "../../lib/time.ts";
import type { Anchor } from "./head-anchor.ts";

/** The signed heads of a desk on this machine. */
export interface KnownHeads {
  /** The place of the desk's folder: its machine and its journal folder. */
  readonly place: string;
  readonly anchors: readonly Anchor[];
  /** The head that the newest commit of the file history names. */
  readonly history: SignedHead | undefined;
}

/** A journal as far as the comparison needs it. */
export interface ComparedJournal {
  readonly head: JournalHead;
  /** The time of its newest record, ms; null without records. */
  readonly lastAt: number | null;
  readonly format: number;
  /** The place of its last start; "" if it was never started. */
  readonly place: string;
  /** The hash of a record; undefined if the journal ends before it. */
  hashAt(seq: number): string | undefined;
  /** Hashes of heads that the journal lacks, as a human accepted. */
  readonly lostHeads: ReadonlySet<string>;
}

/**
 * What the journal lacks; undefined: nothing that is known.
 *
 * At the place of its last start a journal is compared with the anchor of that place. At another place it is a copy, or
 * an older state of the desk: then it must contain the anchors of all places. In both cases it must contain the head
 * that the file history names.
 */
export function findGap({ place, anchors, history }: KnownHeads, journal: ComparedJournal): GapRange | undefined {
  const own = anchors.filter((anchor) => anchor.place === place);
  const isAtItsPlace = journal.place === place;
  const compared = isAtItsPlace ? own : anchors;
  const heads = [...compared.map(({ head }) => head), history]
    .filter((head) => head !== undefined)
    .filter(({ hash }) => !journal.lostHeads.has(hash));
  const isHeld = ({ seq, hash }: SignedHead): boolean => journal.hashAt(seq) === hash;
  const lost = heads.filter((head) => !isHeld(head)).toSorted((a, b) => a.seq - b.seq);
  const newest = lost.at(-1);
  if (newest === undefined) {
    if (compared.some(({ head }) => head === undefined)) return openGap("damaged", journal);
    const isUnanchored = isAtItsPlace && own.length === 0 && journal.format >= SIGNED_FORMAT;
    return isUnanchored ? openGap("unanchored", journal) : undefined;
  }
  const isBehind = lost.every(({ seq }) => seq > journal.head.seq);
  // The records up to the newest head that the journal has are those that the desk wrote.
  const held = heads.filter(isHeld).reduce((most, { seq }) => Math.max(most, seq), 0);
  return {
    kind: isBehind ? "behind" : "changed",
    fromSeq: isBehind ? journal.head.seq + 1 : held + 1,
    toSeq: newest.seq,
    fromAt: journal.lastAt,
    toAt: newest.at,
    heads: [...new Map(lost.map(({ seq, hash }) => [hash, { seq, hash }])).values()],
  };
}

/** Nothing is known of what the journal may have lost. */
function openGap(kind: GapKind, { head, lastAt }: ComparedJournal): GapRange {
  return { kind, fromSeq: head.seq + 1, toSeq: null, fromAt: lastAt, toAt: null, heads: [] };
}

/** The code of a gap in the report of `qoc journal verify`, and of the error of a desk that is read-only for it. */
export const GAP_CODES = {
  behind: "JOURNAL_BEHIND",
  changed: "JOURNAL_CHANGED",
  unanchored: "ANCHOR_MISSING",
  damaged: "ANCHOR_INVALID",
} as const satisfies Record<GapKind, string>;

/** One sentence about a gap. */
export function describeGap({ kind, fromSeq, toSeq, fromAt, toAt }: GapRange): string {
  const from = fromAt === null ? "" : ` (${iso(fromAt)})`;
  const to = toAt === null ? "" : ` of ${iso(toAt)}`;
  switch (kind) {
    case "behind":
      return fromSeq === 1
        ? `the journal is empty, and this desk signed record ${toSeq}${to}`
        : `the journal ends with record ${fromSeq - 1}${from}, and this desk signed record ${toSeq}${to}`;
    case "changed":
      return `records ${gapLabel({ fromSeq, toSeq })} are not those that this desk signed${to}`;
    case "unanchored":
      return `the anchor of this folder is missing, so records after ${fromSeq - 1}${from} may be lost`;
    case "damaged":
      return `an anchor is damaged or not signed by the host's key, so records after ${fromSeq - 1}${from} may be lost`;
  }
}
