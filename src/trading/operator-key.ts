/**
 * The operator's key: Ed25519, kept outside the workspace, optionally under a passphrase. It signs approvals. An
 * approval for a live connector needs a key that a passphrase unlocked.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { canonicalJson } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";

export interface OperatorKey {
  /** True if the key is under a passphrase. */
  readonly locked: boolean;
  readonly publicPem: string;
  /** Base64 signature of the canonical form. @throws QocError KEY_REQUIRED if the passphrase is wrong or missing. */
  sign(payload: unknown, passphrase?: string): string;
}

const CIPHER = "aes-256-cbc";

/** Writes a new key file, mode 0600. */
export async function createKey(disk: Disk, path: string, passphrase?: string): Promise<void> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({
    type: "pkcs8",
    format: "pem",
    cipher: passphrase === undefined ? undefined : CIPHER,
    passphrase,
  });
  const publicPem = createPublicKey(privateKey).export({ type: "spki", format: "pem" });
  await disk.create(path, String(pem), 0o600);
  await disk.create(`${path}.pub`, String(publicPem), 0o644);
}

export async function loadKey(disk: Disk, path: string): Promise<OperatorKey> {
  const pem = await disk.readText(path);
  const publicPem = await disk.readText(`${path}.pub`);
  const locked = pem.includes("ENCRYPTED");
  const open = locked ? undefined : createPrivateKey(pem);
  return {
    locked,
    publicPem,
    sign: (payload, passphrase) => {
      try {
        const key = open ?? createPrivateKey({ key: pem, passphrase: passphrase ?? "" });
        return sign(null, Buffer.from(canonicalJson(payload)), key).toString("base64");
      } catch (error) {
        throw new QocError("KEY_REQUIRED", {
          reason: passphrase === undefined ? "no passphrase was given" : messageOf(error),
        });
      }
    },
  };
}

/** Encrypts an open key with a passphrase. @throws KEY_REQUIRED if the key has a passphrase already. */
export async function protectKey(
  disk: Disk,
  path: string,
  passphrase: string,
): Promise<{ path: string; locked: true }> {
  const pem = await disk.readText(path);
  if (pem.includes("ENCRYPTED"))
    throw new QocError("KEY_REQUIRED", { id: "", reason: "the key is under a passphrase already" });
  const locked = createPrivateKey(pem).export({ type: "pkcs8", format: "pem", cipher: CIPHER, passphrase });
  await disk.writeAtomic(path, String(locked), 0o600);
  return { path, locked: true };
}

export function verifySignature(publicPem: string, payload: unknown, signature: string): boolean {
  return verify(null, Buffer.from(canonicalJson(payload)), publicPem, Buffer.from(signature, "base64"));
}
