/** The keys of a desk on disk: made, certified, read, and brought over from the earlier form. */
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { systemIds } from "../../../src/app/system.ts";
import {
  createKeys,
  createLiveKey,
  deskSigner,
  hostSigner,
  liveSigner,
  readPublicKeys,
  upgradeKeys,
  verifySignature,
} from "../../../src/trading/keys/operator-keys.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";

const DESK = "0123456789abcdef0123456789abcdef";
const PASSPHRASE = "a passphrase of tests";
const disk = nodeDisk();
const services = { disk, ids: systemIds };
let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), "qoc-keys-")), DESK);
});

/** Writes a key as the version before did. */
function writeEarlier(passphrase?: string): string {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const locked = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  const pem = privateKey.export({ type: "pkcs8", format: "pem", ...locked } as { type: "pkcs8"; format: "pem" });
  writeFileSync(path, pem, { mode: 0o600 });
  const publicPem = String(publicKey.export({ type: "spki", format: "pem" }));
  writeFileSync(`${path}.pub`, publicPem);
  return publicPem;
}

describe("new keys", () => {
  it("are private files; the host's key is certified, and there is no live key", async () => {
    await createKeys(disk, path, DESK);
    const { live } = await readPublicKeys(disk, path, DESK);
    expect(live).toBeUndefined();
    for (const end of ["", ".host", ".certificates.json"]) expect(statSync(`${path}${end}`).mode & 0o777).toBe(0o600);
    await expect(liveSigner(services, path, PASSPHRASE)).rejects.toMatchObject({ code: "KEY_REQUIRED" });
  });

  it("sign each with its own key", async () => {
    await createKeys(disk, path, DESK);
    await createLiveKey(services, path, { deskId: DESK, passphrase: PASSPHRASE });
    const keys = await readPublicKeys(disk, path, DESK);
    const signers = {
      desk: await deskSigner(disk, path),
      host: await hostSigner(disk, path),
      live: await liveSigner(services, path, PASSPHRASE),
    };
    const pems = { desk: keys.desk, host: keys.host.publicPem, live: keys.live?.publicPem ?? "" };
    for (const signer of ["desk", "host", "live"] as const)
      for (const key of ["desk", "host", "live"] as const)
        expect(verifySignature(pems[key], "text", signers[signer]("text"))).toBe(signer === key);
  });

  it("keep the first live key: a second one is refused", async () => {
    await createKeys(disk, path, DESK);
    await createLiveKey(services, path, { deskId: DESK, passphrase: PASSPHRASE });
    await expect(
      createLiveKey(services, path, { deskId: DESK, passphrase: "another passphrase" }),
    ).rejects.toMatchObject({
      code: "KEY_REQUIRED",
    });
  });
});

describe("keys that are not the desk's", () => {
  beforeEach(() => createKeys(disk, path, DESK));

  it.each(["", ".pub", ".host", ".certificates.json"])("a missing file is named: ID%s", async (end) => {
    rmSync(`${path}${end}`);
    const reading = Promise.all([deskSigner(disk, path), hostSigner(disk, path), readPublicKeys(disk, path, DESK)]);
    await expect(reading).rejects.toMatchObject({ code: "KEY_MISSING", details: { path: `${path}${end}` } });
  });

  it.each<[string, (certificates: any, other: string) => unknown]>([
    ["another public key", ({ host }, publicPem) => ({ host: { ...host, publicPem } })],
    ["the host's certificate for the live key", ({ host }) => ({ host, live: host })],
    ["no certificates", () => ({})],
    ["a member of another name", ({ host }) => ({ host, other: host })],
    ["a key with a member of another name", ({ host }) => ({ host: { ...host, other: "" } })],
    ["a certificate that is no text", ({ host }) => ({ host: { ...host, certificate: 1 } })],
    ["a live key that is null", ({ host }) => ({ host, live: null })],
    ["a list", ({ host }) => [host]],
    ["no JSON", () => "{"],
  ])("certificates with %s are refused", async (_what, change) => {
    const other = String(
      createPublicKey(generateKeyPairSync("ed25519").privateKey).export({ type: "spki", format: "pem" }),
    );
    const file = `${path}.certificates.json`;
    const changed = change(JSON.parse(readFileSync(file, "utf8")), other);
    writeFileSync(file, typeof changed === "string" ? changed : JSON.stringify(changed));
    await expect(readPublicKeys(disk, path, DESK)).rejects.toMatchObject({ code: "KEY_INVALID" });
  });

  it("certificates of another desk are refused", async () => {
    await expect(readPublicKeys(disk, path, "f".repeat(32))).rejects.toMatchObject({ code: "KEY_INVALID" });
  });
});

describe("a key of the version before", () => {
  it("without a passphrase stays the desk key", async () => {
    const publicPem = writeEarlier();
    await upgradeKeys(disk, path, DESK);
    const keys = await readPublicKeys(disk, path, DESK);
    expect([keys.desk, keys.live]).toEqual([publicPem, undefined]);
    expect(verifySignature(publicPem, "x", (await deskSigner(disk, path))("x"))).toBe(true);
  });

  it("under a passphrase becomes the live key, and is rewritten with scrypt when it is first unlocked", async () => {
    const publicPem = writeEarlier("8 chars.");
    await upgradeKeys(disk, path, DESK);
    const keys = await readPublicKeys(disk, path, DESK);
    expect([keys.live?.publicPem, keys.desk === publicPem]).toEqual([publicPem, false]);
    await expect(liveSigner(services, path, "wrong")).rejects.toMatchObject({ code: "KEY_REQUIRED" });
    expect(readFileSync(`${path}.live`, "utf8")).toContain("ENCRYPTED");
    expect(verifySignature(publicPem, "x", (await liveSigner(services, path, "8 chars."))("x"))).toBe(true);
    expect(JSON.parse(readFileSync(`${path}.live`, "utf8"))).toMatchObject({ kdf: { name: "scrypt" } });
    expect(verifySignature(publicPem, "y", (await liveSigner(services, path, "8 chars."))("y"))).toBe(true);
  });

  it("is converted once: a second upgrade changes nothing", async () => {
    writeEarlier("8 chars.");
    await upgradeKeys(disk, path, DESK);
    const before = readFileSync(path, "utf8");
    await upgradeKeys(disk, path, DESK);
    expect(readFileSync(path, "utf8")).toBe(before);
  });
});
