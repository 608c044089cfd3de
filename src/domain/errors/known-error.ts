/** Turns any error into one with a code: what the disk refuses is said in words. */
import { QocError, messageOf } from "./error.ts";

/** By the code of the system call. */
const DISK_WORDS: Readonly<Record<string, string>> = {
  EACCES: "your user may not read or write it",
  EPERM: "your user may not change it",
  EROFS: "its file system is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "your user's share of the disk is used up",
};

/** The error itself, if it has a code of ours; DISK_REFUSED; PROGRAM_REPLACED; INTERNAL. */
export function knownError(error: unknown): QocError {
  if (error instanceof QocError) return error;
  const { code, path } = (error ?? {}) as { readonly code?: unknown; readonly path?: unknown };
  const reason = typeof code === "string" && Object.hasOwn(DISK_WORDS, code) ? DISK_WORDS[code] : undefined;
  if (reason !== undefined && typeof path === "string") {
    // A file is written under a temporary name first, which says nothing to a person.
    const named = path.replace(/\/\.[\d-]+\.tmp$/, "");
    const folder = named === path ? path.slice(0, path.lastIndexOf("/")) : named;
    const next =
      code === "ENOSPC" || code === "EDQUOT"
        ? `free some space on the disk of ${folder}`
        : `make ${folder} writable for your user, or move the desk to another folder`;
    return new QocError("DISK_REFUSED", { path: named, reason, next }, { cause: error });
  }
  if (code === "ERR_MODULE_NOT_FOUND") return new QocError("PROGRAM_REPLACED", {}, { cause: error });
  return new QocError("INTERNAL", { message: messageOf(error) }, { cause: error });
}
