/** `qoc journal verify` and passkeys, offline: an honest approval passes, and each forgery has its code. */
import { describe, expect, it } from "vitest";
import { type Authority, STATEMENT_MS, statementOf } from "../../../src/domain/authority/authority.ts";
import { foldDeskState } from "../../../src/domain/desk-state.ts";
import { digestOf, digestTerms } from "../../../src/domain/digest.ts";
import type { PasskeyAdded } from "../../../src/domain/pages/page-event.ts";
import {
  PAGE_CODE_MS,
  PAGE_SESSION_MS,
  grantSubject,
  grantText,
  loginText,
} from "../../../src/domain/pages/page-session.ts";
import {
  PASSKEY_MS,
  passkeyChallengeText,
  passkeyProofText,
  passkeySubject,
  passkeyText,
} from "../../../src/domain/pages/passkey.ts";
import { DecisionCheck } from "../../../src/trading/audit/check-decisions.ts";
import { type Answer, authenticator } from "../../support/authenticator.ts";
import { terms } from "../../support/journal-scenario.ts";
import { DESK_ID, KEYS, type SignedJournal, signedJournal } from "../../support/signed-journal.ts";
import { softPageKey } from "../../support/soft-page-key.ts";

const [SESSION, NAME, ORIGIN] = ["amber-kite-oslo", "velvet-oak-dune", "http://localhost:7070"];
const LIVE = { connector: "broker", mode: "live" } as const;
const DIGEST = digestTerms(terms(LIVE));
const SHOWN = digestOf("the review");
const PAGE = softPageKey();
const KEY = authenticator();

function desk(): SignedJournal {
  const journal = signedJournal().desk().connector("broker", "live");
  const { now } = journal;
  const grant = {
    code: digestOf("code"),
    scope: "paper",
    codeEndsAt: now + PAGE_CODE_MS,
    endsAt: now + PAGE_SESSION_MS,
  } as const;
  const authority = journal.authority(grantSubject(digestOf(grantText(grant))));
  const proof = PAGE.sign(loginText(grant.code, PAGE.publicKey));
  const login = { session: SESSION, publicKey: PAGE.publicKey, proof, authority };
  return journal.event({ type: "page.opened", ...grant, ...login });
}

/** A registration; `changed` replaces members after everything was signed. */
function added(journal = desk(), changed: Partial<PasskeyAdded> = {}, key: "live" | "desk" = "live"): SignedJournal {
  const facts = { name: NAME, credential: KEY.credential, publicKey: KEY.publicKey, origin: ORIGIN };
  const authority = journal.authority(passkeySubject(digestOf(passkeyText(facts))), { key });
  const proof = KEY.answer(passkeyProofText(SESSION, facts), ORIGIN);
  return journal.event({ type: "passkey.added", ...facts, session: SESSION, proof, authority, ...changed });
}

interface Forgery {
  readonly answer?: Partial<Answer>;
  readonly authority?: Partial<Authority>;
  readonly passkey?: Partial<NonNullable<Authority["passkey"]>>;
  readonly by?: typeof KEY;
  readonly statement?: Partial<ReturnType<typeof statementOf>>;
}

function approvedBy(journal: SignedJournal, id: string, forged: Forgery = {}): SignedJournal {
  journal.proposed(id, LIVE).reviewed(id, SHOWN);
  const { epoch, head, now } = journal;
  const subject = { action: "approve", id, digest: DIGEST, shown: SHOWN, mode: "live" } as const;
  const place = { key: "passkey", session: SESSION, epoch, head, expiresAt: now + PASSKEY_MS } as const;
  const statement = { ...statementOf(DESK_ID, subject, { ...place, signature: "" }), ...forged.statement };
  const answer = (forged.by ?? KEY).answer(passkeyChallengeText(SESSION, statement), ORIGIN, forged.answer);
  const { signature, ...rest } = answer;
  const passkey = { name: NAME, ...rest, ...forged.passkey };
  return journal
    .approved(id, {}, { channel: "http", authority: { ...place, passkey, signature, ...forged.authority } })
    .submitting(id);
}

describe("an honest passkey", () => {
  it("W71 passes, and its approvals count as decisions of pages", () => {
    const journal = approvedBy(approvedBy(added(), "a"), "b");
    const { problems, formats } = journal.audit();
    expect(problems).toEqual([]);
    expect(formats[0]).toMatchObject({ pages: 1, byPage: 2, signatures: 4, heads: 4 });
  });

  it("passes without a counter, as a passkey in the cloud does", () => {
    const uncounted = { answer: { counter: 0 } };
    expect(approvedBy(approvedBy(added(), "a", uncounted), "b", uncounted).codes()).toEqual([]);
  });
});

describe("the state after a restart", () => {
  it("has the passkey and the highest counter of its answers, and a copy of the desk has none", () => {
    const counted = (counter: number) => ({ answer: { counter } });
    const journal = approvedBy(approvedBy(added(), "a", counted(900)), "b", counted(800));
    const state = foldDeskState(journal.lines.map(({ recorded }) => recorded));
    expect(state.pages.passkeys.get(NAME)).toMatchObject({ origin: ORIGIN, counter: 900 });
    journal.epoch = 2;
    journal.started("machine-2");
    const copy = foldDeskState(journal.lines.map(({ recorded }) => recorded));
    expect(copy.pages.passkeys.size).toBe(0);
  });

  it("does not fail for a forged registration without its proof", () => {
    for (const proof of [undefined, null, "proof", { authenticatorData: null }]) {
      const journal = approvedBy(added(desk(), { proof: proof as never }), "a", {
        authority: { passkey: null as never },
      });
      expect(foldDeskState(journal.lines.map(({ recorded }) => recorded)).pages.passkeys.size).toBe(1);
      expect(journal.codes()).toContain("SIGNATURE_INVALID");
    }
  });
});

