/** The `Disk` port on Node's file system. A write that has resolved survives a power cut. */
import { bufferView } from "../lib/buffer-view.ts";
import { hasCode, withPath } from "../lib/error-code.ts";
import { LruMap } from "../lib/lru-map.ts";
import { quoteForShell } from "../lib/shell.ts";
import { type Dirent, type Stats, constants } from "node:fs";
import { closeSync, fstatSync, lstatSync, openSync, opendirSync, readSync, readdirSync } from "node:fs";
import { type FileHandle, chmod, link, lstat, mkdir, open } from "node:fs/promises";
import { readdir, realpath, rename, statfs, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { QocError } from "../domain/errors/error.ts";
import type {
  AppendFile,
  AppendOptions,
  Disk,
  DirectoryEntry,
  EntryKind,
  FileFacts,
  SmallFile,
} from "../domain/ports.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_DSYNC } = constants;

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): EntryKind {
  return entry.isFile() ? "file" : entry.isDirectory() ? "directory" : entry.isSymbolicLink() ? "symlink" : "other";
}

function entryOf(entry: Dirent): DirectoryEntry {
  return { name: entry.name, kind: kindOf(entry) };
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? Buffer.from(data) : data;
}

/** On a nearly full disk a write can be short without an error; the next call then reports why. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written);
    if (bytesWritten === 0) throw new Error("write returned 0 bytes");
    written += bytesWritten;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Orders, positions and notes concern the user alone. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Makes the missing folders of the path and sets their mode; folders that exist keep theirs. */
async function makeFolders(path: string, mode = FOLDER_MODE): Promise<void> {
  const missing: string[] = [];
  for (let at = path; (await facts(at)) === undefined; at = dirname(at)) missing.unshift(at);
  // One by one: on a read-only file system a recursive call says that the folder does not exist.
  for (const folder of missing) {
    await mkdir(folder, { mode }).catch((error: unknown) => {
      if (!hasCode(error, "EEXIST")) throw error;
    });
    await chmod(folder, mode);
  }
}

let temporaryFiles = 0;

/** Writes a temporary file next to the target, syncs, and calls `place`. Removes the temporary file if that fails. */
async function writeThenPlace(
  path: string,
  data: string | Uint8Array,
  mode: number,
  place: (from: string, to: string) => Promise<void>,
): Promise<void> {
  temporaryFiles += 1;
  const temporary = `${dirname(path)}/.${process.pid}-${temporaryFiles}.tmp`;
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    try {
      // The umask took bits from the mode of `open`.
      await handle.chmod(mode);
      await writeAll(handle, bytesOf(data));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw withPath(error, path);
  }
  await syncDirectory(dirname(path));
}

/**
 * Linux file systems on which a write with O_DSYNC returns when its bytes are on disk, as if fdatasync followed: ext4,
 * XFS and Btrfs, by their numbers of statfs. That is one step in Node's pool of threads instead of two with a turn of
 * the loop between them. Others may take the flag and not follow it.
 */
const WRITES_THROUGH: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e]);

async function canWriteThrough(folder: string): Promise<boolean> {
  return process.platform === "linux" && WRITES_THROUGH.has((await statfs(folder)).type);
}

