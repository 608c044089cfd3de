/**
 * A desk.toml starts programs as the user who runs `qoc` below it, so a workspace of another user is refused until the
 * user trusts it. The list of trusted workspaces is in the home folder, out of reach of every workspace.
 */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { quoteForShell } from "../lib/shell.ts";
import { LAYOUT, locateWorkspace } from "./layout.ts";

/** The user who runs the command. */
export interface WorkspaceUser {
  readonly uid: number;
  /** The absolute path of the home folder. */
  readonly home: string;
}

/** A line of the list. */
interface TrustedOwner {
  /** The workspace's real path. */
  readonly path: string;
  /** A user id. Another owner later is not trusted. */
  readonly owner: number;
}

export interface TrustedWorkspace extends Pick<TrustedOwner, "path"> {
  /** The user ids: folder, desk.toml and records may have an owner each. */
  readonly owners: readonly number[];
}

const ROOT_UID = 0;
const WRITABLE_BY_OTHERS = 0o022;
const LIST_BYTES_MAX = 1024 * 1024;

/**
 * Returns the nearest folder with a desk.toml: `from` or one of its parents. The name of a folder that is not there has
 * a mistake: the desk in one of its parents may be another one.
 * @throws FOLDER_MISSING; NO_WORKSPACE; HOME_FOLDER_UNSAFE; WORKSPACE_NOT_OURS if the folder, its desk.toml or its
 * records belong to neither this user nor root and the user has not trusted it.
 */
export async function findWorkspace(disk: Disk, from: string, user: WorkspaceUser): Promise<string> {
  const root = await locateNamed(disk, from);
  await checkHome(disk, user);
  const owners = await foreignOwners(disk, root, user.uid);
  if (owners.length === 0) return root;
  const path = realpathSync(root);
  const trusted = await readTrusted(disk, user.home);
  const owner = owners.find((each) => !trusted.some((entry) => entry.path === path && entry.owner === each));
  if (owner !== undefined) throw new QocError("WORKSPACE_NOT_OURS", { path, owner, quoted: quoteForShell(path) });
  return root;
}

async function locateNamed(disk: Disk, from: string): Promise<string> {
  if ((await disk.facts(from)) === undefined) throw new QocError("FOLDER_MISSING", { path: from });
  return locateWorkspace(disk, from);
}

/**
 * The folder names programs, in its config.toml, and workspaces that are trusted. Where the home is a folder of several
 * users, for example /tmp, another one may have made it first. @throws HOME_FOLDER_UNSAFE.
 */
export async function checkHome(disk: Disk, { home, uid }: WorkspaceUser): Promise<void> {
  const path = join(home, ".qoc");
  const named = await disk.facts(path);
  if (named === undefined) return;
  const facts = [named, (await disk.facts(realpathSync(path))) ?? named];
  const owner = facts.find((each) => each.uid !== uid && each.uid !== ROOT_UID)?.uid;
  if (owner !== undefined)
    throw unsafeHome(path, `it belongs to user ${owner}`, "export HOME=DIR, with a folder of your own");
  if (facts.some(({ kind, mode }) => kind === "directory" && (mode & WRITABLE_BY_OTHERS) !== 0))
    throw unsafeHome(path, "other users can write to it", `chmod go-w ${quoteForShell(path)}`);
}

function unsafeHome(path: string, reason: string, fix: string): QocError {
  return new QocError("HOME_FOLDER_UNSAFE", { path, reason, fix });
}

/**
 * The owners of the folder, of desk.toml and of the desk's records that are neither this user nor root. In a folder of
 * all users, for example /tmp, each part may be of another one, and the id alone makes it a desk.
 */
async function foreignOwners(disk: Disk, root: string, uid: number): Promise<readonly number[]> {
  const parts = [LAYOUT.config, LAYOUT.state, LAYOUT.deskId].map((part) => join(root, part));
  const facts = await Promise.all([realpathSync(root), ...parts].map((path) => disk.facts(path)));
  const owners = facts.flatMap((fact) => (fact === undefined ? [] : [fact.uid]));
  return [...new Set(owners)].filter((owner) => owner !== uid && owner !== ROOT_UID);
}

/**
 * Adds the workspace at or above `from` to the list of trusted workspaces. A workspace of this user needs no trust and
 * is not added. @throws FOLDER_MISSING; NO_WORKSPACE; HOME_FOLDER_UNSAFE.
 */
export async function trustWorkspace(
  disk: Disk,
  from: string,
  { uid, home }: WorkspaceUser,
): Promise<TrustedWorkspace> {
  const root = await locateNamed(disk, from);
  await checkHome(disk, { uid, home });
  const path = realpathSync(root);
  const owners = await foreignOwners(disk, root, uid);
  if (owners.length === 0) return { path, owners: [uid] };
  const kept = (await readTrusted(disk, home)).filter((entry) => entry.path !== path);
  const added = owners.map((each) => ({ path, owner: each }));
  const lines = [...kept, ...added].map((entry) => `${JSON.stringify(entry)}\n`);
  await disk.mkdir(dirname(listPath(home)), 0o700);
  await disk.writeAtomic(listPath(home), lines.join(""), 0o600);
  return { path, owners };
}

function listPath(home: string): string {
  return join(home, ".qoc", "trusted");
}

/** One JSON object a line. A line that is not one trusts nothing. */
async function readTrusted(disk: Disk, home: string): Promise<readonly Partial<TrustedOwner>[]> {
  if ((await disk.facts(listPath(home))) === undefined) return [];
  const lines = (await disk.readText(listPath(home), LIST_BYTES_MAX)).split("\n").filter((line) => line !== "");
  return lines.map(parseLine);
}

function parseLine(line: string): Partial<TrustedOwner> {
  const entry = tryParseJson(line);
  return typeof entry === "object" && entry !== null ? entry : {};
}