describe("a forgery", () => {
  const removed = { type: "passkey.removed", name: NAME, actor: "human" } as const;
  const closed = { type: "page.closed", session: SESSION, reason: "revoked", actor: "human" } as const;
  it.each<[string, string, () => SignedJournal]>([
    ["W72 a passkey that no key signed", "SIGNATURE_MISSING", () => added(desk(), { authority: undefined as never })],
    ["W72 a passkey that the desk key signed", "SIGNATURE_INVALID", () => added(desk(), {}, "desk")],
    ["W72 a passkey whose key was replaced", "SIGNATURE_INVALID", () => added(desk(), authenticator())],
    ["W72 a passkey for another origin", "SIGNATURE_INVALID", () => added(desk(), { origin: "http://localhost:1" })],
    ["a passkey for no origin", "SIGNATURE_INVALID", () => added(desk(), { origin: 7 as never })],
    ["a passkey twice", "SIGNATURE_INVALID", () => added(added())],
    [
      "a passkey that did not prove its key",
      "SIGNATURE_INVALID",
      () =>
        added(desk(), { proof: authenticator().answer(passkeyProofText(SESSION, { ...KEY, origin: ORIGIN }), ORIGIN) }),
    ],
    ["an approval without a passkey", "SIGNATURE_INVALID", () => approvedBy(desk(), "a")],
    ["an approval after its removal", "SIGNATURE_INVALID", () => approvedBy(added().event(removed), "a")],
    ["an approval after its session ended", "SIGNATURE_INVALID", () => approvedBy(added().event(closed), "a")],
    ["W70 of another key", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { by: authenticator() })],
    ["W70 without verification", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { answer: { flags: 1 } })],
    [
      "W47 by another port",
      "SIGNATURE_INVALID",
      () => approvedBy(added(), "a", { answer: { origin: "http://localhost:1" } }),
    ],
    ["W70 for another host", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { answer: { host: "evil.example" } })],
    ["W69 of another order", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { statement: { id: "b" } })],
    ["W69 of other terms", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { statement: { digest: SHOWN } })],
    ["W69 of another desk", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { statement: { desk: "d" } })],
    ["W69 of another review", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { statement: { shown: DIGEST } })],
    ["W69 of paper", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { statement: { mode: "paper" } })],
    [
      "W69 of another session",
      "SIGNATURE_INVALID",
      () => approvedBy(added(), "a", { authority: { session: "b-c-d" } }),
    ],
    [
      "W69 that ends later than asked",
      "SIGNATURE_INVALID",
      () => approvedBy(added(), "a", { authority: { expiresAt: 9e12 } }),
    ],
    ["of nothing", "SIGNATURE_INVALID", () => approvedBy(added(), "a", { authority: { passkey: undefined } })],
    [
      "of a passkey's name alone",
      "SIGNATURE_INVALID",
      () => approvedBy(added(), "a", { passkey: { clientData: 7 as never } }),
    ],
    [
      "a counter that came before",
      "SIGNATURE_INVALID",
      () => approvedBy(approvedBy(added(), "a", { answer: { counter: 90 } }), "b", { answer: { counter: 90 } }),
    ],
    [
      "W69 an answer that was long valid",
      "SIGNATURE_STALE",
      () => {
        const expiresAt = desk().now + STATEMENT_MS;
        return approvedBy(added(), "a", { statement: { expiresAt }, authority: { expiresAt } });
      },
    ],
    [
      "in a copy of the desk",
      "SIGNATURE_INVALID",
      () => {
        const journal = added();
        journal.epoch = 2;
        return approvedBy(journal, "a");
      },
    ],
    [
      "that resumes, which no passkey does",
      "SIGNATURE_INVALID",
      () => {
        const journal = added().trading("halted", "lunch");
        const { epoch, head, now } = journal;
        const subject = { action: "resume", id: "", digest: digestOf("back"), shown: "", mode: "" } as const;
        const place = { key: "passkey", session: SESSION, epoch, head, expiresAt: now + PASSKEY_MS } as const;
        const statement = statementOf(DESK_ID, subject, { ...place, signature: "" });
        const { signature, ...rest } = KEY.answer(passkeyChallengeText(SESSION, statement), ORIGIN);
        return journal.trading("active", "back", { ...place, passkey: { name: NAME, ...rest }, signature });
      },
    ],
  ])("%s is %s", (_name, code, forge) => {
    expect(forge().codes()).toContain(code);
  });

  it("W72 of a registration keeps the next start read-only", () => {
    const check = new DecisionCheck(KEYS);
    for (const { recorded, hash } of added(desk(), {}, "desk").lines) check.take(recorded, hash);
    expect(check.problem).toMatch(/passkey\.added\) has no valid signature/);
  });
});
