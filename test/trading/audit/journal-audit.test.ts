/** `qoc journal verify` as a fold: what honest desks write passes, and each forgery is found with its code. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Authority } from "../../../src/domain/authority/authority.ts";
import { digestOf, digestTerms } from "../../../src/domain/digest.ts";
import type { DeskEvent, Recorded } from "../../../src/domain/event.ts";
import type { OrderId } from "../../../src/domain/ids.ts";
import type { GapRange } from "../../../src/domain/authority/journal-head.ts";
import { PROBLEMS_MAX } from "../../../src/trading/audit/journal-audit.ts";
import { amount, scenarioClientId, terms } from "../../support/journal-scenario.ts";
import { DESK_ID, KEYS, PAIRS, type SignedJournal, signedJournal } from "../../support/signed-journal.ts";

const GAP: GapRange = { kind: "behind", fromSeq: 9, toSeq: 12, fromAt: 1, toAt: 2, heads: [{ seq: 12, hash: "f" }] };

/** A desk with a paper connector and a live one. */
function desk(): SignedJournal {
  return signedJournal().desk().connector("paper", "paper").connector("broker", "live");
}

/** An order, and the approved order that is to replace it. */
function replacing(): SignedJournal {
  return desk().order("a").proposed("r", { replaces: "a", limitPrice: "99" }).reviewed("r").approved("r");
}
/** An order, and its approved cancel. */
function cancelling(): SignedJournal {
  return desk().order("a").proposed("c", { cancels: "a" }).reviewed("c").approved("c");
}

const SHOWN = digestOf("the review");
const LIVE = { connector: "broker", mode: "live" } as const;

describe("an honest journal", () => {
  it.each<[string, SignedJournal, { signatures: number; approvals: number; intents: number; heads: number }]>([
    ["a paper order", desk().order("a"), { signatures: 1, approvals: 1, intents: 1, heads: 1 }],
    [
      "an order whose review was displayed",
      desk().proposed("a").reviewed("a", SHOWN).approved("a").submitting("a"),
      { signatures: 1, approvals: 1, intents: 1, heads: 1 },
    ],
    ["a live order", desk().order("a", LIVE), { signatures: 1, approvals: 1, intents: 1, heads: 1 }],
    [
      "a halt and a resume",
      (() => {
        const journal = desk().trading("halted");
        return journal.trading("active", "by hand", journal.resumeAuthority());
      })(),
      { signatures: 1, approvals: 0, intents: 0, heads: 1 },
    ],
    [
      "an order and an instrument resolved by hand",
      desk().order("a", LIVE).resolved("a").cleared("paper", "X", "paper"),
      { signatures: 3, approvals: 1, intents: 1, heads: 3 },
    ],
    [
      "a cancel by proposal",
      desk().order("a").proposed("c", { cancels: "a" }).reviewed("c").approved("c").cancelling("a", "c"),
      { signatures: 2, approvals: 2, intents: 2, heads: 2 },
    ],
    [
      "a replacement that is sent with less than was approved",
      replacing().cancelling("a", "r").submitting("r", undefined, "6").accepted("r"),
      { signatures: 2, approvals: 2, intents: 3, heads: 2 },
    ],
    ["a fill that is resolved", desk().itemResolved(), { signatures: 1, approvals: 0, intents: 0, heads: 1 }],
    ["a split", desk().split("7"), { signatures: 1, approvals: 0, intents: 0, heads: 1 }],
    ["a withdrawal", desk().flow("paper", "paper"), { signatures: 1, approvals: 0, intents: 0, heads: 1 }],
    ["a signed gap", desk().gap(GAP), { signatures: 1, approvals: 0, intents: 0, heads: 1 }],
  ])("%s passes, and what was checked is counted", (_name, journal, counts) => {
    const { problems, formats } = journal.audit();
    expect(problems).toEqual([]);
    expect(formats).toEqual([
      { format: 3, records: journal.lines.length, pages: 0, byPage: 0, unsigned: 0, ...counts },
    ]);
  });

  it("a signed gap is stated with its range", () => {
    expect(desk().gap(GAP).audit().gaps).toMatchObject([{ seq: 8, ...GAP }]);
  });

  it("formats are counted apart, and the boundary to format 3 is signed by the host", () => {
    const journal = signedJournal().desk(2).connector("paper", "paper");
    const approval = { authority: undefined };
    journal.proposed("old").approved("old", {}, approval).submitting("old");
    journal.upgraded(2, 3).keys().order("new");
    const { problems, formats } = journal.audit();
    expect(problems).toEqual([]);
    expect(formats).toMatchObject([
      { format: 2, approvals: 1, intents: 1, signatures: 0, unsigned: 1 },
      { format: 3, approvals: 1, intents: 1, signatures: 1, unsigned: 0 },
    ]);
  });

  it("without keys nothing counts as checked", () => {
    const { formats } = desk().order("a").audit("missing");
    expect(formats).toMatchObject([{ signatures: 0, approvals: 1, intents: 1 }]);
  });
});

