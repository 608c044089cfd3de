/** Ids that hold a secret: hidden from the desk, told apart, and their connector's own again where it is asked. */
import { describe, expect, it } from "vitest";
import { SecretMask } from "../../src/host/secret-mask.ts";

function cover(): SecretMask {
  return new SecretMask((text) => text.replaceAll("s3cret", "[secret]"));
}

describe("what is hidden", () => {
  it("is each text that held a secret, keys too, and nothing else", () => {
    const clean = cover().hide({ a: ["s3cret1", "s3cret2", 3, null], b: { c: "x", s3cret: 1 } }) as {
      a: unknown[];
      b: object;
    };
    expect(JSON.stringify(clean)).not.toContain("s3cret");
    expect(clean.a[0]).not.toBe(clean.a[1]);
    expect(clean.a.slice(2)).toEqual([3, null]);
    expect(Object.keys(clean.b)).toEqual(["c", expect.stringMatching(/^\[secret\]#[0-9a-f]{12}$/)]);
    expect(clean.b).toMatchObject({ c: "x" });
  });

  it("is one text for one id, in every life", () => {
    expect(cover().hide("s3cret-7")).toBe(cover().hide("s3cret-7"));
  });

  it.each([6, 31, 32, 33, 64, 128, 4_000])("is no longer than it was where it had %i characters, or 32", (length) => {
    const covered = cover().hide(`s3cret${"x".repeat(length - 6)}`) as string;
    expect(covered.length).toBeLessThanOrEqual(Math.max(32, length));
    expect(covered).toMatch(/#[0-9a-f]{12}$/);
  });
});

describe("what a connector hears", () => {
  it("is its own id again, wherever it stands", () => {
    const made = cover();
    const id = made.hide("s3cret-7") as string;
    expect(made.reveal(id)).toBe("s3cret-7");
    expect(made.reveal([{ venueOrderId: id, n: 1 }, null])).toEqual([{ venueOrderId: "s3cret-7", n: 1 }, null]);
    expect(cover().reveal(id)).toBe(id);
  });

  it("is remembered of the newest ten thousand", () => {
    const made = cover();
    const first = made.hide("s3cret-first") as string;
    const second = made.hide("s3cret-second") as string;
    for (let n = 0; n < 9_998; n++) made.hide(`s3cret-${n}`);
    made.hide("s3cret-first");
    made.hide("s3cret-last");
    expect(made.reveal(first)).toBe("s3cret-first");
    expect(made.reveal(second)).toBe(second);
  });
});
