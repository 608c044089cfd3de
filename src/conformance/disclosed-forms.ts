/** The texts that disclose a secret: the secret itself, encoded forms, and parts of each. */

/** A part this long identifies a key. Shorter parts also occur in ordinary text. */
const PART_CHARS = 8;
const ENCODED_PART_CHARS = 12;
/** Shorter secrets are looked for as a whole only: their parts also occur in ordinary text. */
const DIVIDED_CHARS_MIN = 16;

export type DisclosedForm = readonly [description: string, texts: readonly string[]];

/** Returns the texts to look for, the most telling first. */
export function disclosedForms(secret: string): readonly DisclosedForm[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString("hex");
  const encoded: readonly DisclosedForm[] = [
    ["in base64", base64Forms(secret, "base64")],
    ["in base64url", base64Forms(secret, "base64url")],
    ["in hexadecimal", [hex, hex.toUpperCase()]],
    ["URL-encoded", [encodeURIComponent(secret), encodeURIComponent(encodeURIComponent(secret))]],
    ["reversed", [[...secret].toReversed().join("")]],
  ];
  const whole: readonly DisclosedForm[] = [["as plain text", [secret]], ...encoded];
  if (secret.length < DIVIDED_CHARS_MIN) return whole;
  return [
    ...whole,
    ["in part", parts(secret, PART_CHARS)],
    ["in part, in base64", base64Forms(secret, "base64").flatMap((form) => parts(form, ENCODED_PART_CHARS))],
    ["in part, in hexadecimal", [hex, hex.toUpperCase()].flatMap((form) => parts(form, 2 * PART_CHARS))],
  ];
}

/**
 * A secret inside a longer text, such as `user:secret`, has one of three forms in base64, by its offset. The characters
 * at the ends depend on the text around the secret and are left out.
 */
function base64Forms(secret: string, encoding: "base64" | "base64url"): readonly string[] {
  return [0, 1, 2].map((offset) => {
    const form = Buffer.from("x".repeat(offset) + secret)
      .toString(encoding)
      .replace(/=+$/, "");
    const isCutEvenly = (offset + Buffer.byteLength(secret)) % 3 === 0;
    return form.slice(offset === 0 ? 0 : offset + 1, isCutEvenly ? undefined : -1);
  });
}

function parts(text: string, length: number): readonly string[] {
  return Array.from({ length: Math.max(text.length - length + 1, 0) }, (_, start) => text.slice(start, start + length));
}
