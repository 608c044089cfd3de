/** Passkeys of this browser (WebAuthn): makes one, and asks one to approve a live order. */
import type { Authority, SigningRequest } from "../domain/authority/authority.ts";
import {
  type PasskeyAssertion,
  type PasskeyRequest,
  passkeyChallengeText,
  passkeyProofText,
} from "../domain/pages/passkey.ts";
import type { DeskClient } from "./desk-client.ts";
import { CannotSign, base64 } from "./session-key.ts";

/** The desk takes Ed25519 and ECDSA on P-256, by their numbers in the registry of COSE. */
const ALGORITHMS = [-8, -7];
/** The browser asks the human for this time. */
const ASK_MS = 60_000;

/** Why this page cannot use passkeys; undefined: it can. */
export function noPasskeys(): string | undefined {
  if (!("PublicKeyCredential" in globalThis)) return "This browser has no passkeys.";
  const { hostname, port, protocol } = location;
  const isAddress = /^[\d.]+$|^\[/.test(hostname);
  return isAddress
    ? `A passkey needs a name: open ${protocol}//localhost:${port}/ui/ instead of ${hostname}.`
    : undefined;
}

export interface OfferedPasskey {
  readonly name: string;
  /** What the operator types at the terminal. */
  readonly digest: string;
}

/**
 * Makes a passkey on an authenticator that has none of the known ones, and offers it to the desk.
 * @throws CannotSign if the human gave none; RequestError.
 */
export async function makePasskey(
  client: DeskClient,
  { deskName, known }: { readonly deskName: string; readonly known: readonly string[] },
): Promise<OfferedPasskey> {
  const [challenge, user] = await Promise.all([
    // No desk asks for what it signs here: the proof below is what counts.
    digestBytes("qoc passkey new"),
    digestBytes(`qoc passkey user\n${client.session}`),
  ]);
  const made = await ask(() =>
    navigator.credentials.create({
      publicKey: {
        challenge,
        rp: { name: "Qoc", id: location.hostname },
        user: { id: user, name: deskName, displayName: deskName },
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { userVerification: "required", residentKey: "discouraged" },
        excludeCredentials: descriptorsOf(known),
        attestation: "none",
        timeout: ASK_MS,
      },
    }),
  );
  const spki = (made.response as AuthenticatorAttestationResponse).getPublicKey();
  if (spki === null) throw new CannotSign("no-passkey");
  const facts = { credential: made.id, publicKey: base64(spki), origin: location.origin };
  const { assertion: proof } = await assertionOf(passkeyProofText(client.session, facts), [made.id]);
  const { credential, publicKey } = facts;
  const passkey = { credential, publicKey, proof };
  return (await client.call<OfferedPasskey>("passkeys add", { passkey })).value;
}

interface PasskeyQuestion {
  readonly session: string;
  readonly statement: SigningRequest["statement"];
  readonly request: PasskeyRequest;
}

/** Asks for an answer to exactly this statement. @throws CannotSign if the human gave none. */
export async function passkeyAuthority({ session, statement, request }: PasskeyQuestion): Promise<Authority> {
  const { expiresAt, passkeys } = request;
  const credentials = passkeys.map(({ credential }) => credential);
  const text = passkeyChallengeText(session, { ...statement, expiresAt });
  const { id, assertion } = await assertionOf(text, credentials);
  const { name = "" } = passkeys.find(({ credential }) => credential === id) ?? {};
  const { authenticatorData, clientData, signature } = assertion;
  const { epoch, head } = statement;
  return {
    key: "passkey",
    session,
    passkey: { name, authenticatorData, clientData },
    epoch,
    head,
    expiresAt,
    signature,
  };
}

async function assertionOf(
  challengeText: string,
  credentials: readonly string[],
): Promise<{ readonly id: string; readonly assertion: PasskeyAssertion }> {
  const challenge = await digestBytes(challengeText);
  const given = await ask(() =>
    navigator.credentials.get({
      publicKey: {
        challenge,
        rpId: location.hostname,
        allowCredentials: descriptorsOf(credentials),
        userVerification: "required",
        timeout: ASK_MS,
      },
    }),
  );
  const { authenticatorData, clientDataJSON, signature } = given.response as AuthenticatorAssertionResponse;
  const assertion = {
    authenticatorData: base64(authenticatorData),
    clientData: base64(clientDataJSON),
    signature: base64(signature),
  };
  return { id: given.id, assertion };
}

function digestBytes(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

async function ask(question: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  // A browser refuses with a DOMException: the human pressed Cancel, took too long, or has no authenticator.
  const given = await question().catch(() => null);
  if (given === null) throw new CannotSign("no-passkey");
  return given as PublicKeyCredential;
}

function descriptorsOf(credentials: readonly string[]): PublicKeyCredentialDescriptor[] {
  return credentials.map((id) => ({ type: "public-key", id: bytesOf(id) }));
}

function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
