/**
 * Passkeys of the page. The live key signs a passkey once, at a terminal; from then on the passkey may approve live
 * orders on the page, one assertion for each order. The page computes the same texts, so this file loads nothing of
 * Node.
 */
import {
  type ActionStatement,
  type ActionSubject,
  type Authority,
  STATEMENT_MS,
  type SigningRole,
  statementText,
} from "../authority/authority.ts";
import { canonicalJson } from "../canonical-json.ts";
import type { Digest } from "../ids.ts";

/** What the live key signs, and what the journal keeps. */
export interface PasskeyFacts {
  /** Three words, which the terminal and the page show. */
  readonly name: string;
  /** The authenticator's id of the credential, base64url. */
  readonly credential: string;
  /** Base64 of the public half (SPKI), Ed25519 or P-256. */
  readonly publicKey: string;
  /** The one origin whose page may use it, with its port. */
  readonly origin: string;
}

/** An answer of an authenticator, each member in base64. */
export interface PasskeyAssertion {
  /** The hash of the page's host name, the flags, and the counter of signatures. */
  readonly authenticatorData: string;
  /** JSON that the browser wrote: what was asked, the challenge, and the origin that asked. */
  readonly clientData: string;
  readonly signature: string;
}

/** What a page needs to ask for an assertion on one review. */
export interface PasskeyRequest {
  /** The passkeys that the page's origin may use. */
  readonly passkeys: readonly Pick<PasskeyFacts, "name" | "credential">[];
  /** The end of the statement, ms, by the desk's clock. */
  readonly expiresAt: number;
}

/** An assertion must reach the desk within this time after the review was made. */
export const PASSKEY_MS = 2 * 60 * 1000;

/** The longest time that a statement under this key may count, ms. */
export function longestStatementMs(signer: Authority["key"]): number {
  return signer === "passkey" ? PASSKEY_MS : STATEMENT_MS;
}

/** Whether a page signed with this key, and not a terminal. */
export function isKeyOfPage(signer: Authority["key"] | undefined): boolean {
  return signer === "session" || signer === "passkey";
}

/** Where an answer has its counter: after the hash of the host and the flags. */
const COUNTER_AT = 33;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The counter in an answer, of four bytes; 0 if it has none. A forged record may hold any value in its place. */
export function counterOf(answer: Pick<PasskeyAssertion, "authenticatorData"> | undefined): number {
  const text = String(answer?.authenticatorData);
  if (!BASE64.test(text)) return 0;
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  return bytes.length < COUNTER_AT + 4 ? 0 : new DataView(bytes.buffer).getUint32(COUNTER_AT);
}

export function passkeyText({ name, credential, publicKey, origin }: PasskeyFacts): string {
  return canonicalJson({ name, credential, publicKey, origin });
}

/** The subject of the statement that registers a passkey. `digest`: of {@link passkeyText}. */
export function passkeySubject(digest: Digest): ActionSubject {
  return { action: "passkey", id: "", digest, shown: "", mode: "" };
}

/** The challenge with which a new passkey proves its key is the SHA-256 of this text. */
export function passkeyProofText(
  session: string,
  { credential, publicKey, origin }: Omit<PasskeyFacts, "name">,
): string {
  return `qoc passkey proof 1\n${canonicalJson({ session, credential, publicKey, origin })}`;
}

/**
 * The challenge of an approval is the SHA-256 of this text. It covers the whole statement and the page's session, so
 * that an assertion counts for one review of one order at one page.
 */
export function passkeyChallengeText(session: string, statement: ActionStatement): string {
  return `qoc passkey approval 1\n${canonicalJson({ session })}\n${statementText(statement)}`;
}

/** Whether a key of this kind may sign a decision that needs `key`: a passkey approves live orders, and no more. */
export function isStrongEnough(
  signer: Authority["key"],
  key: SigningRole,
  { action }: Pick<ActionSubject, "action">,
): boolean {
  if (signer === "passkey") return key === "live" && action === "approve";
  return key === "desk" || signer === "live";
}
