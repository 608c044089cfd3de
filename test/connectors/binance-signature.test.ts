/** Requests to Binance signed with each kind of key, by ccxt and for the stream, however the file ends its lines. */
import { createHmac, generateKeyPairSync, verify } from "node:crypto";
import { expect, it } from "vitest";
import type { ExchangeClass } from "../../connectors/ccxt/ccxt.ts";
import { secretForCcxt, signatureOf } from "../../connectors/ccxt/binance/signature.ts";
import { BINANCE } from "../../connectors/ccxt/binance/venue.ts";

// The package exports its main file alone, which has every exchange.
const CLASS = new URL("../../node_modules/ccxt/js/src/binance.js", import.meta.url).href;
const { default: Binance } = (await import(/* @vite-ignore */ CLASS)) as { readonly default: ExchangeClass };

const pem = {
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
};
const ed25519 = generateKeyPairSync("ed25519", pem as never) as unknown as Record<"privateKey" | "publicKey", string>;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048, ...pem } as never) as unknown as typeof ed25519;

/** The signature of a request of the profile, and what was signed. */
function signedRequest(secret: string): { readonly signature: string; readonly text: string } {
  const exchange = new Binance({ apiKey: "key", secret, number: String });
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const origins = { rest: "http://127.0.0.1", stream: "ws://127.0.0.1", quotes: "ws://127.0.0.1" };
  const settings = { environment: "paper", currency: "USDT", origins } as const;
  BINANCE.open({ exchange, settings, key: "key", secret, logger });
  const [, query = ""] = exchange.sign("account", "private", "GET", {}).url.split("?");
  const [text = "", signature = ""] = query.split("&signature=");
  return { signature: decodeURIComponent(signature), text };
}

const lines = (key: string): readonly (readonly [string, string])[] => [
  ["LF", key],
  ["LF, without the last one", key.trim()],
  ["CRLF", key.replaceAll("\n", "\r\n")],
  ["CRLF, with empty lines after it", `${key.replaceAll("\n", "\r\n")}\r\n\r\n`],
  ["spaces before and after each", key.replaceAll("\n", " \n ")],
];

it.each([
  ...lines(ed25519.privateKey).map(([name, key]) => ["Ed25519", name, key, ed25519.publicKey, null] as const),
  ...lines(rsa.privateKey).map(([name, key]) => ["RSA", name, key, rsa.publicKey, "sha256"] as const),
])("a key of %s whose lines end in %s signs requests and the stream", (_kind, _name, key, publicKey, hash) => {
  const { signature, text } = signedRequest(key);
  expect(verify(hash, Buffer.from(text), publicKey, Buffer.from(signature, "base64"))).toBe(true);
  const streamed = Buffer.from(signatureOf("apiKey=key", secretForCcxt(key)), "base64");
  expect(verify(hash, Buffer.from("apiKey=key"), publicKey, streamed)).toBe(true);
});

it("a secret of letters and digits is the key of an HMAC, as it is", () => {
  const { signature, text } = signedRequest("abc123");
  expect(signature).toBe(createHmac("sha256", "abc123").update(text).digest("hex"));
  expect(signatureOf(text, "abc123")).toBe(signature);
});
