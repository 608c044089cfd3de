/** Ids that contain a secret are masked for the desk, stay distinguishable, and are unmasked for their connector. */
import { describe, expect, it } from "vitest";
import { SecretMask } from "../../src/host/secret-mask.ts";

/** `s3cret` is the connector's own, `0thers` that of another connector. */
function createMask(): SecretMask {
  return new SecretMask({
    redact: (text) => text.replaceAll(/s3cret|0thers/g, "[secret]"),
    redactOwn: (text) => text.replaceAll("s3cret", "[secret]"),
  });
}

describe("mask", () => {
  it("masks each text that contains a secret, keys included, and nothing else", () => {
    const masked = createMask().mask({ a: ["s3cret1", "s3cret2", 3, null], b: { c: "x", s3cret: 1 } }) as {
      a: unknown[];
      b: object;
    };
    expect(JSON.stringify(masked)).not.toContain("s3cret");
    expect(masked.a[0]).not.toBe(masked.a[1]);
    expect(masked.a.slice(2)).toEqual([3, null]);
    expect(Object.keys(masked.b)).toEqual(["c", expect.stringMatching(/^\[secret\]#[0-9a-f]{12}$/)]);
    expect(masked.b).toMatchObject({ c: "x" });
  });

  it("searches once in data without a secret, and returns it as it is", () => {
    let searches = 0;
    const redactOwn = (text: string): string => {
      searches += 1;
      return text.replaceAll("s3cret", "[secret]");
    };
    const mask = new SecretMask({ redact: redactOwn, redactOwn });
    const clean = [{ a: "s3", cret: ["s3c", "ret"] }, { b: { c: "x" } }];
    expect(mask.mask(clean)).toBe(clean);
    expect(searches).toBe(1);
  });

  it("leaves a text as it is that is the secret of another connector", () => {
    expect(createMask().mask(["0thers", { "0thers": "a 0thers" }])).toEqual(["0thers", { "0thers": "a 0thers" }]);
  });

  it("masks the id of the account as the mask of another connector with this account does", () => {
    const other = (text: string): string => text.replaceAll("0thers", "[secret]");
    const ofOther = new SecretMask({ redact: other, redactOwn: other });
    expect(createMask().mask({ accountId: "U-0thers" })).toEqual(ofOther.mask({ accountId: "U-0thers" }));
    expect(createMask().mask({ accountId: "U-0thers" })).toEqual({
      accountId: expect.stringMatching(/^U-\[secret\]#[0-9a-f]{12}$/) as string,
    });
  });

  it("returns the same text for the same id, also from another mask", () => {
    expect(createMask().mask("s3cret-7")).toBe(createMask().mask("s3cret-7"));
  });

  it.each([6, 31, 32, 33, 64, 128, 4_000])(
    "returns no more than 32 characters, or the original length, for a text of %i characters",
    (length) => {
      const masked = createMask().mask(`s3cret${"x".repeat(length - 6)}`) as string;
      expect(masked.length).toBeLessThanOrEqual(Math.max(32, length));
      expect(masked).toMatch(/#[0-9a-f]{12}$/);
    },
  );
});

describe("unmask", () => {
  it("returns the original id, also inside of objects and lists", () => {
    const mask = createMask();
    const id = mask.mask("s3cret-7") as string;
    expect(mask.unmask(id)).toBe("s3cret-7");
    expect(mask.unmask([{ venueOrderId: id, n: 1 }, null])).toEqual([{ venueOrderId: "s3cret-7", n: 1 }, null]);
    expect(createMask().unmask(id)).toBe(id);
  });

  it("knows the ten thousand ids that were masked last", () => {
    const mask = createMask();
    const first = mask.mask("s3cret-first") as string;
    const second = mask.mask("s3cret-second") as string;
    for (let n = 0; n < 9_998; n++) mask.mask(`s3cret-${n}`);
    mask.mask("s3cret-first");
    mask.mask("s3cret-last");
    expect(mask.unmask(first)).toBe("s3cret-first");
    expect(mask.unmask(second)).toBe(second);
  });
});
