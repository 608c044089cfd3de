/**
 * Opens a folder of the workspace one segment at a time without following links, and keeps it open. Operations on the
 * handle reach that same folder even if its name is replaced meanwhile, so there is no gap between a check and its use.
 */
import { constants, existsSync } from "node:fs";
import { type FileHandle, chmod, mkdir, open } from "node:fs/promises";
import { QocError } from "../domain/errors/error.ts";
import { hasCode } from "../lib/error-code.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;

/** Linux can name an open folder by its descriptor. Other systems use the path, checked only while it is opened. */
const BY_DESCRIPTOR = existsSync("/proc/self/fd");

/** A folder that is kept open. */
export interface DirectoryHandle {
  /** A path of the open folder itself; file names can be appended to it. */
  readonly at: string;
  close(): Promise<void>;
}

export interface OpenedFile {
  readonly bytes: Uint8Array;
  /** Device and inode, as `inodeKey` writes them. */
  readonly identity: string;
}

function refusal(path: string, reason: string): QocError {
  return new QocError("PATH_REFUSED", { path: path.slice(0, 200), reason });
}

async function openFolder(path: string, displayPath: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (hasCode(error, "ELOOP", "ENOTDIR", "EMLINK"))
      throw refusal(displayPath, "part of the path is not a real folder");
    throw error;
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700);
    await chmod(path, 0o700);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
}

/**
 * Opens the folder at `segments` under `root`. Creates missing folders if `create` is set; otherwise returns undefined
 * if one is missing. Links may lead to `root` itself but not to a folder below it.
 * @throws PATH_REFUSED at the first segment that is not a real folder.
 */
export async function openDirectory(
  root: string,
  segments: readonly string[],
  create = false,
): Promise<DirectoryHandle | undefined> {
  const displayPath = segments.join("/");
  let at = root;
  let handle = await open(root, O_RDONLY | O_DIRECTORY);
  try {
    for (const segment of segments) {
      const next = `${BY_DESCRIPTOR ? `/proc/self/fd/${handle.fd}` : at}/${segment}`;
      if (create) await makeFolder(next);
      const inner = await openFolder(next, displayPath);
      await handle.close();
      if (inner === undefined) return undefined;
      handle = inner;
      at = `${at}/${segment}`;
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return { at: BY_DESCRIPTOR ? `/proc/self/fd/${handle.fd}` : at, close: () => handle.close() };
}

/**
 * Reads a regular file of the workspace as UTF-8; undefined if it does not exist. @throws as `openDirectory` and
 * `openRegularFile`.
 */
export async function readRegularText(root: string, path: string, limit: number): Promise<string | undefined> {
  const segments = path.split("/");
  const folder = await openDirectory(root, segments.slice(0, -1));
  if (folder === undefined) return undefined;
  try {
    const file = await openRegularFile(folder, { name: segments.at(-1) ?? "", displayPath: path, limit });
    return file === undefined ? undefined : Buffer.from(file.bytes).toString("utf8");
  } finally {
    await folder.close();
  }
}

/** Identifies a file on the disk independently of its name. */
export function inodeKey(stat: { readonly dev: number; readonly ino: number }): string {
  return `${stat.dev}:${stat.ino}`;
}

/**
 * Reads a regular file of an open folder; returns undefined if there is no such file. `displayPath` is for messages.
 * @throws PATH_REFUSED if it is not a regular file or has other hard links; FILE_TOO_LARGE over `limit` bytes.
 */
export async function openRegularFile(
  folder: DirectoryHandle,
  { name, displayPath, limit }: { readonly name: string; readonly displayPath: string; readonly limit: number },
): Promise<OpenedFile | undefined> {
  let handle: FileHandle;
  try {
    // O_NONBLOCK: opening a FIFO must not block the desk.
    handle = await open(`${folder.at}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    if (hasCode(error, "ELOOP", "EMLINK")) throw refusal(displayPath, "the file is a symlink, not a regular file");
    if (hasCode(error, "ENXIO")) throw refusal(displayPath, "the file is not a regular file");
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refusal(displayPath, "the file is not a regular file");
    if (stat.nlink !== 1) throw refusal(displayPath, "the file has more than one hard link");
    if (stat.size > limit) throw new QocError("FILE_TOO_LARGE", { path: displayPath, size: stat.size, limit });
    return { bytes: await handle.readFile(), identity: inodeKey(stat) };
  } finally {
    await handle.close();
  }
}
