/**
 * The key pair of an agent's token. A client that has the token proves the private half and never sends the token; the
 * journal keeps the public half, which proves nothing.
 */
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { type Signer, signerOf } from "./operator-keys.ts";

export interface TokenKey {
  readonly publicPem: string;
  readonly sign: Signer;
}

/** PKCS #8 of an Ed25519 private key, without the 32 bytes of its seed at the end. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** A plain hash is enough for the seed, because a token has 256 random bits. */
export function tokenKey(token: string): TokenKey {
  const seed = createHash("sha256").update(`qoc token key 1\n${token}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, seed]), format: "der", type: "pkcs8" });
  return {
    publicPem: String(createPublicKey(key).export({ type: "spki", format: "pem" })),
    sign: signerOf(key),
  };
}
