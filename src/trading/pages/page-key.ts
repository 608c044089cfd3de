/**
 * The public keys that pages and passkeys may have, by their bytes: base64 of the SPKI of Ed25519 or of ECDSA on P-256.
 * Node reads further forms, and some of them it cannot use: asked for the curve of a key that is the point at infinity,
 * Node 20 and 22 end the process.
 */
type PublicKeyKind = "ed25519" | "p256";

const HEADS: Readonly<Record<PublicKeyKind, string>> = {
  ed25519: "302a300506032b6570032100",
  p256: "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
};
const SIZES: Readonly<Record<PublicKeyKind, number>> = { ed25519: 44, p256: 91 };

/** undefined: the text is no such key. Whether the point is on its curve is seen when the key is used. */
export function publicKeyKind(publicKey: string): PublicKeyKind | undefined {
  const spki = Buffer.from(publicKey, "base64");
  if (spki.toString("base64") !== publicKey) return undefined;
  const text = spki.toString("hex");
  if (spki.length === SIZES.p256 && text.startsWith(HEADS.p256)) return "p256";
  const isEd25519 = spki.length === SIZES.ed25519 && text.startsWith(HEADS.ed25519);
  return isEd25519 && !isWeak(spki.subarray(HEADS.ed25519.length / 2)) ? "ed25519" : undefined;
}

/** Points of Ed25519 of a small order, without their sign: anybody can sign any text for them. */
const WEAK_POINTS: ReadonlySet<string> = new Set([
  `00${"00".repeat(31)}`,
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
]);
const SIGN = 0x80;

function isWeak(point: Uint8Array): boolean {
  const unsigned = Buffer.from(point);
  unsigned[31] = (unsigned[31] ?? 0) & ~SIGN;
  return WEAK_POINTS.has(unsigned.toString("hex"));
}

/** Whether the text is the public half of a key of a page. */
export function isPageKey(publicKey: string): boolean {
  return publicKeyKind(publicKey) === "ed25519";
}

export function pagePem(publicKey: string): string {
  return `-----BEGIN PUBLIC KEY-----\n${publicKey}\n-----END PUBLIC KEY-----\n`;
}
