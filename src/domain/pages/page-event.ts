/** The events of page sessions. */
import type { Actor } from "../authority/actor.ts";
import type { Authority } from "../authority/authority.ts";
import type { PageGrant } from "./page-session.ts";
import type { PasskeyAssertion, PasskeyFacts } from "./passkey.ts";

/** A page logged in with the code of a grant. */
export interface PageOpened extends PageGrant {
  readonly type: "page.opened";
  /** The name of the session: three words, which the terminal and the page show. */
  readonly session: string;
  /** Base64 of the public half of the page's key (SPKI, Ed25519). */
  readonly publicKey: string;
  /** Base64, by the page's key over `loginText`. */
  readonly proof: string;
  /** The desk key's signature of the grant. */
  readonly authority: Authority;
}

/** A session ended before its time. */
export interface PageClosed {
  readonly type: "page.closed";
  readonly session: string;
  readonly reason: "logout" | "revoked" | "idle" | "replaced";
  readonly actor: Actor;
}

/** Logins that failed within a minute. */
export interface PageRefused {
  readonly type: "page.refused";
  readonly reason: "unknown code" | "used code" | "expired code" | "invalid key";
  readonly count: number;
}

/** A page made a passkey, and the live key signed it. */
export interface PasskeyAdded extends PasskeyFacts {
  readonly type: "passkey.added";
  /** The page session that made it. */
  readonly session: string;
  /** By the passkey, over `passkeyProofText`. */
  readonly proof: PasskeyAssertion;
  readonly authority: Authority;
}

export interface PasskeyRemoved {
  readonly type: "passkey.removed";
  readonly name: string;
  readonly actor: Actor;
}

export type PageEvent = PageOpened | PageClosed | PageRefused | PasskeyAdded | PasskeyRemoved;
