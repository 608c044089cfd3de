/** The key of a page, in software: journals of tests are built without waiting. */
import { generateKeyPairSync, sign } from "node:crypto";

export interface SoftPageKey {
  /** Base64 of its SPKI. */
  readonly publicKey: string;
  readonly sign: (text: string) => string;
}

export function softPageKey(): SoftPageKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return {
    publicKey: publicKey.export({ type: "spki", format: "der" }).toString("base64"),
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString("base64"),
  };
}
