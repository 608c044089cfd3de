/** Carries the keys of a desk to another machine: one file, sealed with a passphrase. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import * as z from "zod";
import { QocError, messageOf } from "../../domain/errors/error.ts";
import type { Disk } from "../../domain/ports.ts";
import { tryParseJson } from "../../lib/json.ts";
import { lockKey, unlockKey } from "./locked-key.ts";
import { type KeyServices, deskSigner, readPublicKeys } from "./operator-keys.ts";
import { lazy } from "../../lib/lazy.ts";

const FORMAT = 1;
const EXPORT_BYTES_MAX = 64 * 1024;

const exportSchema = lazy(() =>
  z.strictObject({
    kind: z.literal("qoc desk keys"),
    format: z.int(),
    desk: z.string(),
    locked: z.looseObject({}),
  }),
);

/** The key files by their endings. The live key stays under its own passphrase inside. */
const filesSchema = lazy(() =>
  z.strictObject({
    "": z.string(),
    ".pub": z.string(),
    ".host": z.string(),
    ".certificates.json": z.string(),
    ".live": z.string().optional(),
  }),
);
type KeyFiles = z.infer<ReturnType<typeof filesSchema>>;
/** The desk key is written last: while it is absent, the import can be repeated. */
const WRITTEN = [".pub", ".host", ".live", ".certificates.json", ""] as const;

/** The text of the file. @throws KEY_MISSING, KEY_INVALID. */
export async function exportKeys(
  { disk, ids }: KeyServices,
  path: string,
  { deskId, passphrase }: { readonly deskId: string; readonly passphrase: string },
): Promise<string> {
  await Promise.all([deskSigner(disk, path), readPublicKeys(disk, path, deskId)]);
  const live = (await disk.facts(`${path}.live`)) === undefined ? undefined : await disk.readText(`${path}.live`);
  const files: KeyFiles = {
    "": await disk.readText(path),
    ".pub": await disk.readText(`${path}.pub`),
    ".host": await disk.readText(`${path}.host`),
    ".certificates.json": await disk.readText(`${path}.certificates.json`),
    ".live": live,
  };
  const locked = JSON.parse(await lockKey(ids, JSON.stringify(files), passphrase)) as Record<string, unknown>;
  return `${JSON.stringify({ kind: "qoc desk keys", format: FORMAT, desk: deskId, locked }, undefined, 2)}\n`;
}

export interface KeyExport {
  readonly deskId: string;
  /** The file of `qoc keys export`. */
  readonly file: string;
}

/**
 * The locked keys of an export. @throws KEY_EXISTS if this machine has the desk's keys; KEYS_REFUSED if the file is not
 * an export of this desk.
 */
export async function readExport(disk: Disk, path: string, { deskId, file }: KeyExport): Promise<string> {
  await refuseKnownKeys(disk, path);
  const text = await disk.readText(file, EXPORT_BYTES_MAX).catch((error: unknown) => {
    throw refusal(
      file,
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? "there is no such file"
        : `it cannot be read (${messageOf(error)})`,
      error,
    );
  });
  const parsed = exportSchema().safeParse(tryParseJson(text));
  if (!parsed.success) throw refusal(file, "it is not a file of qoc keys export");
  if (parsed.data.format !== FORMAT)
    throw refusal(file, `it has format ${parsed.data.format}, and this version reads ${FORMAT}`);
  if (parsed.data.desk !== deskId) throw refusal(file, "it holds the keys of another desk");
  return JSON.stringify(parsed.data.locked);
}

function refusal(file: string, reason: string, cause?: unknown): QocError {
  return new QocError("KEYS_REFUSED", { file, reason }, { cause });
}

/**
 * Places the keys of an export. Returns whether the live key is among them. @throws what `readExport` throws;
 * KEYS_PASSPHRASE if the passphrase is wrong.
 */
export async function importKeys(
  disk: Disk,
  path: string,
  { deskId, passphrase, file }: KeyExport & { readonly passphrase: string },
): Promise<{ readonly hasLive: boolean }> {
  const locked = await readExport(disk, path, { deskId, file });
  const opened = await unlockKey(locked, passphrase).catch((error: unknown) => {
    throw new QocError("KEYS_PASSPHRASE", { file, tries: "" }, { cause: error });
  });
  const files = filesSchema().safeParse(tryParseJson(opened));
  if (!files.success || !isPair(files.data)) throw refusal(file, "the keys in it do not belong together");
  for (const ending of WRITTEN) {
    const key = files.data[ending];
    if (key !== undefined) await disk.writeAtomic(`${path}${ending}`, key, ending === ".pub" ? 0o644 : 0o600);
  }
  // Checks the certificates as each start does.
  await readPublicKeys(disk, path, deskId);
  return { hasLive: files.data[".live"] !== undefined };
}

/** @throws KEY_EXISTS. */
export async function refuseKnownKeys(disk: Disk, path: string): Promise<void> {
  if ((await disk.facts(path)) !== undefined) throw new QocError("KEY_EXISTS", { path });
}

function isPair(files: KeyFiles): boolean {
  try {
    const own = createPublicKey(createPrivateKey(files[""])).export({ type: "spki", format: "pem" });
    return String(own) === files[".pub"];
  } catch {
    return false;
  }
}
