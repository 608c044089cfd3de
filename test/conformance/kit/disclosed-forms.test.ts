/** The kit finds a secret in a longer text in every encoding, at every offset. */
import { expect, it } from "vitest";
import { disclosedForms } from "../../../src/conformance/disclosed-forms.ts";

function isFound(secret: string, text: string): boolean {
  return disclosedForms(secret).some(([, forms]) => forms.some((form) => text.includes(form)));
}

it.each(["", "u", "us", "use", "user:"].flatMap((before) => ["", ":x", "z", "::more"].map((after) => [before, after])))(
  "in base64 between %j and %j",
  (before, after) => {
    const text = `${before}hunter2${after}`;
    for (const encoding of ["base64", "base64url", "hex"] as const)
      expect(isFound("hunter2", Buffer.from(text).toString(encoding)), encoding).toBe(true);
  },
);

it("not in a text without it", () => {
  expect(isFound("hunter2", Buffer.from("the venue refused the order").toString("base64"))).toBe(false);
});
