/**
 * Walks into a folder of the workspace one real folder at a time and holds it open. What is then done in it is done in that
 * very folder, whatever is swapped under its name meanwhile: a check and its use cannot be torn apart.
 */
import { constants, existsSync } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { QocError } from "../domain/error.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;

/** Linux names an open folder by its descriptor. Elsewhere the walk goes by name, and checks each step only as it is made. */
const BY_DESCRIPTOR = existsSync("/proc/self/fd");

/** A folder that is held open. */
export interface DirectoryHandle {
  /** Reaches the held folder itself; names under it are looked up there. */
  readonly at: string;
  close(): Promise<void>;
}

/** A file as it was opened: its bytes, and which file of the disk it is. */
export interface OpenedFile {
  readonly bytes: Uint8Array;
  readonly identity: string;
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

function refused(path: string, reason: string): QocError {
  return new QocError("PATH_REFUSED", { path: path.slice(0, 200), reason });
}

async function openFolder(path: string, named: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (hasCode(error, "ELOOP", "ENOTDIR", "EMLINK")) throw refused(named, "a part of it is not a real folder");
    throw error;
  }
}

/**
 * The folder at `parts` under `root`, made where `make` says so; undefined where there is none. `root` itself may lie behind
 * links, nothing below it may. @throws PATH_REFUSED at the first part that is not a real folder.
 */
export async function openDirectory(
  root: string,
  parts: readonly string[],
  make = false,
): Promise<DirectoryHandle | undefined> {
  const named = parts.join("/");
  let at = root;
  let handle = await open(root, O_RDONLY | O_DIRECTORY);
  try {
    for (const part of parts) {
      const next = `${BY_DESCRIPTOR ? `/proc/self/fd/${handle.fd}` : at}/${part}`;
      if (make)
        await mkdir(next).catch((error: unknown) => (hasCode(error, "EEXIST") ? undefined : Promise.reject(error)));
      const inner = await openFolder(next, named);
      await handle.close();
      if (inner === undefined) return undefined;
      handle = inner;
      at = `${at}/${part}`;
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { at: BY_DESCRIPTOR ? `/proc/self/fd/${handle.fd}` : at, close: () => handle.close() };
}

/** Which file of the disk this is, whatever its name. */
export function inodeKey(stat: { readonly dev: number; readonly ino: number }): string {
  return `${stat.dev}:${stat.ino}`;
}

/**
 * A regular file with one name in a held folder, read by its descriptor; undefined where there is none.
 * @throws PATH_REFUSED for anything else under that name, FILE_TOO_LARGE.
 */
export async function openRegularFile(
  folder: DirectoryHandle,
  name: string,
  named: string,
  limit: number,
): Promise<OpenedFile | undefined> {
  let handle: FileHandle;
  try {
    // Not blocking: a FIFO under this name must not hang the desk.
    handle = await open(`${folder.at}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (hasCode(error, "ELOOP", "EMLINK")) throw refused(named, "it is a symlink, not a regular file");
    if (hasCode(error, "ENXIO")) throw refused(named, "it is not a regular file");
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refused(named, "it is not a regular file");
    if (stat.nlink !== 1) throw refused(named, "it has a second name elsewhere (a hard link)");
    if (stat.size > limit) throw new QocError("FILE_TOO_LARGE", { path: named, size: stat.size, limit });
    return { bytes: await handle.readFile(), identity: inodeKey(stat) };
  } finally {
    await handle.close();
  }
}
