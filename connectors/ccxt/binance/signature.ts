/** Signatures of requests to Binance. */
import { createHmac, createPrivateKey, sign } from "node:crypto";

const IS_KEY = "PRIVATE KEY";

/** HMAC for a secret of letters and digits, else the signature of a private key (RSA, Ed25519). */
export function signatureOf(text: string, secret: string): string {
  if (!secret.includes(IS_KEY)) return createHmac("sha256", secret).update(text).digest("hex");
  const key = createPrivateKey(secret);
  return sign(key.asymmetricKeyType === "rsa" ? "sha256" : null, Buffer.from(text), key).toString("base64");
}

/**
 * The secret as ccxt takes it: ccxt says by the length of a private key whether it is RSA, so that the carriage returns
 * and empty lines of a file must not count.
 */
export function secretForCcxt(secret: string): string {
  if (!secret.includes(IS_KEY)) return secret;
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim());
  return lines.filter((line) => line !== "").join("\n");
}
