/** The live key's file: it opens with its passphrase only, costs scrypt per guess, and weak passphrases are refused. */
import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { systemIds } from "../../../src/app/system.ts";
import { isEarlierForm, lockKey, passphraseProblem, unlockKey } from "../../../src/trading/keys/locked-key.ts";

const { privateKey } = generateKeyPairSync("ed25519");
const PEM = String(privateKey.export({ type: "pkcs8", format: "pem" }));
const PASSPHRASE = "a passphrase of tests";
/** Locking takes about half a second of one core. */
let locked: string;
beforeAll(async () => {
  locked = await lockKey(systemIds, PEM, PASSPHRASE);
});

describe("a locked key", () => {
  it("opens with its passphrase, also in another Unicode form, and with no other", async () => {
    const file = await lockKey(systemIds, PEM, "schöne Grüße 2026");
    expect(file).not.toContain("PRIVATE KEY");
    expect(await unlockKey(file, "schöne Grüße 2026".normalize("NFD"))).toBe(PEM);
    await expect(unlockKey(file, "schone Gruße 2026")).rejects.toMatchObject({ code: "KEY_REQUIRED" });
  });

  it("is derived with scrypt, N = 2^17, r = 8, p = 1, and a salt of its own", async () => {
    const kdfOf = (file: string) => (JSON.parse(file) as { kdf: { salt: string } }).kdf;
    expect(kdfOf(locked)).toMatchObject({ name: "scrypt", N: 131_072, r: 8, p: 1 });
    expect(kdfOf(await lockKey(systemIds, PEM, PASSPHRASE)).salt).not.toBe(kdfOf(locked).salt);
  });

  it.each<[string, (file: Record<string, unknown>) => unknown]>([
    ["a cheaper derivation", (file) => ({ ...file, kdf: { ...(file["kdf"] as object), N: 2 } })],
    ["another cipher", (file) => ({ ...file, cipher: "aes-256-cbc" })],
    ["changed bytes", (file) => ({ ...file, sealed: Buffer.alloc(140).toString("base64") })],
    ["no bytes", (file) => ({ ...file, sealed: "" })],
    ["a short nonce", (file) => ({ ...file, nonce: "" })],
    ["another member", (file) => ({ ...file, more: 1 })],
    ["no object", () => "x"],
  ])("with %s is refused", async (_what, change) => {
    const file = JSON.parse(locked) as Record<string, unknown>;
    await expect(unlockKey(JSON.stringify(change(file)), PASSPHRASE)).rejects.toMatchObject({ code: "KEY_REQUIRED" });
  });

  it("of the earlier form opens, too, and is recognised", async () => {
    const earlier = String(
      privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "8 chars." }),
    );
    expect([isEarlierForm(earlier), isEarlierForm(PEM), isEarlierForm(locked)]).toEqual([true, false, false]);
    expect(await unlockKey(earlier, "8 chars.")).toBe(PEM);
    await expect(unlockKey(earlier, "8 chars")).rejects.toMatchObject({ code: "KEY_REQUIRED" });
  });
});

describe("a new passphrase", () => {
  it.each([
    ["short", /at least 10 characters/],
    ["aaaaaaaaaaaaaaa", /repeats few characters/],
    ["1234567890", /row of keys/],
    ["qwertyuiop", /row of keys/],
    ["Password2024!", /common/],
    ["pass word 1 2 3 4", /common/],
    ["correct horse battery staple", /common/],
    ["1!Bitcoin!2025", /common/],
  ])("%j is refused", (passphrase, problem) => expect(passphraseProblem(passphrase)).toMatch(problem));

  it.each(["seven brown herons", "Zug nach Bern 0815", "correct horse battery", "密码是一条很长的句子呢"])(
    "%j is accepted",
    (passphrase) => expect(passphraseProblem(passphrase)).toBeUndefined(),
  );
});
