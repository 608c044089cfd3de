/** The public half of the key that a page makes at its login. */
import { createPublicKey } from "node:crypto";

/** SPKI of Ed25519 has 44 bytes, in base64 with its padding. */
const PUBLIC_KEY = /^[A-Za-z0-9+/]{59}=$/;

/** Whether the text is the public half of an Ed25519 key: base64 of its SPKI. */
export function isPageKey(publicKey: string): boolean {
  if (!PUBLIC_KEY.test(publicKey)) return false;
  try {
    const key = createPublicKey(pagePem(publicKey));
    const spki = key.export({ type: "spki", format: "der" }).toString("base64");
    return key.asymmetricKeyType === "ed25519" && spki === publicKey;
  } catch {
    return false;
  }
}

export function pagePem(publicKey: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`;
}
