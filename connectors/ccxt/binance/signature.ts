/** Signatures of requests to Binance. */
import { createHmac, sign } from "node:crypto";

/** HMAC for a secret of letters and digits, else the signature of a private key (RSA, Ed25519). */
export function signatureOf(text: string, secret: string): string {
  if (!secret.includes("PRIVATE KEY")) return createHmac("sha256", secret).update(text).digest("hex");
  const isRsa = secret.includes("RSA") || secret.length > 120;
  return sign(isRsa ? "sha256" : null, Buffer.from(text), secret).toString("base64");
}
