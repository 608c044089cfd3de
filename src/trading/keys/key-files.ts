/** Checks the owner and the mode of a desk's key files before they are read. */
import { dirname } from "node:path";
import { QocError } from "../../domain/errors/error.ts";
import type { Disk } from "../../domain/ports.ts";
import { quoteForShell } from "../../lib/shell.ts";

/** The files of a key with path `ID`; the first three are secret. */
const SECRET_SUFFIXES = ["", ".host", ".live"];
const PUBLIC_SUFFIXES = [".pub", ".certificates.json", ".replacement.json"];
const ACCESS_BY_OTHERS = 0o077;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * The files and their folder belong to this user; no other user can read a secret key or write any of them. Files that
 * do not exist are not checked. @throws KEY_FILE_UNSAFE with the command that repairs it.
 */
export async function checkKeyFiles(disk: Disk, path: string, uid: number): Promise<void> {
  const folder = dirname(path);
  const folderRule = { uid, kind: "directory", forbidden: WRITABLE_BY_OTHERS, fix: "go-w" } as const;
  const secretRule = { uid, kind: "file", forbidden: ACCESS_BY_OTHERS, fix: "600" } as const;
  const publicRule = { uid, kind: "file", forbidden: WRITABLE_BY_OTHERS, fix: "go-w" } as const;
  await Promise.all([
    ...[dirname(folder), folder].map((own) => checkEntry(disk, own, folderRule)),
    ...SECRET_SUFFIXES.map((suffix) => checkEntry(disk, path + suffix, secretRule)),
    ...PUBLIC_SUFFIXES.map((suffix) => checkEntry(disk, path + suffix, publicRule)),
  ]);
}

interface EntryRule {
  readonly uid: number;
  readonly kind: "file" | "directory";
  /** Permission bits that must not be set. */
  readonly forbidden: number;
  /** The mode for `chmod`. */
  readonly fix: string;
}

async function checkEntry(disk: Disk, path: string, { uid, kind, forbidden, fix }: EntryRule): Promise<void> {
  const facts = await disk.facts(path);
  if (facts === undefined) return;
  const quoted = quoteForShell(path);
  const unsafe = (reason: string, command: string): never => {
    throw new QocError("KEY_FILE_UNSAFE", { path, reason, fix: command });
  };
  if (facts.kind !== kind) unsafe(`it is not a real ${kind}`, `mv ${quoted} ${quoteForShell(`${path}.old`)}`);
  if (facts.uid !== uid) unsafe(`it belongs to user ${facts.uid}`, `sudo chown ${uid} ${quoted}`);
  if ((facts.mode & forbidden) !== 0) {
    const access = forbidden === ACCESS_BY_OTHERS ? "read or write" : "write";
    unsafe(`other users can ${access} it`, `chmod ${fix} ${quoted}`);
  }
}
