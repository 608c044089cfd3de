/**
 * Checks answers of authenticators (WebAuthn level 2, section 7.2): the host at an approval, and `journal verify`
 * offline. No attestation is asked for: the live key's signature says that the operator trusts the passkey.
 */
import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import type { Authority } from "../../domain/authority/authority.ts";
import { type PasskeyAssertion, type PasskeyFacts, counterOf } from "../../domain/pages/passkey.ts";
import { tryParseJson } from "../../lib/json.ts";
import { LruMap } from "../../lib/lru-map.ts";
import { pagePem, publicKeyKind } from "./page-key.ts";

export interface AssertionRequest extends Pick<PasskeyFacts, "publicKey" | "origin"> {
  /** The challenge is the SHA-256 of it. */
  readonly challengeText: string;
}

/** The name that an authority states, and the answer of the authenticator. Each may be any value of a journal. */
export function passkeyAnswer({ passkey, signature }: Authority): {
  readonly name: string;
  readonly assertion: PasskeyAssertion;
} {
  const { name = "", authenticatorData = "", clientData = "" } = passkey ?? {};
  return { name: String(name), assertion: { authenticatorData, clientData, signature } };
}

/** Bytes of the hash of the host name, of the flags and of the counter. */
const [HASH_BYTES, DATA_BYTES] = [32, 37];
const [USER_PRESENT, USER_VERIFIED] = [0x01, 0x04];

/** The counter of the authenticator, or the reason why its answer does not count. */
export function checkAssertion(
  { publicKey, origin, challengeText }: AssertionRequest,
  assertion: PasskeyAssertion | undefined,
): { readonly counter: number } | { readonly problem: string } {
  // A forged record of the journal may hold any value in its place.
  const { authenticatorData, clientData, signature } = (assertion ?? {}) as Partial<PasskeyAssertion>;
  const client = Buffer.from(String(clientData), "base64");
  const problem = clientProblem(client, { origin, challenge: sha256(challengeText).toString("base64url") });
  if (problem !== undefined) return { problem };
  const data = Buffer.from(String(authenticatorData), "base64");
  if (data.length < DATA_BYTES) return { problem: "its answer is too short" };
  if (!data.subarray(0, HASH_BYTES).equals(sha256(new URL(origin).hostname)))
    return { problem: `it answered for another host than ${new URL(origin).hostname}` };
  const flags = data.readUInt8(HASH_BYTES);
  if ((flags & USER_PRESENT) === 0) return { problem: "the authenticator was not touched" };
  if ((flags & USER_VERIFIED) === 0) return { problem: "the authenticator did not verify its user" };
  if (!isSigned(publicKey, Buffer.concat([data, sha256(client)]), Buffer.from(String(signature), "base64")))
    return { problem: "its signature is not valid" };
  return { counter: counterOf({ authenticatorData: data.toString("base64") }) };
}

function clientProblem(
  client: Buffer,
  expected: { readonly origin: string; readonly challenge: string },
): string | undefined {
  const parsed = tryParseJson(client.toString("utf8"));
  const { type, challenge, origin, crossOrigin } = (parsed ?? {}) as Readonly<Record<string, unknown>>;
  if (type !== "webauthn.get") return "its answer is to another question";
  if (challenge !== expected.challenge) return "it answered another challenge";
  if (origin !== expected.origin) return `it was asked by ${String(origin)}, and is for ${expected.origin}`;
  if (crossOrigin !== undefined && crossOrigin !== false) return "it was asked inside another page";
  return undefined;
}

/** Whether the text is a key that this desk takes: base64 of the SPKI of Ed25519 or of ECDSA on P-256. */
export function isPasskeyKey(publicKey: string): boolean {
  return keyOf(publicKey) !== undefined;
}

const PARSED_MAX = 32;
const parsedKeys = new LruMap<string, KeyObject>(PARSED_MAX);

function keyOf(publicKey: string): KeyObject | undefined {
  const known = parsedKeys.get(publicKey);
  if (known !== undefined) return known;
  if (publicKeyKind(publicKey) === undefined) return undefined;
  try {
    const key = createPublicKey(pagePem(publicKey));
    parsedKeys.set(publicKey, key);
    return key;
  } catch {
    // The point is not on its curve.
    return undefined;
  }
}

function isSigned(publicKey: string, data: Buffer, signature: Buffer): boolean {
  const key = keyOf(publicKey);
  if (key === undefined) return false;
  return verify(key.asymmetricKeyType === "ec" ? "sha256" : null, data, key, signature);
}

function sha256(data: string | Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}
