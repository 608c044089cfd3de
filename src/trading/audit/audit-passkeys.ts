/**
 * The passkeys of one journal: the live key signed each registration, and each approval by a passkey has the answer of
 * its authenticator to exactly the statement that the event states.
 */
import type { ActionStatement, Authority } from "../../domain/authority/authority.ts";
import { digestOf, sha256Hex } from "../../domain/digest.ts";
import type { Recorded } from "../../domain/event.ts";
import type { PasskeyAdded } from "../../domain/pages/page-event.ts";
import {
  type PasskeyFacts,
  passkeyChallengeText,
  passkeyProofText,
  passkeySubject,
  passkeyText,
} from "../../domain/pages/passkey.ts";
import type { AuditFinding, AuditedDecision } from "./audit-finding.ts";
import type { PageAudit } from "./audit-pages.ts";
import { checkAssertion, isPasskeyKey, passkeyAnswer } from "../pages/verify-passkey.ts";

interface AuditedPasskey extends PasskeyFacts {
  readonly epoch: number;
  /** The counters that its authenticator has sent, without the 0 of an authenticator that does not count. */
  readonly counters: Set<number>;
}

interface AssertedDecision {
  readonly name: string;
  readonly statement: ActionStatement;
  readonly authority: Authority;
}

export class PasskeyAudit {
  readonly #passkeys = new Map<string, AuditedPasskey>();

  /** The registration, to be checked like each decision of the live key. */
  registration({ authority, ...facts }: PasskeyAdded): AuditedDecision {
    const subject = passkeySubject(digestOf(passkeyText(facts)));
    return { name: `the registration of passkey ${facts.name}`, subject, authority, key: "live" };
  }

  /** The findings on a registration besides those on its signature. The passkey counts from here on. */
  add({ epoch, event }: Recorded<PasskeyAdded>): readonly AuditFinding[] {
    const { session, proof, name: passkeyName, credential, publicKey, origin } = event;
    const facts = { name: passkeyName, credential, publicKey, origin };
    const name = `the registration of passkey ${passkeyName}`;
    const findings: AuditFinding[] = [];
    const invalid = (message: string): void => void findings.push({ code: "SIGNATURE_INVALID", message });
    const known = [...this.#passkeys.values()].some(({ credential }) => credential === facts.credential);
    if (this.#passkeys.has(facts.name) || known) invalid(`${name} repeats a passkey in force`);
    if (!isPasskeyKey(String(facts.publicKey))) invalid(`${name} has no key of a passkey`);
    const challengeText = passkeyProofText(session, facts);
    const checked = isOrigin(facts.origin) ? checkAssertion({ ...facts, challengeText }, proof) : NO_ORIGIN;
    if ("problem" in checked) invalid(`${name} did not prove its key: ${checked.problem}`);
    this.#passkeys.set(facts.name, { ...facts, epoch, counters: new Set() });
    return findings;
  }

  remove(name: string): void {
    this.#passkeys.delete(name);
  }

  removeAll(): void {
    this.#passkeys.clear();
  }

  /** The findings on an approval, and what names its challenge: a challenge counts once. */
  assertion(
    { at, epoch }: Pick<Recorded, "at" | "epoch">,
    { name, statement, authority }: AssertedDecision,
    pages: PageAudit,
  ): { readonly findings: readonly AuditFinding[]; readonly once: string } {
    const { session = "" } = authority;
    const { name: passkeyName, assertion } = passkeyAnswer(authority);
    const findings = [...pages.signer({ at, epoch }, session, { name, action: statement.action }).findings];
    const invalid = (message: string): void =>
      void findings.push({ code: "SIGNATURE_INVALID", message: `${name} ${message}` });
    const challengeText = passkeyChallengeText(session, statement);
    const once = sha256Hex(challengeText);
    const passkey = this.#passkeys.get(passkeyName);
    if (passkey === undefined || passkey.epoch !== epoch) {
      invalid(`is of passkey ${passkeyName}, which was not registered`);
      return { findings, once };
    }
    const checked = isOrigin(passkey.origin) ? checkAssertion({ ...passkey, challengeText }, assertion) : NO_ORIGIN;
    if ("problem" in checked) invalid(`is not passkey ${passkeyName}’s: ${checked.problem}`);
    else if (checked.counter > 0 && passkey.counters.has(checked.counter))
      invalid(`repeats the counter of passkey ${passkeyName}`);
    else if (checked.counter > 0) passkey.counters.add(checked.counter);
    return { findings, once };
  }
}

const NO_ORIGIN = { problem: "its origin is no address of a page" };

/** The journal may hold any value in its place. */
function isOrigin(origin: unknown): origin is string {
  return typeof origin === "string" && URL.canParse(origin);
}
