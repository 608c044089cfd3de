/** The decisions after a checkpoint, checked with its state: what the check of all records refuses does not pass. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openReplay } from "../../../src/bus/replay.ts";
import { type Authority, statementOf, statementText } from "../../../src/domain/authority/authority.ts";
import { compareConfig, digestChanges } from "../../../src/domain/config/compare-config.ts";
import { type ConfigTables, digestTables } from "../../../src/domain/config/config-tables.ts";
import { digestOf } from "../../../src/domain/digest.ts";
import type { GapRange } from "../../../src/domain/authority/journal-head.ts";
import type { Digest } from "../../../src/domain/ids.ts";
import {
  PAGE_CODE_MS,
  PAGE_SESSION_MS,
  grantSubject,
  grantText,
  loginText,
} from "../../../src/domain/pages/page-session.ts";
import { auditStart } from "../../../src/trading/audit/audit-start.ts";
import { DecisionCheck } from "../../../src/trading/audit/check-decisions.ts";
import { tablesOf } from "../../../src/workspace/accepted-config.ts";
import { readConfig } from "../../../src/workspace/config.ts";
import { DESK_ID, KEYS, type SignedJournal, signedJournal } from "../../support/signed-journal.ts";
import { softPageKey } from "../../support/soft-page-key.ts";

const PAGE = softPageKey();
const LIVE = { connector: "broker", mode: "live" } as const;
const GAP: GapRange = { kind: "behind", fromSeq: 9, toSeq: 12, fromAt: 1, toAt: 2, heads: [{ seq: 12, hash: "f" }] };

function desk(): SignedJournal {
  return signedJournal().desk().connector("paper", "paper").connector("broker", "live");
}

function login(journal: SignedJournal, name: string, authority?: Authority): SignedJournal {
  // A replayed login repeats every member of the first.
  const at = name.endsWith("again") ? 0 : journal.now;
  const [code, session] = [digestOf(name), name];
  const grant = { code, scope: "paper", codeEndsAt: at + PAGE_CODE_MS, endsAt: at + PAGE_SESSION_MS } as const;
  const proof = PAGE.sign(loginText(code, PAGE.publicKey));
  const signed = authority ?? journal.authority(grantSubject(digestOf(grantText(grant))));
  return journal.event({ type: "page.opened", ...grant, session, publicKey: PAGE.publicKey, proof, authority: signed });
}

function resumeByPage(journal: SignedJournal, session: string): SignedJournal {
  const { epoch, head, now } = journal;
  const subject = { action: "resume", id: "", digest: digestOf("page"), shown: "", mode: "" } as const;
  const place = { key: "session", session, epoch, head, expiresAt: now + 60_000, signature: "" } as const;
  const signature = PAGE.sign(statementText(statementOf(DESK_ID, subject, place)));
  return journal.trading("active", "page", { ...place, signature });
}

const LIMITS = [9, 20].map((max): ConfigTables => {
  const toml = `[[guard]]\nkey = "max-order-quantity"\nmax_quantity = ${max}\n`;
  return tablesOf(readConfig(toml, "/desk/desk.toml"), "/desk");
});
const [TIGHT, WIDE] = LIMITS as [ConfigTables, ConfigTables];

function config(journal: SignedJournal, after: ConfigTables, authority?: Authority): SignedJournal {
  const shown = digestChanges(compareConfig(TIGHT, after)) as Digest;
  const event = { type: "config.accepted", digest: digestTables(after), tables: after, changes: [], shown } as const;
  return journal.event({ ...event, authority });
}

function widened(journal: SignedJournal): SignedJournal {
  const shown = digestChanges(compareConfig(TIGHT, WIDE));
  const subject = { action: "reload", id: "", digest: digestTables(WIDE), shown, mode: "" } as const;
  return config(journal, WIDE, journal.authority(subject, { key: "live" }));
}

function resumed(journal: SignedJournal, key: "desk" | "live" = "desk"): SignedJournal {
  return journal.trading("active", "by hand", journal.resumeAuthority({ key }));
}

const HASH = "f".repeat(64);

/** With the first decision of the journal once more at its end. */
function repeated(journal: SignedJournal): SignedJournal {
  const first = journal.lines.find(({ recorded: { event } }) => "authority" in event);
  return first === undefined ? journal : journal.event(first.recorded.event);
}

function early(journal: SignedJournal): SignedJournal {
  const authority = journal.resumeAuthority();
  return journal.started().trading("halted").trading("active", "by hand", authority);
}

/** The check of all records; the number of the first record without a valid signature. */
function firstProblem({ lines }: SignedJournal): number | undefined {
  const check = new DecisionCheck(KEYS);
  for (const { recorded, hash } of lines) {
    check.take(recorded, hash);
    if (check.problem !== undefined) return recorded.seq;
  }
  return undefined;
}

/** What a start finds whose checkpoint follows this record. */
function passesAfter({ lines }: SignedJournal, seq: number): boolean {
  const { state, take } = openReplay();
  for (const { recorded } of lines.slice(0, seq)) take(recorded);
  const check = new DecisionCheck(KEYS, auditStart({ seq, hash: lines[seq - 1]?.hash ?? "" }, state));
  for (const { recorded, hash } of lines.slice(seq)) {
    check.take(recorded, hash);
    take(recorded);
  }
  const { earlier, isSettled } = check;
  const { first = seq } = earlier;
  if (first < 1) return false;
  for (const { recorded, hash } of lines.slice(first - 1, seq)) earlier.take(recorded, hash);
  return isSettled && earlier.areConfirmed;
}

