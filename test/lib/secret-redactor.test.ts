import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SecretRedactor } from "../../src/lib/secret-redactor.ts";

const MIN_LENGTH = 6;
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
function jsonOf(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
function lowerCaseEscapes(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase());
}
const ENCODINGS: readonly (readonly [string, (secret: string) => string])[] = [
  ["as it is", (secret) => secret],
  ["in JSON", (secret) => JSON.stringify(secret).slice(1, -1)],
  ["in hex", (secret) => Buffer.from(secret).toString("hex")],
  ["in upper-case hex", (secret) => Buffer.from(secret).toString("hex").toUpperCase()],
  ["in a URL", encodeURIComponent],
  ["in a URL with lower-case digits", (secret) => lowerCaseEscapes(encodeURIComponent(secret))],
  ["in JSON in JSON", (secret) => jsonOf(jsonOf(secret))],
  ["in JSON in JSON in JSON", (secret) => jsonOf(jsonOf(jsonOf(secret)))],
  ["in unicode escapes", (secret) => secret.replace(/[^a-z0-9]/gi, unicodeEscape)],
  ["in unicode escapes in JSON", (secret) => jsonOf(secret.replace(/[^a-z0-9]/gi, unicodeEscape))],
  ["in named HTML entities", (secret) => secret.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)],
  ["in decimal HTML entities", (secret) => secret.replace(/./g, (character) => `&#${character.charCodeAt(0)};`)],
  ["in hexadecimal HTML entities", (secret) => secret.replace(/./g, (c) => `&#x${c.charCodeAt(0).toString(16)};`)],
  ["in UTF-16 read byte by byte", (secret) => Buffer.from(secret, "utf16le").toString("latin1").slice(0, -1)],
  ["in UTF-16 in JSON", (secret) => jsonOf(Buffer.from(secret, "utf16le").toString("latin1").slice(0, -1))],
  ["in UTF-16 in hex", (secret) => Buffer.from(secret, "utf16le").toString("hex")],
  ["in a form", (secret) => new URLSearchParams([["", secret]]).toString().slice(1)],
];
/** A secret with more backslashes is found in the fixed forms only. */
const anySecret = fc
  .string({ unit: "grapheme-ascii", minLength: 8, maxLength: 40 })
  .filter((secret) => secret.split("\\").length <= 4);

describe("a secret redactor", () => {
  it.each(ENCODINGS)("replaces a secret %s by its label and leaves the text around it", (_encoding, encode) => {
    fc.assert(
      fc.property(anySecret, (secret) => {
        const redactor = new SecretRedactor(MIN_LENGTH);
        redactor.add(secret, "[key]");
        expect(redactor.redact(`<${encode(secret)}>`)).toBe("<[key]>");
      }),
      // The zero byte of UTF-16 is escaped by the same characters.
      { examples: [["      \\u"], ["      \\x"], ["      \\0"], ["\\u0000 ab"], ["ab\\0cdef"]] },
    );
  });

  it("leaves of a secret in base64 at most the characters that also encode adjacent bytes", () => {
    fc.assert(
      fc.property(anySecret, fc.string({ unit: "grapheme-ascii", maxLength: 5 }), (secret, user) => {
        const redactor = new SecretRedactor(MIN_LENGTH);
        redactor.add(secret);
        for (const encoding of ["base64", "base64url"] as const) {
          const bytes = Buffer.from(`${user}:${secret}`);
          const redacted = redactor.redact(bytes.toString(encoding));
          expect(redacted).toContain("[secret]");
          const before = Math.ceil(((user.length + 1) * 8) / 6);
          const [head = "", tail = ""] = redacted.split("[secret]");
          expect(head.length).toBeLessThanOrEqual(before);
          expect(tail.replaceAll("=", "").length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it("replaces a secret that contains another one whole, in any order of adding", () => {
    for (const secrets of [
      ["inner-secret", "an-inner-secret-too"],
      ["an-inner-secret-too", "inner-secret"],
    ]) {
      const redactor = new SecretRedactor(MIN_LENGTH);
      for (const secret of secrets) redactor.add(secret);
      expect(redactor.redact("an-inner-secret-too, inner-secret")).toBe("[secret], [secret]");
    }
  });

  it("changes no text if it knows no secret of the minimum length", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ maxLength: MIN_LENGTH - 1 }), (text, short) => {
        const redactor = new SecretRedactor(MIN_LENGTH);
        redactor.add(short);
        expect(redactor.redact(text)).toBe(text);
      }),
    );
  });
});
