/** `qoc journal verify` and page sessions: what an honest page writes passes, and each forgery has its code. */
import { describe, expect, it } from "vitest";
import {
  type ActionSubject,
  type Authority,
  rejectionText,
  statementOf,
  statementText,
} from "../../../src/domain/authority/authority.ts";
import { digestOf, digestTerms } from "../../../src/domain/digest.ts";
import type { OrderId } from "../../../src/domain/ids.ts";
import type { PageOpened } from "../../../src/domain/pages/page-event.ts";
import {
  PAGE_CODE_MS,
  PAGE_SESSION_MS,
  grantSubject,
  grantText,
  loginText,
} from "../../../src/domain/pages/page-session.ts";
import { DecisionCheck } from "../../../src/trading/audit/check-decisions.ts";
import { terms } from "../../support/journal-scenario.ts";
import { DESK_ID, KEYS, type SignedJournal, signedJournal } from "../../support/signed-journal.ts";
import { softPageKey } from "../../support/soft-page-key.ts";

const SESSION = "amber-kite-oslo";
const ID = "a" as OrderId;
const DIGEST = digestTerms(terms());

const [PAGE, STRANGER] = [softPageKey(), softPageKey()];

/** A login with the code "code"; `changed` replaces members after everything was signed. */
function opened(
  journal: SignedJournal,
  granted: Partial<PageOpened> = {},
  changed: Partial<PageOpened> = {},
): SignedJournal {
  const { now } = journal;
  const { code = digestOf("code"), session = SESSION } = granted;
  const grant = {
    code,
    scope: "paper",
    codeEndsAt: now + PAGE_CODE_MS,
    endsAt: now + PAGE_SESSION_MS,
    ...granted,
  } as const;
  const { scope, codeEndsAt, endsAt } = grant;
  const authority = journal.authority(grantSubject(digestOf(grantText({ code, scope, codeEndsAt, endsAt }))));
  const proof = PAGE.sign(loginText(code, PAGE.publicKey));
  const login = { session, publicKey: PAGE.publicKey, proof, authority };
  return journal.event({ type: "page.opened", ...grant, ...login, ...changed });
}

/** The authority of a page's decision at the head of now. */
function byPage(journal: SignedJournal, subject: ActionSubject, key = PAGE, session = SESSION): Authority {
  const { epoch, head, now } = journal;
  const place = { key: "session", session, epoch, head, expiresAt: now + 60_000 } as const;
  return { ...place, signature: key.sign(statementText(statementOf(DESK_ID, subject, { ...place, signature: "" }))) };
}

function desk(): SignedJournal {
  return signedJournal().desk().connector("paper", "paper").connector("broker", "live");
}

const SHOWN = digestOf("the review");

function approved(journal: SignedJournal, key = PAGE, session = SESSION): SignedJournal {
  journal.proposed("a").reviewed("a", SHOWN);
  const subject = { action: "approve", id: "a", digest: DIGEST, shown: SHOWN, mode: "paper" } as const;
  return journal
    .approved("a", {}, { channel: "http", authority: byPage(journal, subject, key, session) })
    .submitting("a");
}

function halted(journal: SignedJournal, key = PAGE): SignedJournal {
  const subject = { action: "halt", id: "", digest: digestOf("lunch"), shown: "", mode: "" } as const;
  return journal.trading("halted", "lunch", byPage(journal, subject, key));
}

function rejected(journal: SignedJournal, signed = "too large", reason = signed): SignedJournal {
  journal.proposed("a");
  const digest = digestOf(rejectionText(DIGEST, signed));
  const authority = byPage(journal, { action: "reject", id: "a", digest, shown: "", mode: "paper" });
  const event = { type: "order.rejected", id: ID, by: "human", reason, actor: "human" } as const;
  return journal.event({ ...event, digest: DIGEST, authority });
}

function cancelled(journal: SignedJournal, digest = DIGEST): SignedJournal {
  const subject = { action: "cancel", id: "a", digest, shown: "", mode: "paper" } as const;
  return journal.event({ type: "cancel.requested", id: ID, actor: "human", authority: byPage(journal, subject) });
}