const ORDER = "a" as OrderId;

/** Each row: a journal with one forgery that the real writer wrote with correct hashes. */
const FORGERIES: readonly [string, string, () => SignedJournal][] = [
  ["an order with no approval", "APPROVAL_MISSING", () => desk().proposed("a").reviewed("a").submitting("a")],
  [
    "an intent with another client order id",
    "APPROVAL_MISSING",
    () => desk().proposed("a").reviewed("a").approved("a").submitting("a", scenarioClientId("b")),
  ],
  [
    "a cancel for a proposal that is not approved",
    "APPROVAL_MISSING",
    () => desk().order("a").proposed("c", { cancels: "a" }).reviewed("c").cancelling("a", "c"),
  ],
  [
    "a cancel of another order than was approved",
    "APPROVAL_MISSING",
    () => cancelling().order("b").cancelling("b", "c"),
  ],
  ["a cancel for a proposal that is a plain order", "APPROVAL_MISSING", () => desk().order("a").cancelling("a", "a")],
  ["a cancel that is sent twice", "INTENT_REPEATED", () => cancelling().cancelling("a", "c").cancelling("a", "c")],
  ["an approved cancel that is sent as an order", "APPROVAL_MISSING", () => cancelling().submitting("c")],
  [
    "an approved cancel with a client order id",
    "APPROVAL_INVALID",
    () =>
      desk()
        .order("a")
        .proposed("c", { cancels: "a" })
        .reviewed("c")
        .approved("c", {}, { clientOrderId: scenarioClientId("c") }),
  ],
  [
    "an approved order without a client order id",
    "APPROVAL_INVALID",
    () => desk().proposed("a").reviewed("a").approved("a", {}, { clientOrderId: undefined }),
  ],
  ["a replacement that is sent before the cancel", "APPROVAL_INVALID", () => replacing().submitting("r")],
  [
    "a replacement that is sent with more than was approved",
    "APPROVAL_MISSING",
    () => replacing().cancelling("a", "r").submitting("r", undefined, "11"),
  ],
  [
    "an order that is sent with less than was approved",
    "APPROVAL_MISSING",
    () => desk().proposed("a").reviewed("a").approved("a").submitting("a", undefined, "9"),
  ],
  [
    "an order accepted without an intent",
    "INTENT_MISSING",
    () => desk().proposed("a").reviewed("a").approved("a").accepted("a"),
  ],
  ["an order sent twice", "INTENT_REPEATED", () => desk().order("a").submitting("a")],
  ["an order approved twice", "APPROVED_TWICE", () => desk().order("a").reviewed("a").approved("a")],
  [
    "the same approval again",
    "SIGNATURE_STALE",
    () =>
      desk()
        .order("a")
        .rewrite((records) => [...records, ...records.filter(({ event }) => event.type === "order.approved")]),
  ],
  [
    "a client order id of another order",
    "APPROVAL_INVALID",
    () =>
      desk()
        .order("a")
        .proposed("b")
        .reviewed("b")
        .approved("b", {}, { clientOrderId: scenarioClientId("a") }),
  ],
  [
    "a live order's approval forged as paper",
    "APPROVAL_INVALID",
    () => desk().proposed("a", { connector: "broker", mode: "paper" }).reviewed("a").approved("a"),
  ],
  [
    "a live order approved with the desk key",
    "SIGNATURE_INVALID",
    () => desk().proposed("a", LIVE).reviewed("a").approved("a", { key: "desk" }),
  ],
  [
    "an unstated order approved with the desk key",
    "SIGNATURE_INVALID",
    () =>
      desk()
        .connector("other", "unstated")
        .proposed("a", { connector: "other", mode: "unstated" })
        .reviewed("a")
        .approved("a", { key: "desk" }),
  ],
  [
    "an approval without a signature",
    "SIGNATURE_MISSING",
    () => desk().proposed("a").reviewed("a").approved("a", {}, { authority: undefined }),
  ],
  [
    "other terms under the approved digest",
    "APPROVAL_INVALID",
    () =>
      desk()
        .proposed("a", { quantity: "5" })
        .reviewed("a")
        .approved("a", {}, { terms: terms({ quantity: "10" }) }),
  ],
  [
    "other terms with their own digest",
    "SIGNATURE_INVALID",
    () => {
      const forged = terms({ quantity: "10" });
      const change = { terms: forged, digest: digestTerms(forged) };
      return desk().proposed("a", { quantity: "5" }).reviewed("a").approved("a", {}, change);
    },
  ],
  ["an approval that no review came before", "APPROVAL_INVALID", () => desk().proposed("a").approved("a")],
  [
    "an approval of another display than the journaled one",
    "APPROVAL_INVALID",
    () =>
      desk()
        .proposed("a")
        .reviewed("a", SHOWN)
        .approved("a", {}, { shown: digestOf("another review") }),
  ],
  [
    "an approval of a displayed review that names another head",
    "APPROVAL_INVALID",
    () => {
      const journal = desk().proposed("a");
      const { head } = journal;
      return journal.reviewed("a", SHOWN).approved("a", { head });
    },
  ],
  [
    "an approval at a head that is not on the chain",
    "HEAD_UNKNOWN",
    () =>
      desk()
        .proposed("a")
        .reviewed("a")
        .approved("a", { head: { seq: 8, hash: "0".repeat(64) } }),
  ],
  [
    "an approval at a head after it",
    "HEAD_UNKNOWN",
    () =>
      desk()
        .proposed("a")
        .reviewed("a")
        .approved("a", { head: { seq: 400, hash: "0".repeat(64) } }),
  ],
  [
    "an approval of another epoch",
    "SIGNATURE_STALE",
    () => desk().proposed("a").reviewed("a").approved("a", { epoch: 2 }),
  ],
  [
    "an approval that had expired",
    "SIGNATURE_STALE",
    () => {
      const journal = desk().proposed("a").reviewed("a");
      return journal.approved("a", { expiresAt: journal.now - 120_000 });
    },
  ],
  [
    "an approval that never expires",
    "SIGNATURE_STALE",
    () => {
      const journal = desk().proposed("a").reviewed("a");
      return journal.approved("a", { expiresAt: journal.now + 86_400_000 });
    },
  ],
  [
    "a resume without a signature after the operator's halt",
    "SIGNATURE_MISSING",
    () => desk().trading("halted").trading("active"),
  ],
  [
    "a resume with a signature of before the halt",
    "SIGNATURE_STALE",
    () => {
      const journal = desk();
      const early = journal.resumeAuthority();
      return journal.trading("halted").trading("active", "by hand", early);
    },
  ],
  [
    "a resume with the signature of an earlier resume",
    "SIGNATURE_STALE",
    () => {
      const journal = desk().trading("halted");
      const once = journal.resumeAuthority();
      return journal.trading("active", "by hand", once).trading("halted").trading("active", "by hand", once);
    },
  ],
  [
    "a resume with another reason than was signed",
    "SIGNATURE_INVALID",
    () => {
      const journal = desk().trading("halted");
      return journal.trading("active", "forged", journal.resumeAuthority());
    },
  ],
  [
    "a resume of live orders with the desk key",
    "SIGNATURE_INVALID",
    () => {
      const journal = desk().order("a", LIVE).trading("halted");
      return journal.trading("active", "by hand", journal.resumeAuthority());
    },
  ],
  [
    "reducing after a halt without a signature",
    "SIGNATURE_MISSING",
    () => desk().trading("halted").trading("reducing"),
  ],
  ["a resolution without a signature", "SIGNATURE_MISSING", () => desk().order("a").resolved("a", { unsigned: true })],
  [
    "a resolution of a live order with the desk key",
    "SIGNATURE_INVALID",
    () => desk().order("a", LIVE).resolved("a", { key: "desk" }),
  ],
  [
    "a cleared instrument without a signature",
    "SIGNATURE_MISSING",
    () => desk().cleared("paper", "X", "paper", { unsigned: true }),
  ],
  ["a split without a signature", "SIGNATURE_MISSING", () => desk().split("7", { unsigned: true })],
  ["a split of another ratio than was signed", "SIGNATURE_INVALID", () => desk().split("70", { stated: "7" })],
  ["a new name that was not signed", "SIGNATURE_INVALID", () => desk().split("7", { newSymbol: "Y" })],
  ["a fill that is resolved without a signature", "SIGNATURE_MISSING", () => desk().itemResolved({ unsigned: true })],
  [
    "a fill that is resolved for another reason than was signed",
    "SIGNATURE_INVALID",
    () => desk().itemResolved({ stated: "other" }),
  ],
  [
    "a split at a live account with the desk key",
    "SIGNATURE_INVALID",
    () => desk().split("7", { mode: "live", key: "desk" }),
  ],
  ["a cash flow without a signature", "SIGNATURE_MISSING", () => desk().flow("paper", "paper", { unsigned: true })],
  [
    "a cash flow of a live account with the desk key",
    "SIGNATURE_INVALID",
    () => desk().order("a", LIVE).flow("broker", "live", { key: "desk" }),
  ],
  [
    "a live key of somebody else",
    "KEY_INVALID",
    () =>
      signedJournal()
        .event({ type: "desk.created", format: 3, deskId: DESK_ID })
        .event({ type: "key.changed", role: "live", publicPem: PAIRS.host.publicPem, certificate: "AA==" }),
  ],
  [
    "a key named without its certificate",
    "KEY_INVALID",
    () =>
      signedJournal()
        .event({ type: "desk.created", format: 3, deskId: DESK_ID })
        .event({ type: "key.changed", role: "live", publicPem: PAIRS.live.publicPem }),
  ],
  ["a key named twice", "KEY_INVALID", () => desk().event({ type: "key.changed", role: "desk", publicPem: KEYS.desk })],
  [
    "a boundary to format 3 without a signature",
    "SIGNATURE_MISSING",
    () =>
      signedJournal()
        .desk(2)
        .upgraded(2, 3)
        .rewrite((records) =>
          records.map((recorded) =>
            recorded.event.type === "journal.upgraded"
              ? { ...recorded, event: { ...recorded.event, signature: undefined } }
              : recorded,
          ),
        ),
  ],
  [
    "a record before the boundary that was changed",
    "SIGNATURE_INVALID",
    () => {
      const { event } = signedJournal().desk(2).trading("halted").upgraded(2, 3).lines.at(-1)?.recorded ?? {};
      const { signature } = event as { signature: string };
      const forged = signedJournal().desk(2).trading("reducing");
      const { seq: lastSeq, hash: lastHash } = forged.head;
      return forged.event({ type: "journal.upgraded", from: 2, to: 3, lastSeq, lastHash, signature });
    },
  ],
  [
    "a second creation with an earlier format",
    "FORMAT_INVALID",
    () =>
      desk()
        .event({ type: "desk.created", format: 1, deskId: DESK_ID })
        .proposed("a")
        .approved("a", {}, { authority: undefined }),
  ],
  ["a boundary back to an earlier format", "FORMAT_INVALID", () => desk().upgraded(3, 1)],
  ["a journal that does not name its desk", "FORMAT_INVALID", () => signedJournal().started()],
  [
    "a live order of format 2 without a signature",
    "SIGNATURE_MISSING",
    () =>
      signedJournal()
        .desk(2)
        .connector("broker", "live")
        .proposed("a", LIVE)
        .approved("a", {}, { authority: undefined }),
  ],
  [
    "an approval of format 2 with a foreign signature",
    "SIGNATURE_INVALID",
    () =>
      signedJournal()
        .desk(2)
        .connector("paper", "paper")
        .proposed("a")
        .approved("a", {}, { authority: undefined, signature: PAIRS.host.sign("anything") }),
  ],
  [
    "a gap signed with the desk key of a desk that has a live key",
    "SIGNATURE_INVALID",
    () => desk().gap(GAP, { key: "desk" }),
  ],
  [
    "a gap with another range than was signed",
    "SIGNATURE_INVALID",
    () =>
      desk()
        .gap(GAP)
        .rewrite((records) =>
          records.map((recorded) =>
            recorded.event.type === "journal.gap" ? { ...recorded, event: { ...recorded.event, toSeq: 99 } } : recorded,
          ),
        ),
  ],
  [
    "an approval with a text in place of its signature",
    "SIGNATURE_INVALID",
    () =>
      desk()
        .proposed("a")
        .reviewed("a")
        .rewrite((records) => records)
        .event({
          type: "order.approved",
          id: ORDER,
          digest: digestTerms(terms()),
          terms: terms(),
          clientOrderId: scenarioClientId("a"),
          actor: "human",
          channel: "cli",
          expiresAt: 0,
          authority: { ...desk().resumeAuthority(), signature: 7 as never },
        }),
  ],
];

