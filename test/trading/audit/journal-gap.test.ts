/** The comparison of a journal with signed heads: every cut and every change below a known head is found. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SignedHead } from "../../../src/domain/authority/journal-head.ts";
import { type ComparedJournal, type KnownHeads, describeGap, findGap } from "../../../src/trading/audit/journal-gap.ts";

const PLACE = "a".repeat(32);
const OTHER = "b".repeat(32);

function head(seq: number, hash = `hash-${seq}`): SignedHead {
  return { seq, hash, at: seq * 1000, epoch: 1, signature: "" };
}

/** A journal of `length` records; from `forkedAt` on its records differ. */
function journal(
  length: number,
  options: Partial<ComparedJournal> & { readonly forkedAt?: number } = {},
): ComparedJournal {
  const { forkedAt = Number.POSITIVE_INFINITY, ...changes } = options;
  const hashOf = (seq: number): string => (seq >= forkedAt ? `fork-${seq}` : `hash-${seq}`);
  return {
    head: { seq: length, hash: hashOf(length) },
    lastAt: length === 0 ? null : length * 1000,
    format: 3,
    place: PLACE,
    hashAt: (seq) => (seq > length ? undefined : hashOf(seq)),
    lostHeads: new Set(),
    ...changes,
  };
}

function known(changes: Partial<KnownHeads> = {}): KnownHeads {
  return { place: PLACE, anchors: [{ place: PLACE, head: head(5) }], history: undefined, ...changes };
}

describe("a journal at its own place", () => {
  it.each([
    ["holds the anchored record as its last", known(), journal(5)],
    ["is ahead of the anchor", known(), journal(9)],
    [
      "does not hold the head of another copy",
      known({
        anchors: [
          { place: PLACE, head: head(5) },
          { place: OTHER, head: head(9, "x") },
        ],
      }),
      journal(6),
    ],
    ["has no anchor and an earlier format", known({ anchors: [] }), journal(5, { format: 2 })],
    ["is new", known({ anchors: [{ place: PLACE, head: head(0) }] }), journal(0, { place: "" })],
    ["lacks a head that a human gave up", known(), journal(3, { lostHeads: new Set(["hash-5"]) })],
  ])("has no gap if it %s", (_name, heads, compared) => {
    expect(findGap(heads, compared)).toBeUndefined();
  });

  it.each([
    ["ends before the anchor", known(), journal(3), { kind: "behind", fromSeq: 4, toSeq: 5 }],
    ["is empty", known(), journal(0, { place: "" }), { kind: "behind", fromSeq: 1, toSeq: 5 }],
    ["has another record there", known(), journal(9, { forkedAt: 4 }), { kind: "changed", fromSeq: 1, toSeq: 5 }],
    [
      "ends before the head of the history",
      known({ history: head(7) }),
      journal(6),
      { kind: "behind", fromSeq: 7, toSeq: 7 },
    ],
    [
      "was changed between two known heads",
      known({ history: head(7) }),
      journal(9, { forkedAt: 6 }),
      { kind: "changed", fromSeq: 6, toSeq: 7 },
    ],
    ["has no anchor", known({ anchors: [] }), journal(5), { kind: "unanchored", fromSeq: 6, toSeq: null }],
    [
      "has no anchor and lacks the head of the history",
      known({ anchors: [], history: head(8) }),
      journal(5),
      { kind: "behind", fromSeq: 6, toSeq: 8 },
    ],
    [
      "has a damaged anchor",
      known({ anchors: [{ place: PLACE, head: undefined }] }),
      journal(5),
      { kind: "damaged", fromSeq: 6, toSeq: null },
    ],
  ])("has a gap if it %s", (_name, heads, compared, gap) => {
    const found = findGap(heads, compared);
    expect(found).toMatchObject(gap);
    if (found !== undefined) expect(describeGap(found)).not.toContain("undefined");
  });
});

describe("a journal at another place", () => {
  const moved = known({ place: OTHER });

  it("is a copy if it holds the anchors of all places", () => {
    expect(findGap(moved, journal(5))).toBeUndefined();
    expect(findGap(moved, journal(8))).toBeUndefined();
  });

  it("is an older state if it lacks the anchor of any place", () => {
    expect(findGap(moved, journal(4))).toMatchObject({ kind: "behind", fromSeq: 5, toSeq: 5 });
    const anchors = [
      { place: PLACE, head: head(5) },
      { place: "c".repeat(32), head: head(9) },
    ];
    expect(findGap({ ...moved, anchors }, journal(5))).toMatchObject({ kind: "behind", fromSeq: 6, toSeq: 9 });
  });

  it("that states another place than its own does not escape its anchor", () => {
    const compared = journal(3, { place: "d".repeat(32) });
    expect(findGap(known(), compared)).toMatchObject({ kind: "behind" });
  });
});

describe("every journal", () => {
  it("has a gap exactly if a known head is not on its chain", () => {
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.option(fc.nat(20), { nil: undefined }),
        fc.nat(20),
        fc.option(fc.nat(20), { nil: undefined }),
        fc.boolean(),
        (length, forkedAt, anchored, inHistory, isAtItsPlace) => {
          const compared = journal(length, {
            forkedAt: forkedAt === undefined ? Number.POSITIVE_INFINITY : forkedAt + 1,
            place: isAtItsPlace ? PLACE : OTHER,
          });
          const heads = [head(anchored), ...(inHistory === undefined ? [] : [head(inHistory)])];
          const isWhole = heads.every(({ seq }) => seq <= length && (forkedAt === undefined || seq <= forkedAt));
          const gap = findGap(
            known({ anchors: [{ place: PLACE, head: head(anchored) }], history: heads[1] }),
            compared,
          );
          expect(gap === undefined).toBe(isWhole);
          if (gap === undefined) return;
          expect(gap.toSeq).toBe(
            Math.max(...heads.filter(({ seq }) => compared.hashAt(seq) !== `hash-${seq}`).map(({ seq }) => seq)),
          );
          expect(gap.fromSeq).toBeLessThanOrEqual(gap.toSeq ?? 0);
          // A human who accepts exactly this gap has no other.
          const lostHeads = new Set(gap.heads.map(({ hash }) => hash));
          expect(
            findGap(known({ anchors: [{ place: PLACE, head: head(anchored) }], history: heads[1] }), {
              ...compared,
              lostHeads,
            }),
          ).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });
});
