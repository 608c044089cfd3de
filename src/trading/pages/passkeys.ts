/**
 * The passkeys of a desk. A page makes one and offers it to the desk; the operator signs it with the live key at a
 * terminal, by the digest that the page shows. The journal keeps those in force.
 */
import type { Authority } from "../../domain/authority/authority.ts";
import { digestOf } from "../../domain/digest.ts";
import { QocError } from "../../domain/errors/error.ts";
import type { Digest } from "../../domain/ids.ts";
import type { PageCaller } from "../../domain/pages/page-session.ts";
import {
  type PasskeyAssertion,
  type PasskeyFacts,
  passkeyProofText,
  passkeySubject,
  passkeyText,
} from "../../domain/pages/passkey.ts";
import { newSessionName } from "../../domain/pages/session-names.ts";
import { iso } from "../../lib/time.ts";
import type { Desk } from "../desk.ts";
import { checkAssertion, isPasskeyKey } from "./verify-passkey.ts";

/** Passkeys that wait for the live key. One more drops the oldest. */
const OFFERS_MAX = 4;
const OFFER_MS = 10 * 60 * 1000;
const PASSKEYS_MAX = 20;

/** A passkey as the page made it. */
export interface NewPasskey extends Pick<PasskeyFacts, "credential" | "publicKey"> {
  readonly proof: PasskeyAssertion;
}

export interface PasskeyView extends PasskeyFacts {
  /** `offered`: it waits for the live key. */
  readonly state: "in force" | "offered";
  readonly digest: Digest;
  /** When it was registered or offered. */
  readonly at: string;
}

export interface Passkeys {
  /** Keeps the passkey of a page for ten minutes, and no longer than its session. @throws PASSKEY_REFUSED. */
  offer(page: PageCaller, passkey: NewPasskey): PasskeyView;
  /** Registers the offered passkey with this digest. @throws PASSKEY_UNKNOWN; as a check of the live key. */
  add(
    digest: string,
    by: { readonly authority: Authority | undefined; readonly page: PageCaller | undefined },
  ): Promise<PasskeyView>;
  list(): readonly PasskeyView[];
  /** From here on it approves nothing. @throws PASSKEY_UNKNOWN. */
  remove(name: string): Promise<void>;
}

type PasskeyDesk = Pick<Desk, "authority" | "clock" | "commit" | "ids" | "readOnly" | "state">;

interface Offer {
  readonly facts: PasskeyFacts;
  readonly session: string;
  readonly proof: PasskeyAssertion;
  readonly at: number;
}

export function openPasskeys(desk: PasskeyDesk): Passkeys {
  return new DeskPasskeys(desk);
}

class DeskPasskeys implements Passkeys {
  readonly #desk: PasskeyDesk;
  /** By the digest of the facts, the oldest first. */
  readonly #offers = new Map<string, Offer>();

  constructor(desk: PasskeyDesk) {
    this.#desk = desk;
  }

  offer({ session, origin }: PageCaller, { credential, publicKey, proof }: NewPasskey): PasskeyView {
    const { clock, ids } = this.#desk;
    const refuse = (reason: string): QocError => new QocError("PASSKEY_REFUSED", { reason });
    this.#refuseReadOnly();
    if (!isPasskeyKey(publicKey)) throw refuse("its key is neither Ed25519 nor ECDSA on P-256");
    const inForce = [...this.#passkeys.values()];
    if (inForce.some((known) => known.credential === credential)) throw refuse("it is registered already");
    if (inForce.length >= PASSKEYS_MAX) throw refuse(`the desk has ${PASSKEYS_MAX} of them already`);
    const challengeText = passkeyProofText(session, { credential, publicKey, origin });
    const checked = checkAssertion({ publicKey, origin, challengeText }, proof);
    if ("problem" in checked) throw refuse(checked.problem);
    this.#dropOld();
    const taken = new Set([...this.#passkeys.keys(), ...[...this.#offers.values()].map(({ facts }) => facts.name)]);
    const facts = { name: newSessionName(ids.random, taken), credential, publicKey, origin };
    const offer = { facts, session, proof, at: clock.now() };
    this.#offers.set(digestOf(passkeyText(facts)), offer);
    const [oldest] = this.#offers.keys();
    if (this.#offers.size > OFFERS_MAX && oldest !== undefined) this.#offers.delete(oldest);
    return viewOf(facts, "offered", offer.at);
  }

  async add(
    digest: string,
    { authority, page }: { readonly authority: Authority | undefined; readonly page: PageCaller | undefined },
  ): Promise<PasskeyView> {
    this.#refuseReadOnly();
    const { facts, session, proof } = this.#offerOf(digest);
    await this.#desk.authority.check({ ...passkeySubject(digest as Digest), key: "live", page }, authority);
    if (authority === undefined) throw new QocError("SIGNATURE_REQUIRED", { action: "passkey", key: "live" });
    // Before the next `await`: of two terminals one registers it.
    this.#offerOf(digest);
    this.#offers.delete(digest);
    const onDisk = this.#desk.commit({ type: "passkey.added", ...facts, session, proof, authority });
    const added = this.#passkeys.get(facts.name);
    await onDisk;
    return viewOf(facts, "in force", added?.addedAt ?? this.#desk.clock.now());
  }

  list(): readonly PasskeyView[] {
    this.#dropOld();
    return [
      ...[...this.#passkeys.values()].map(({ addedAt, ...facts }) => viewOf(facts, "in force", addedAt)),
      ...[...this.#offers.values()].map(({ facts, at }) => viewOf(facts, "offered", at)),
    ];
  }

  async remove(name: string): Promise<void> {
    this.#refuseReadOnly();
    if (!this.#passkeys.has(name)) throw new QocError("PASSKEY_UNKNOWN", { kind: "name", ref: name });
    await this.#desk.commit({ type: "passkey.removed", name, actor: "human" });
  }

  get #passkeys() {
    return this.#desk.state.pages.passkeys;
  }

  #offerOf(digest: string): Offer {
    this.#dropOld();
    const offer = this.#offers.get(digest);
    if (offer === undefined) throw new QocError("PASSKEY_UNKNOWN", { kind: "digest", ref: digest });
    return offer;
  }

  /** An offer ends with the session of its page, too. */
  #dropOld(): void {
    const { clock, state } = this.#desk;
    const isOver = ({ at, session }: Offer): boolean =>
      at + OFFER_MS <= clock.now() || !state.pages.sessions.has(session);
    for (const [digest, offer] of this.#offers) if (isOver(offer)) this.#offers.delete(digest);
  }

  #refuseReadOnly(): void {
    const reason = this.#desk.readOnly();
    if (reason !== undefined) throw new QocError("DESK_READ_ONLY", { reason });
  }
}

function viewOf(facts: PasskeyFacts, state: PasskeyView["state"], at: number): PasskeyView {
  const { name, credential, publicKey, origin } = facts;
  return { name, state, origin, credential, publicKey, digest: digestOf(passkeyText(facts)), at: iso(at) };
}
