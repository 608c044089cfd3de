/**
 * Files that someone may write through the desk: a few folders, plain text, and never over what the writer has not read. The
 * folder is held open from the check to the rename, so that nothing can be swapped between.
 */
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { pathParts, refusePath } from "./path-policy.ts";
import { type DirectoryHandle, openDirectory, openRegularFile } from "./open-directory.ts";
import { isHostItem } from "./inbox.ts";
import { LAYOUT } from "./layout.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { isInside } from "../lib/path-containment.ts";

interface Place {
  readonly folder: string;
  readonly kinds: RegExp;
  readonly bytes: number;
  /** Files stand right in it, not in folders below. */
  readonly isFlat: boolean;
}

const KIB = 1024;
/** What was larger than it may become can still be replaced. */
const READABLE_BYTES = 8 * KIB * KIB;
const NOTE = /\.md$/;
const PROPOSAL = /\.(toml|ya?ml|json)$/;
const MATERIAL = /\.(md|txt|csv|json|toml|ya?ml)$/;

/** Where the palette's file command may write. */
export const WRITABLE: readonly Place[] = [
  { folder: LAYOUT.issues, kinds: NOTE, bytes: 256 * KIB, isFlat: false },
  { folder: LAYOUT.inbox, kinds: NOTE, bytes: 256 * KIB, isFlat: false },
  { folder: LAYOUT.ordersPending, kinds: PROPOSAL, bytes: 64 * KIB, isFlat: true },
  { folder: LAYOUT.ordersProposed, kinds: PROPOSAL, bytes: 64 * KIB, isFlat: true },
  { folder: LAYOUT.research, kinds: MATERIAL, bytes: 256 * KIB, isFlat: false },
  { folder: LAYOUT.snapshots, kinds: NOTE, bytes: 256 * KIB, isFlat: false },
];

/** Programs obey files of these names wherever they find them. */
const INSTRUCTION_FILES =
  /^(agents|claude|gemini|copilot-instructions|opencode|package|tsconfig|desk)(\.local)?\.(md|json|toml)$/i;
/** The accounts of runs, which the desk files beside what others write there. */
const RUN_ACCOUNT = /^snapshots\/\d{8}-\d{4}-/i;
const PRICES = `${LAYOUT.research}/prices/`;

/** The rule of the place a path lies in. @throws PATH_REFUSED. */
function placeOf(path: string, places: readonly Place[]): Place {
  const parts = pathParts(path);
  const place = places.find(({ folder }) => isInside(folder, path));
  if (place === undefined)
    return refusePath(path, `only ${places.map(({ folder }) => folder).join(", ")} may be written`);
  if (path.toLowerCase().startsWith(PRICES)) return refusePath(path, "research/prices is the operator's");
  if (isInside(LAYOUT.news, path.toLowerCase())) return refusePath(path, `${LAYOUT.news} is written by the desk`);
  if (INSTRUCTION_FILES.test(parts.at(-1) ?? "")) return refusePath(path, "programs obey a file of this name");
  if (RUN_ACCOUNT.test(path) || isHostItem(path)) return refusePath(path, "the desk files under such a name");
  if (!place.kinds.test(path)) return refusePath(path, `names in ${place.folder} end as in ${place.kinds.source}`);
  if (place.isFlat && path.slice(place.folder.length + 1).includes("/"))
    return refusePath(path, `${place.folder} holds no folders`);
  return place;
}

export interface FileWrite {
  readonly path: string;
  readonly text: string;
  /** The digest of the text that was read; absent: the file must not exist. */
  readonly replaces?: string;
}

export interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

/** One write at a time: of two writers who read the same text, the second finds that it changed. */
const writes = new SerialQueue();

/** @throws PATH_REFUSED, TOO_LARGE, FILE_CHANGED. */
export async function writeFile(
  disk: Disk,
  root: string,
  { path, text, replaces }: FileWrite,
  places: readonly Place[] = WRITABLE,
): Promise<WrittenFile> {
  const place = placeOf(path, places);
  const size = Buffer.byteLength(text);
  if (size > place.bytes) throw new QocError("TOO_LARGE", { what: path, size, limit: place.bytes });
  if (text.includes("\0")) refusePath(path, "the text holds a NUL character");
  await writes.run(() => writeHeld(disk, root, { path, text, replaces }, place.bytes));
  return { path, text };
}

type Wanted = WrittenFile & { readonly replaces: string | undefined };

async function writeHeld(disk: Disk, root: string, wanted: Wanted, limit: number): Promise<void> {
  const { path } = wanted;
  const parts = path.split("/");
  const folder = await openDirectory(root, parts.slice(0, -1), true);
  if (folder === undefined) throw new QocError("FILE_NOT_FOUND", { path });
  try {
    await put(disk, folder, parts.at(-1) ?? "", wanted, limit);
  } finally {
    await folder.close();
  }
}

async function put(
  disk: Disk,
  folder: DirectoryHandle,
  name: string,
  { path, text, replaces }: Wanted,
  limit: number,
): Promise<void> {
  const current = await openRegularFile(folder, name, path, Math.max(limit, READABLE_BYTES));
  if ((current === undefined ? undefined : digestOf(current.bytes)) !== replaces)
    throw new QocError("FILE_CHANGED", { path });
  const target = `${folder.at}/${name}`;
  if (current !== undefined) return disk.writeAtomic(target, text);
  try {
    await disk.create(target, text);
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw isTaken ? new QocError("FILE_CHANGED", { path }, { cause: error }) : error;
  }
}