describe("a forged journal with a correct chain", () => {
  it.each(FORGERIES)("%s is %s", (_name, code, forge) => {
    expect(forge().codes()).toContain(code);
  });

  it("names the record, and bounds the list of problems but not their number", () => {
    const journal = desk();
    for (let n = 0; n < PROBLEMS_MAX + 20; n++) journal.proposed(`o${n}`).submitting(`o${n}`);
    const { problems, problemCount } = journal.audit();
    expect(problems).toHaveLength(PROBLEMS_MAX);
    expect(problemCount).toBe(PROBLEMS_MAX + 20);
    expect(problems[0]).toEqual({ code: "APPROVAL_MISSING", seq: 9, message: "o0 was sent without an approval" });
  });
});

type Step =
  | { readonly kind: "order"; readonly isLive: boolean; readonly quantity: number; readonly isResolved: boolean }
  | { readonly kind: "halt" }
  | { readonly kind: "restart" }
  | { readonly kind: "wait"; readonly ms: number };

const STEP: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("order" as const),
    isLive: fc.boolean(),
    quantity: fc.integer({ min: 1, max: 50 }),
    isResolved: fc.boolean(),
  }),
  fc.record({ kind: fc.constant("halt" as const) }),
  fc.record({ kind: fc.constant("restart" as const) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 3_600_000 }) }),
);