/** Places of a checkpoint: the desk wrote it, so that the records before it are valid. */
function places(journal: SignedJournal): readonly number[] {
  const length = (firstProblem(journal) ?? journal.lines.length + 1) - 1;
  // A desk names its keys before all else.
  return Array.from({ length: length - 6 }, (_, index) => index + 7);
}

describe("after a checkpoint", () => {
  it.each<[string, () => SignedJournal]>([
    ["a resume", () => resumed(desk().trading("halted"))],
    ["a resume after a live order", () => resumed(desk().order("a", LIVE).trading("halted"), "live")],
    ["a resume after a start", () => resumed(desk().order("a", LIVE).started().trading("halted"))],
    ["a login, and its resume", () => resumeByPage(login(desk(), "one").trading("halted"), "one")],
    ["two logins", () => login(login(desk(), "one"), "two")],
    ["an accepted desk.toml", () => widened(config(desk(), TIGHT))],
    [
      "resolutions",
      () => desk().order("a", LIVE).order("b").resolved("a").resolved("b").cleared("broker", "X", "live"),
    ],
    ["cash flows", () => desk().flow("paper", "paper").flow("broker", "live")],
  ])("%s counts, at whatever record the checkpoint is", (_name, journal) => {
    const honest = journal();
    expect(firstProblem(honest)).toBeUndefined();
    expect(places(honest).filter((seq) => !passesAfter(honest, seq))).toEqual([]);
  });

  it("a gap, and a resume that names the desk's first moment, take the whole journal", () => {
    const early = desk().trading("halted");
    expect(passesAfter(desk().gap(GAP), 7)).toBe(false);
    const head = { seq: 0, hash: "0".repeat(64) };
    expect(passesAfter(early.flow("paper", "paper", { head }), 8)).toBe(false);
  });

  it.each<[string, number, () => SignedJournal]>([
    ["a cash flow a second time", 9, () => repeated(desk().flow("paper", "paper").started())],
    ["a login a second time", 9, () => repeated(login(desk(), "one").started())],
    [
      "a name of another record",
      8,
      () =>
        desk()
          .started()
          .flow("paper", "paper", { head: { seq: 4, hash: HASH } }),
    ],
    ["the desk key after a live order", 12, () => resumed(desk().order("a", LIVE).trading("halted"))],
    ["the desk key for a live order", 12, () => desk().order("a", LIVE).resolved("a", { key: "desk" })],
    ["the resume of before the halt", 9, () => early(desk())],
    ["a desk.toml that allows more, unsigned", 8, () => config(config(desk(), TIGHT), WIDE)],
  ])("%s does not pass", (_name, seq, forge) => {
    const journal = forge();
    expect(firstProblem(journal)).toBeGreaterThan(seq);
    expect(passesAfter(journal, seq)).toBe(false);
  });

  it("does not pass with anything that the check of all records refuses", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(STEPS.length - 1), { minLength: 2, maxLength: 14 }), fc.nat(), (steps, place) => {
        const journal = config(desk(), TIGHT);
        const made: Authority[] = [];
        for (const [index, step] of steps.entries()) {
          STEPS[step]?.(journal, { name: `o${index}`, made });
          const last = journal.lines.at(-1)?.recorded.event;
          if (last !== undefined && "authority" in last && last.authority !== undefined) made.push(last.authority);
        }
        const seqs = places(journal);
        const seq = seqs[place % seqs.length] ?? 7;
        if (firstProblem(journal) !== undefined) expect(passesAfter(journal, seq)).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

interface Step {
  readonly name: string;
  /** The authorities of the records so far. */
  readonly made: readonly Authority[];
}

/** What a desk does, and what a process of the same user appends. */
const STEPS: readonly ((journal: SignedJournal, step: Step) => unknown)[] = [
  (journal) => journal.trading("halted"),
  (journal) => resumed(journal),
  (journal) => resumed(journal, "live"),
  (journal) => journal.started(),
  (journal, { name }) => journal.order(name),
  (journal, { name }) => journal.order(name, LIVE),
  (journal, { name }) => journal.order(name).resolved(name),
  (journal, { name }) => journal.order(name, LIVE).resolved(name, { key: "live" }),
  (journal) => journal.flow("paper", "paper"),
  (journal) => journal.flow("broker", "live"),
  (journal) => journal.cleared("paper", "X", "paper"),
  (journal) => journal.split("7"),
  (journal) => widened(journal),
  (journal) => config(journal, TIGHT),
  (journal) => login(journal, "one"),
  (journal, { name }) => resumeByPage(login(journal, name).trading("halted"), name),
  (journal) => journal.event({ type: "page.closed", session: "one", reason: "logout", actor: "human" }),
  (journal) => {
    journal.epoch += 1;
    return journal.started("machine-2");
  },
  // From here on: records without a signature for their place.
  (journal) => journal.trading("active"),
  (journal) => config(journal, WIDE),
  (journal, { made }) => journal.trading("active", "by hand", made.at(-1)),
  (journal, { made }) => config(journal, WIDE, made.at(-1)),
  (journal, { made }) => login(journal, "again", made.at(-1)),
  (journal) => resumeByPage(journal, "one"),
  (journal) => journal.flow("broker", "live", { key: "desk" }),
  (journal) => journal.split("7", { unsigned: true }),
  (journal, { name }) => journal.order(name, LIVE).resolved(name, { key: "desk" }),
  (journal) => journal.flow("paper", "paper", { head: { seq: 3, hash: HASH } }),
  (journal) => {
    const flow = journal.lines.findLast(({ recorded: { event } }) => event.type === "cash.moved");
    return flow === undefined ? undefined : journal.event(flow.recorded.event);
  },
  (journal) => repeated(journal),
];
