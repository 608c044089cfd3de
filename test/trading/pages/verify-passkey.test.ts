/** Answers of authenticators: an honest one counts, and each forged member is named. */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { counterOf } from "../../../src/domain/pages/passkey.ts";
import { checkAssertion, isPasskeyKey } from "../../../src/trading/pages/verify-passkey.ts";
import { type Answer, authenticator } from "../../support/authenticator.ts";

const ORIGIN = "http://localhost:7070";
const TEXT = "what is approved";
const expected = { origin: ORIGIN, challengeText: TEXT };

function spki(type: "rsa" | "p384" | "x25519"): string {
  const pair =
    type === "rsa"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : type === "p384"
        ? generateKeyPairSync("ec", { namedCurve: "P-384" })
        : generateKeyPairSync("x25519");
  return pair.publicKey.export({ type: "spki", format: "der" }).toString("base64");
}

describe.each(["p256", "ed25519"] as const)("an authenticator with a key of %s", (kind) => {
  const key = authenticator(kind);
  const { publicKey } = key;

  it("counts if it answers what was asked, where it was asked", () => {
    expect(isPasskeyKey(publicKey)).toBe(true);
    expect(checkAssertion({ ...expected, publicKey }, key.answer(TEXT, ORIGIN, { counter: 7 }))).toEqual({
      counter: 7,
    });
  });

  it.each<[string, Partial<Answer>, RegExp]>([
    ["W69 of another challenge", { text: "another order" }, /another challenge/],
    [
      "W47 asked by another port of the same host",
      { origin: "http://localhost:7071" },
      /asked by http:\/\/localhost:7071/,
    ],
    ["W70 asked by another site", { origin: "https://evil.example" }, /asked by https:\/\/evil\.example/],
    ["W70 asked by a name that begins alike", { origin: `${ORIGIN}.evil.example` }, /asked by/],
    ["W70 for another host", { host: "evil.example" }, /another host than localhost/],
    ["W70 of a registration", { type: "webauthn.create" }, /another question/],
    ["W70 asked inside another page", { crossOrigin: true }, /inside another page/],
    ["W70 without verification of the user", { flags: 0x01 }, /did not verify its user/],
    ["W70 without a touch", { flags: 0x04 }, /was not touched/],
  ])("does not count: %s", (_name, forged, problem) => {
    const checked = checkAssertion({ ...expected, publicKey }, key.answer(TEXT, ORIGIN, forged));
    expect(checked).toEqual({ problem: expect.stringMatching(problem) as string });
  });

  it("W70 does not count with the signature of another key, or with data that was changed after it", () => {
    const answer = key.answer(TEXT, ORIGIN);
    const { signature } = authenticator(kind).answer(TEXT, ORIGIN);
    const data = Buffer.from(answer.authenticatorData, "base64");
    data.writeUInt32BE(9, 33);
    for (const forged of [
      { signature },
      { signature: "" },
      { signature: "AAAA" },
      { authenticatorData: data.toString("base64") },
    ])
      expect(checkAssertion({ ...expected, publicKey }, { ...answer, ...forged })).toEqual({
        problem: "its signature is not valid",
      });
  });

  it("does not count with anything in the place of its members", () => {
    const answer = key.answer(TEXT, ORIGIN);
    for (const forged of [
      { clientData: "" },
      { clientData: Buffer.from("null").toString("base64") },
      { clientData: Buffer.from("[]").toString("base64") },
      { authenticatorData: "" },
      { clientData: 7 as never },
    ])
      expect(checkAssertion({ ...expected, publicKey }, { ...answer, ...forged })).toHaveProperty("problem");
  });
});

describe("the counter of an answer", () => {
  it.each<[unknown, number]>([
    [authenticator().answer(TEXT, ORIGIN, { counter: 4_000_000_000 }), 4_000_000_000],
    [undefined, 0],
    [{ authenticatorData: 7 }, 0],
    [{ authenticatorData: "A".repeat(53) }, 0],
    [{ authenticatorData: "AAAA" }, 0],
  ])("of %o is %i", (answer, counter) => {
    expect(counterOf(answer as never)).toBe(counter);
  });
});

/** The parts of an SPKI before its point. */
const [P256, ED25519] = ["301306072a8648ce3d020106082a8648ce3d030107", "302a300506032b6570032100"];
function base64(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}

describe("a key of a passkey", () => {
  it.each([
    ["RSA", spki("rsa")],
    ["ECDSA on P-384", spki("p384")],
    ["X25519, which signs nothing", spki("x25519")],
    ["no key", "a2V5"],
    ["nothing", ""],
    ["a PEM that ends early", `${authenticator().publicKey}\n-----END PUBLIC KEY-----`],
    ["the point at infinity, whose curve Node 20 and 22 cannot name", base64(`3019${P256}03020000`)],
    ["a point that is not on its curve", base64(`3059${P256}03420004${"11".repeat(64)}`)],
    ["a point in its short form", base64(`3039${P256}03220002${"11".repeat(32)}`)],
    ["the neutral point of Ed25519, for which anybody signs", base64(`${ED25519}01${"00".repeat(31)}`)],
    ["the same with another sign", base64(`${ED25519}01${"00".repeat(30)}80`)],
    ["a point of order 2", base64(`${ED25519}ec${"ff".repeat(30)}7f`)],
    ["a point of order 4", base64(`${ED25519}${"00".repeat(32)}`)],
    ["the same in a longer form", base64(`${ED25519}ed${"ff".repeat(30)}7f`)],
    ["a point of order 8", base64(`${ED25519}26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05`)],
    ["another one", base64(`${ED25519}c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa`)],
  ])("is not %s", (_name, key) => {
    expect(isPasskeyKey(key)).toBe(false);
  });
});
