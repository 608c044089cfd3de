/**
 * A folder below the desk's own that is a link: git and archives put links where a folder was. The desk moves, writes
 * and lists files by itself, so it would take files from elsewhere, or put files of others there.
 */
import { lstatSync } from "node:fs";
import { relative } from "node:path";
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { isInside, isWithin } from "../lib/path-containment.ts";
import { diskWith } from "./disk-with.ts";
import { FOLDERS, LAYOUT, OPERATORS_FOLDERS } from "./layout.ts";

/**
 * The operator's prices and rates may be kept elsewhere: the desk only reads them. In its own state the desk chooses
 * the names and the contents of all files.
 */
function mayBeLinked(path: string): boolean {
  return [LAYOUT.state, ...OPERATORS_FOLDERS].some((folder) => isWithin(folder, path));
}

/**
 * The first part of a path, relative to `root`, that is a link; undefined if all are folders. A system call
 * of a microsecond for each part.
 */
function linkIn(root: string, path: string): string | undefined {
  const parts = path.split("/");
  return parts.map((_part, index) => parts.slice(0, index + 1).join("/")).find((part) => isLink(`${root}/${part}`));
}

/** What cannot be looked at is left to the call that follows, which says why. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** The folders of a desk that are links, relative to `root`. */
export function linkedFolders(root: string): readonly string[] {
  const links = FOLDERS.filter((folder) => !mayBeLinked(folder)).map((folder) => linkIn(root, folder));
  return [...new Set(links)].filter((link) => link !== undefined);
}

/** The same disk, which reaches no file below `root` through a folder that is a link. */
export function diskOfRealFolders(disk: Disk, root: string): Disk {
  /** The link by which `path` would leave the folder that its text names. */
  const linkTo = (path: string): string | undefined => {
    if (!isInside(root, path)) return undefined;
    const inside = relative(root, path);
    return mayBeLinked(inside) ? undefined : linkIn(root, inside);
  };
  const check = (path: string): void => {
    const link = linkTo(path.slice(0, path.lastIndexOf("/")));
    if (link !== undefined)
      throw new QocError("PATH_REFUSED", { path: relative(root, path), reason: `${link} is a link, not a folder` });
  };
  const checked = async (paths: readonly string[], work: () => Promise<void>): Promise<void> => {
    paths.forEach(check);
    await work();
  };
  return diskWith(disk, {
    // As the system says it of a link that must not be followed: such a folder has no files.
    list: async (path) => {
      if (linkTo(path) === undefined) return disk.list(path);
      throw Object.assign(new Error(`${path} is a link, not a folder`), { code: "ENOTDIR" });
    },
    listSmall: (path, most) => (linkTo(path) === undefined ? disk.listSmall(path, most) : undefined),
    mkdir: async (path, mode) => {
      if ((await disk.facts(path)) !== undefined) return;
      // The folder was moved while the desk runs: another one in its old place would keep it from being moved back.
      if (isInside(root, path) && (await disk.facts(root)) === undefined)
        throw new QocError("FILE_NOT_FOUND", { path: root });
      await checked([path], () => disk.mkdir(path, mode));
    },
    writeAtomic: (path, data, mode) => checked([path], () => disk.writeAtomic(path, data, mode)),
    create: (path, data, mode) => checked([path], () => disk.create(path, data, mode)),
    move: (from, to) => checked([from, to], () => disk.move(from, to)),
    remove: (path) => checked([path], () => disk.remove(path)),
  });
}