class NodeAppendFile implements AppendFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #isWrittenThrough: boolean;
  size: number;

  constructor(path: string, handle: FileHandle, opened: { readonly size: number; readonly isWrittenThrough: boolean }) {
    this.#path = path;
    this.#handle = handle;
    this.#isWrittenThrough = opened.isWrittenThrough;
    this.size = opened.size;
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = bytesOf(data);
    await writeAll(this.#handle, bytes).catch((error: unknown) => this.#refused(error));
    this.size += bytes.length;
  }

  /** System calls of a microsecond each. */
  actual(): { readonly size: number; readonly isAtPath: boolean } {
    const open = fstatSync(this.#handle.fd);
    const named = lstatSync(this.#path, { throwIfNoEntry: false });
    return { size: open.size, isAtPath: named?.ino === open.ino && named.dev === open.dev };
  }

  async sync(): Promise<void> {
    if (this.#isWrittenThrough) return;
    await this.#handle.datasync().catch((error: unknown) => this.#refused(error));
  }

  #refused(error: unknown): never {
    throw withPath(error, this.#path);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function read(path: string, limit = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  // O_NONBLOCK: opening a FIFO must not block the desk.
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const { size } = await handle.stat();
    if (size > limit) throw new QocError("FILE_TOO_LARGE", { path, size, limit });
    const bytes = await readToEnd(handle, size, limit);
    if (bytes.length > limit) throw new QocError("FILE_TOO_LARGE", { path, size: bytes.length, limit });
    return bytes;
  } finally {
    // The caller need not wait for it: a file that was only read has nothing to lose.
    handle.close().catch(() => undefined);
  }
}

/** For a file without a size, as those of /proc. */
const SMALLEST_READ = 512;

/**
 * One call reads a file of the expected size and its end, because each call waits for the thread pool. Stops above
 * `limit` bytes.
 */
async function readToEnd(handle: FileHandle, expected: number, limit: number): Promise<Uint8Array> {
  let buffer = Buffer.allocUnsafeSlow(Math.max(expected + 1, SMALLEST_READ));
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    length += bytesRead;
    // Fewer bytes than were asked for are the last ones of a regular file.
    if (length < buffer.length || length > limit) return buffer.subarray(0, length);
    const larger = Buffer.allocUnsafeSlow(buffer.length * 2);
    buffer.copy(larger);
    buffer = larger;
  }
}

function factsOf(stat: Stats): FileFacts {
  const { size, mtimeMs, ctimeMs, ino, nlink, uid } = stat;
  const mode = stat.mode & 0o7777;
  return { kind: kindOf(stat), size, modifiedMs: mtimeMs, changedMs: ctimeMs, inode: ino, links: nlink, uid, mode };
}

async function facts(path: string): Promise<FileFacts | undefined> {
  try {
    return factsOf(await lstat(path));
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

async function realPath(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

async function append(path: string, { isSynced = false }: AppendOptions = {}): Promise<AppendFile> {
  const isNew = (await facts(path)) === undefined;
  const isWrittenThrough = isSynced && (await canWriteThrough(dirname(path)));
  const through = isWrittenThrough ? O_DSYNC : 0;
  const { handle, size } = await openToAppend(path, through);
  await handle.chmod(FILE_MODE);
  if (isNew) await syncDirectory(dirname(path));
  // Bytes of a process that ended between its write and its sync: a write through flushes none but its own.
  else if (isWrittenThrough) await handle.datasync();
  return new NodeAppendFile(path, handle, { size, isWrittenThrough });
}

/** Without O_NONBLOCK the open of a pipe waits for its reader. @throws DISK_REFUSED for a pipe or a device. */
async function openToAppend(path: string, through: number): Promise<{ handle: FileHandle; size: number }> {
  const flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | through;
  const handle = await open(path, flags, FILE_MODE).catch((error: unknown) => {
    throw hasCode(error, "ENXIO") ? noFile(path) : error;
  });
  const stat = await handle.stat();
  if (stat.isFile()) return { handle, size: stat.size };
  await handle.close();
  throw noFile(path);
}

function noFile(path: string): QocError {
  const next = `mv ${quoteForShell(path)} ${quoteForShell(`${path}.old`)}`;
  return new QocError("DISK_REFUSED", { path, reason: "it is a pipe or a device, not a file", next });
}

function readPart(path: string, offset: number, length: number): Uint8Array {
  const part = Buffer.alloc(length);
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    let done = 0;
    while (done < length) {
      const read = readSync(file, part, done, length - done, offset + done);
      if (read === 0) throw new RangeError(`${path} ends before byte ${offset + length}`);
      done += read;
    }
  } finally {
    closeSync(file);
  }
  return part;
}

/**
 * System calls of a few microseconds each. The first look at the name spares the error of a file that is absent, and
 * opens no device. Others may replace the file meanwhile, so what counts is asked of the file that is open.
 */
function readSmall(path: string, most: number): SmallFile | "absent" | undefined {
  let file: number;
  try {
    const named = lstatSync(path, { throwIfNoEntry: false });
    if (named === undefined) return "absent";
    if (!named.isFile()) return undefined;
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    return hasCode(error, "ENOENT", "ENOTDIR") ? "absent" : undefined;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > most) return undefined;
    // One byte more: a file that has grown since, or states no size, is not read whole.
    const buffer = Buffer.allocUnsafeSlow(stat.size + 1);
    const length = readSync(file, buffer, 0, buffer.length, 0);
    return length > stat.size ? undefined : { bytes: buffer.subarray(0, length), facts: factsOf(stat) };
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Folders whose last list was short. */
const LISTS_KEPT = 16;

/**
 * Node makes several objects and promises for a folder that it opens: a list in one call takes a third of the time, but
 * it has no limit. So it is used for a folder that was small before.
 */
function smallLists(): Disk["listSmall"] {
  const known = new LruMap<string, true>(LISTS_KEPT);
  return (path, most) => {
    try {
      const entries = known.get(path) === true ? readdirSync(path, { withFileTypes: true }) : entriesUpTo(path, most);
      if (entries === undefined || entries.length > most) {
        known.delete(path);
        return undefined;
      }
      known.set(path, true);
      return entries.map(entryOf);
    } catch {
      return undefined;
    }
  };
}

function entriesUpTo(path: string, most: number): readonly Dirent[] | undefined {
  const folder = opendirSync(path);
  try {
    const entries: Dirent[] = [];
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      if (entries.length === most) return undefined;
      entries.push(entry);
    }
    return entries;
  } finally {
    folder.closeSync();
  }
}

export function nodeDisk(): Disk {
  return {
    read,
    readPart,
    readSmall,
    listSmall: smallLists(),
    readText: async (path, limit) => bufferView(await read(path, limit)).toString("utf8"),
    list: async (path): Promise<readonly DirectoryEntry[]> =>
      (await readdir(path, { withFileTypes: true })).map(entryOf),
    facts,
    realPath,
    mkdir: makeFolders,
    writeAtomic: (path, data, mode = FILE_MODE) => writeThenPlace(path, data, mode, rename),
    create: (path, data, mode = FILE_MODE) =>
      writeThenPlace(path, data, mode, async (from, to) => {
        // link fails if the name is taken; rename would replace the file.
        await link(from, to);
        await unlink(from);
      }),
    move: async (from, to) => {
      await rename(from, to);
      await syncDirectory(dirname(to));
      if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from));
    },
    remove: async (path) => {
      await unlink(path);
      await syncDirectory(dirname(path));
    },
    truncate: async (path, size) => {
      const handle = await open(path, O_WRONLY | O_NOFOLLOW);
      try {
        await handle.truncate(size);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    append,
    free: async (path) => {
      const { bavail, bsize, files, ffree } = await statfs(path);
      // Without a table of files both are 0.
      return { bytes: bavail * bsize, files: files === 0 ? undefined : ffree };
    },
  };
}
