/** Every folder and file name of the workspace, and the paths of a desk's files outside the workspace. */
import { dirname, join, resolve } from "node:path";
import { QocError } from "../domain/errors/error.ts";
import type { DirectoryEntry, Disk } from "../domain/ports.ts";
import { isWithin } from "../lib/path-containment.ts";

/** A workspace: its absolute path, and the disk that holds it. */
export interface WorkspaceRoot {
  readonly disk: Disk;
  readonly root: string;
}

/** Paths relative to the workspace. */
export const LAYOUT = {
  config: "desk.toml",
  houseRules: "house-rules.md",
  entities: "entities",
  inbox: "inbox",
  inboxArchive: "inbox/archive",
  news: "inbox/news",
  issues: "issues",
  ordersPending: "orders/pending",
  ordersProposed: "orders/proposed",
  ordersApproved: "orders/approved",
  ordersExecuted: "orders/executed",
  ordersRejected: "orders/rejected",
  ordersCancelled: "orders/cancelled",
  research: "research",
  bars: "research/prices/bars",
  rates: "research/fx",
  schedules: "schedules",
  snapshots: "snapshots",
  state: ".qoc",
  deskId: ".qoc/desk-id",
  lock: ".qoc/lock",
  journal: ".qoc/journal",
  checkpoints: ".qoc/checkpoints",
  history: ".qoc/history.git",
  connectors: ".qoc/connectors",
  runs: ".qoc/runs",
  types: ".qoc/types",
  logs: ".qoc/logs",
} as const;

/** The folders of proposals, where people and agents write, too. */
export const PROPOSAL_FOLDERS: readonly string[] = [LAYOUT.ordersPending, LAYOUT.ordersProposed];
/** The folders of orders that the desk owns. */
export const DECIDED_FOLDERS: readonly string[] = [
  LAYOUT.ordersApproved,
  LAYOUT.ordersExecuted,
  LAYOUT.ordersRejected,
  LAYOUT.ordersCancelled,
];

/** Created by `qoc init`, and at each start if missing. */
export const FOLDERS: readonly string[] = [
  LAYOUT.entities,
  LAYOUT.inbox,
  LAYOUT.issues,
  ...PROPOSAL_FOLDERS,
  ...DECIDED_FOLDERS,
  LAYOUT.bars,
  LAYOUT.schedules,
  LAYOUT.snapshots,
  LAYOUT.journal,
  LAYOUT.connectors,
  LAYOUT.logs,
];

/** Prices that venues trade on, and rates that sums are shown by. */
export const OPERATORS_FOLDERS: readonly string[] = ["research/prices", LAYOUT.rates];

const HOST_OWNED = [...DECIDED_FOLDERS, LAYOUT.state];

/** Returns whether only the desk writes this file: `rebuild` undoes manual changes to it, and `restore` refuses it. */
export function isHostOwned(path: string): boolean {
  return HOST_OWNED.some((folder) => isWithin(folder, path)) || /^snapshots\/[^/]*\.toml$/.test(path);
}

/** A desk whose desk.toml is gone stays one: it must be halted, stopped and read all the same. */
const DESK_FILES = [LAYOUT.config, LAYOUT.deskId];

/**
 * Returns the nearest folder that contains a desk.toml or a desk's id: `from` or one of its parents. @throws
 * NO_WORKSPACE.
 */
export async function locateWorkspace(disk: Disk, from: string): Promise<string> {
  let folder = resolve(from);
  for (;;) {
    for (const name of DESK_FILES) if ((await disk.facts(join(folder, name)))?.kind === "file") return folder;
    const parent = dirname(folder);
    if (parent === folder) throw new QocError("NO_WORKSPACE", { path: resolve(from) });
    folder = parent;
  }
}

/** The folder of the logs: `[workspace].log_dir`, where `~` is the home folder; by default `.qoc/logs`. */
export function logFolder(root: string, home: string, configured: string | undefined): string {
  return configured?.replace(/^~(?=\/)/, home) ?? `${root}/${LAYOUT.logs}`;
}

const DESK_ID = /^[0-9a-f]{32}$/;

/** Returns the id that `qoc init` wrote. @throws DESK_ID_MISSING, DESK_ID_INVALID. */
export async function readDeskId(disk: Disk, root: string): Promise<string> {
  const path = `${root}/${LAYOUT.deskId}`;
  if ((await disk.facts(path)) === undefined) throw new QocError("DESK_ID_MISSING", { path });
  const deskId = (await disk.readText(path)).trim();
  if (!DESK_ID.test(deskId)) throw new QocError("DESK_ID_INVALID", { path });
  return deskId;
}

/**
 * The id in the journal, or that of `qoc init` before the first record. Clients find the keys by the file, which the
 * first versions did not write. @throws DESK_ID_INVALID.
 */
export async function keepDeskId(disk: Disk, root: string, journaled: string): Promise<string> {
  if (journaled === "") return readDeskId(disk, root);
  const path = `${root}/${LAYOUT.deskId}`;
  if ((await disk.facts(path)) === undefined) await disk.create(path, `${journaled}\n`);
  return journaled;
}

/**
 * The path of the desk key; the other keys have the same path with an ending. It is outside every workspace. The id
 * is "" if the journal is corrupt from its first record.
 * @throws DESK_ID_INVALID: an id from a journal that another user wrote must not lead to another file.
 */
export function keyPath(home: string, deskId: string): string {
  if (deskId !== "" && !DESK_ID.test(deskId)) throw new QocError("DESK_ID_INVALID", { path: LAYOUT.journal });
  return join(home, ".qoc", "keys", deskId);
}

/**
 * Where the code of connectors is kept that was made of their files. Outside every workspace, because it runs: others
 * write into a workspace, and a folder may come from elsewhere.
 */
export function bundleFolder(home: string): string {
  return join(home, ".qoc", "bundles");
}

export function globalConfigPath(home: string): string {
  return join(home, ".qoc", "config.toml");
}

/**
 * The entries of a folder of the workspace. Empty if the folder does not exist: git removes a folder whose last file it
 * stashes or cleans away.
 */
export async function listFolder({ disk, root }: WorkspaceRoot, folder: string): Promise<readonly DirectoryEntry[]> {
  return disk.list(`${root}/${folder}`).catch((error: unknown) => {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return [];
    throw error;
  });
}

/**
 * The paths of the Markdown files in one folder, in order, without subfolders and dot files. Empty if the folder does
 * not exist.
 */
export async function listMarkdown(workspace: WorkspaceRoot, folder: string): Promise<readonly string[]> {
  return (await listFolder(workspace, folder))
    .filter((entry) => entry.kind === "file" && entry.name.endsWith(".md") && !entry.name.startsWith("."))
    .map((entry) => `${folder}/${entry.name}`)
    .toSorted();
}