function play(steps: readonly Step[]): SignedJournal {
  const journal = desk();
  for (const [index, step] of steps.entries()) {
    if (step.kind === "wait") journal.now += step.ms;
    else if (step.kind === "restart") {
      journal.epoch += 1;
      journal.started(`machine-${index}`);
    } else if (step.kind === "halt") {
      journal.trading("halted");
      journal.trading("active", "by hand", journal.resumeAuthority({ key: "live" }));
    } else {
      const id = `o${index}`;
      journal.order(id, { ...(step.isLive ? LIVE : {}), quantity: String(step.quantity) });
      if (step.isResolved) journal.resolved(id);
    }
  }
  return journal;
}

const JOURNAL = fc.array(STEP, { minLength: 1, maxLength: 8 });

function changedAuthority(authority: Authority | undefined): Authority | undefined {
  return authority === undefined ? undefined : { ...authority, expiresAt: authority.expiresAt + 1 };
}

/** Changes of one record that a forger may want; each must be found wherever it is made. */
const CHANGES: readonly [DeskEvent["type"], (recorded: Recorded) => readonly Recorded[]][] = [
  ["order.approved", () => []],
  ["order.submitting", (recorded) => [recorded, recorded]],
  ["order.approved", (recorded) => [recorded, recorded]],
  [
    "order.approved",
    (recorded) =>
      recorded.event.type === "order.approved"
        ? [{ ...recorded, event: { ...recorded.event, terms: { ...recorded.event.terms, quantity: amount("51") } } }]
        : [],
  ],
  [
    "order.approved",
    (recorded) =>
      recorded.event.type === "order.approved"
        ? [{ ...recorded, event: { ...recorded.event, authority: changedAuthority(recorded.event.authority) } }]
        : [],
  ],
  [
    "order.resolved",
    (recorded) =>
      recorded.event.type === "order.resolved" ? [{ ...recorded, event: { ...recorded.event, note: "forged" } }] : [],
  ],
];

