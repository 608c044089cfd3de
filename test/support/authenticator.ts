/** An authenticator in software: it answers as a real one does, or with one member forged. */
import { type KeyObject, createHash, generateKeyPairSync, sign } from "node:crypto";
import type { PasskeyAssertion } from "../../src/domain/pages/passkey.ts";

/** What an answer contains; each member can be replaced. */
export interface Answer {
  readonly type: string;
  /** The text whose hash is the challenge. */
  readonly text: string;
  readonly origin: string;
  readonly crossOrigin: boolean | undefined;
  readonly host: string;
  /** 0x01: the user was present; 0x04: the user was verified. */
  readonly flags: number;
  readonly counter: number;
}

export interface Authenticator {
  /** base64url. */
  readonly credential: string;
  /** Base64 of its SPKI. */
  readonly publicKey: string;
  /** The counter of its last answer. */
  counter: number;
  answer(text: string, origin: string, forged?: Partial<Answer>): PasskeyAssertion;
}

function sha256(data: string | Buffer): Buffer {
  return createHash("sha256").update(data).digest();
}

let made = 0;

export function authenticator(kind: "ed25519" | "p256" = "p256"): Authenticator {
  const { privateKey, publicKey } = keyPair(kind);
  made += 1;
  return {
    credential: sha256(`credential ${made}`).toString("base64url"),
    publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
    counter: 0,
    answer(text, origin, forged = {}) {
      this.counter += 1;
      const honest = { type: "webauthn.get", text, origin, crossOrigin: false, host: new URL(origin).hostname };
      const answer = { ...honest, flags: 0x05, counter: this.counter, ...forged };
      const { type, crossOrigin } = answer;
      const challenge = sha256(answer.text).toString("base64url");
      const client = Buffer.from(JSON.stringify({ type, challenge, origin: answer.origin, crossOrigin }));
      const data = Buffer.alloc(37);
      sha256(answer.host).copy(data);
      data.writeUInt8(answer.flags, 32);
      data.writeUInt32BE(answer.counter, 33);
      const signed = sign(kind === "p256" ? "sha256" : null, Buffer.concat([data, sha256(client)]), privateKey);
      return {
        authenticatorData: data.toString("base64"),
        clientData: client.toString("base64"),
        signature: signed.toString("base64"),
      };
    },
  };
}

function keyPair(kind: "ed25519" | "p256"): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  return kind === "p256" ? generateKeyPairSync("ec", { namedCurve: "P-256" }) : generateKeyPairSync("ed25519");
}