describe("an honest page", () => {
  it("W71 passes, and its session and decisions are counted", () => {
    const journal = halted(cancelled(approved(opened(desk()))));
    const resume = { action: "resume", id: "", digest: digestOf("back"), shown: "", mode: "" } as const;
    journal.trading("active", "back", byPage(journal, resume));
    const { problems, formats } = journal.audit();
    expect(problems).toEqual([]);
    expect(formats[0]).toMatchObject({ pages: 1, byPage: 4, signatures: 5, heads: 5 });
  });

  it("rejects with words, which the signature covers", () => {
    expect(rejected(opened(desk())).codes()).toEqual([]);
  });

  it("logs in again after it logged out", () => {
    const journal = opened(desk()).event({ type: "page.closed", session: SESSION, reason: "logout", actor: "human" });
    const again = { code: digestOf("another code"), session: "velvet-oak-dune" };
    expect(approved(opened(journal, again), PAGE, again.session).codes()).toEqual([]);
  });
});

describe("a forgery", () => {
  const closed = { type: "page.closed", session: SESSION, reason: "revoked", actor: "human" } as const;
  it.each<[string, string, () => SignedJournal]>([
    ["a session without a grant", "SIGNATURE_INVALID", () => opened(desk(), {}, { scope: "none" })],
    ["a session whose end was moved", "SIGNATURE_INVALID", () => opened(desk(), {}, { endsAt: 1 })],
    [
      "a session with another page's key",
      "SIGNATURE_INVALID",
      () => opened(desk(), {}, { publicKey: STRANGER.publicKey }),
    ],
    ["a session whose key is not a key", "SIGNATURE_INVALID", () => opened(desk(), {}, { publicKey: "key" })],
    ["a code that was used twice", "SIGNATURE_STALE", () => opened(opened(desk()), {}, { session: "b-c-d" })],
    ["a code after its end", "SIGNATURE_STALE", () => opened(desk(), { codeEndsAt: 1 })],
    ["a session that ends too late", "SIGNATURE_STALE", () => opened(desk(), { endsAt: 9e15 })],
    ["an approval of no session", "SIGNATURE_INVALID", () => approved(desk())],
    ["an approval of another session", "SIGNATURE_INVALID", () => approved(opened(desk()), PAGE, "b-c-d")],
    ["an approval by another key", "SIGNATURE_INVALID", () => approved(opened(desk()), STRANGER)],
    ["an approval after the session was revoked", "SIGNATURE_INVALID", () => approved(opened(desk()).event(closed))],
    ["an approval beyond the scope", "SIGNATURE_INVALID", () => approved(opened(desk(), { scope: "none" }))],
    [
      "an approval after seven days",
      "SIGNATURE_INVALID",
      () => {
        const journal = opened(desk());
        journal.now += PAGE_SESSION_MS + 120_000;
        return approved(journal);
      },
    ],
    [
      "an approval in a copy of the desk",
      "SIGNATURE_INVALID",
      () => {
        const journal = opened(desk());
        journal.epoch = 2;
        return approved(journal);
      },
    ],
    [
      "an approval of live money by a click",
      "SIGNATURE_INVALID",
      () => {
        const journal = opened(desk()).proposed("a", { connector: "broker", mode: "live" }).reviewed("a", SHOWN);
        const digest = digestTerms(terms({ connector: "broker", mode: "live" }));
        const subject = { action: "approve", id: "a", digest, shown: SHOWN, mode: "live" } as const;
        return journal.approved("a", {}, { authority: byPage(journal, subject) }).submitting("a");
      },
    ],
    ["a halt by another key", "SIGNATURE_INVALID", () => halted(opened(desk()), STRANGER)],
    ["a rejection with other words", "SIGNATURE_INVALID", () => rejected(opened(desk()), "fine", "too large")],
    ["a cancel of other terms", "SIGNATURE_INVALID", () => cancelled(approved(opened(desk())), digestOf("x"))],
  ])("%s is %s", (_name, code, forge) => {
    expect(forge().codes()).toContain(code);
  });

  it("of a session keeps the next start read-only", () => {
    const check = new DecisionCheck(KEYS);
    for (const { recorded, hash } of opened(desk(), {}, { publicKey: STRANGER.publicKey }).lines)
      check.take(recorded, hash);
    expect(check.problem).toMatch(/page\.opened\) has no valid signature/);
  });
});