describe("random journals", () => {
  it("of honest desks have no problem, and each approval and intent is counted", () => {
    fc.assert(
      fc.property(JOURNAL, (steps) => {
        const { problems, formats } = play(steps).audit();
        expect(problems).toEqual([]);
        const orders = steps.filter(({ kind }) => kind === "order").length;
        expect(formats).toMatchObject([{ approvals: orders, intents: orders }]);
      }),
      { numRuns: 40 },
    );
  });

  it("with one changed, removed or repeated decision have a problem", () => {
    fc.assert(
      fc.property(JOURNAL, fc.nat(), fc.nat(CHANGES.length - 1), (steps, place, which) => {
        const [type, change] = CHANGES[which] ?? ["order.approved", () => []];
        const journal = play(steps);
        const candidates = journal.lines.filter(({ recorded }) => recorded.event.type === type);
        fc.pre(candidates.length > 0);
        const chosen = candidates[place % candidates.length]?.recorded.seq;
        journal.rewrite((records) =>
          records.flatMap((recorded) => (recorded.seq === chosen ? change(recorded) : [recorded])),
        );
        expect(journal.audit().problemCount).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it("whose past was rewritten fail at the next signed decision, because its head is not on the chain", () => {
    fc.assert(
      fc.property(JOURNAL, fc.nat(), (steps, place) => {
        const journal = play([...steps, { kind: "order", isLive: false, quantity: 1, isResolved: false }]);
        const at = place % (journal.lines.length - 5);
        // A record that no check looks at, in the middle of the chain.
        const extra: DeskEvent = { type: "snapshot.taken", path: "snapshots/x.toml", nav: amount("1") };
        journal.rewrite((records) => [
          ...records.slice(0, at + 1),
          { ...(records[at] as Recorded), event: extra },
          ...records.slice(at + 1),
        ]);
        expect(journal.codes()).toContain("HEAD_UNKNOWN");
      }),
      { numRuns: 40 },
    );
  });
});
