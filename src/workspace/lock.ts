/**
 * Ensures that one process at a time opens a workspace. The lock file identifies its owner by pid, boot id and start
 * time, so a lock left behind by `kill -9` is recognized even if another process has the same pid now.
 */
import * as z from "zod";
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { hasCode } from "../lib/error-code.ts";
import { tryParseJson } from "../lib/json.ts";
import { iso } from "../lib/time.ts";
import { isWithin } from "../lib/path-containment.ts";
import { LAYOUT, type WorkspaceRoot } from "./layout.ts";
import type { RuntimePaths } from "./runtime-folder.ts";
import { lazy } from "../lib/lazy.ts";

const LOCK_BYTES_MAX = 4096;
const ATTEMPTS_MAX = 5;

/** The processes of this machine. */
export interface Processes {
  readonly pid: number;
  readonly bootId: string;
  /** Returns the start time of a process as text, or undefined if there is no such process. */
  startOf(pid: number): string | undefined;
}

export interface Lock {
  release(): Promise<void>;
}

const ownerSchema = lazy(() =>
  z.object({
    pid: z.int(),
    boot: z.string(),
    start: z.string(),
    nonce: z.string(),
    root: z.string(),
  }),
);
type LockOwner = z.output<ReturnType<typeof ownerSchema>>;

/** Returns the owner, running or not; undefined if the lock file is missing or unreadable. */
export async function lockOwner(disk: Disk, path: string): Promise<LockOwner | undefined> {
  if ((await disk.facts(path)) === undefined) return undefined;
  try {
    return ownerSchema().safeParse(tryParseJson(await disk.readText(path, LOCK_BYTES_MAX))).data;
  } catch {
    return undefined;
  }
}

export function isAlive(owner: LockOwner, processes: Processes): boolean {
  return owner.boot === processes.bootId && processes.startOf(owner.pid) === owner.start;
}

/** The running process of a desk. */
export interface DeskProcess {
  readonly pid: number;
  /** The folder of sockets by the variables of this process, if the desk has its sockets in another. */
  readonly otherFolder: string | undefined;
}

/**
 * Finds the process that has a desk open. A desk has two locks: one in its folder, and one beside its sockets, where
 * the variables of its process say. `paths`: where the variables of this process say.
 */
export async function findDeskProcess(
  { disk, root }: WorkspaceRoot,
  paths: Pick<RuntimePaths, "lock" | "runtime">,
  processes: Processes,
): Promise<DeskProcess | undefined> {
  const runningOwner = async (path: string): Promise<LockOwner | undefined> => {
    const owner = await lockOwner(disk, path);
    return owner !== undefined && owner.root === root && isAlive(owner, processes) ? owner : undefined;
  };
  const here = await runningOwner(paths.lock);
  if (here !== undefined) return { pid: here.pid, otherFolder: undefined };
  const elsewhere = await runningOwner(`${root}/${LAYOUT.lock}`);
  return elsewhere === undefined ? undefined : { pid: elsewhere.pid, otherFolder: paths.runtime };
}

/** The error of a desk that is up; its process wrote the lock file when it started. */
export async function lockedError(disk: Disk, lock: string, owner: { pid: number; root: string }): Promise<QocError> {
  const facts = await disk.facts(lock).catch(() => undefined);
  const since = facts === undefined ? "" : `, since ${iso(facts.modifiedMs)}`;
  return new QocError("LOCKED", { pid: owner.pid, path: owner.root, since });
}

export interface LockRequest {
  /** The workspace, for the message. */
  readonly root: string;
  /** Unique for each attempt to open the workspace. */
  readonly nonce: string;
  readonly processes: Processes;
}

/**
 * Takes the lock, also if its owner is no longer running or locked another folder: a copied workspace contains the
 * lock file of the original. @throws LOCKED if the owner is running.
 */
export async function takeLock(disk: Disk, path: string, request: LockRequest): Promise<Lock> {
  const { root, nonce } = request;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (await createLock(disk, path, request)) return { release: () => release(disk, path, nonce) };
    await refuseHeld(disk, path, request);
    await removeStale(disk, path, request);
  }
  throw new QocError("LOCKED", { pid: "unknown", path: root, since: "" });
}

/** Returns false if the file exists. */
async function createLock(disk: Disk, path: string, { root, nonce, processes }: LockRequest): Promise<boolean> {
  const { pid, bootId: boot } = processes;
  const owner: LockOwner = { pid, boot, start: processes.startOf(pid) ?? "", nonce, root };
  try {
    await disk.create(path, JSON.stringify(owner), 0o600);
    return true;
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
    return false;
  }
}

/** @throws LOCKED if the owner of the lock file is running in this folder. */
async function refuseHeld(disk: Disk, path: string, { root, processes }: LockRequest): Promise<void> {
  const current = await lockOwner(disk, path);
  if (current !== undefined && isAlive(current, processes) && (await isSameFolder(disk, path, [root, current.root])))
    throw await lockedError(disk, path, current);
}

/**
 * Removes the lock of a process that has ended. One process at a time does so, and looks at the lock again: of two that
 * found the same one, the second would else remove the lock that the first has taken since. @throws LOCKED.
 */
async function removeStale(disk: Disk, path: string, request: LockRequest): Promise<void> {
  const guard = `${path}.taking`;
  if (!(await createLock(disk, guard, request))) {
    await refuseHeld(disk, guard, request);
    // Its process ended while it removed the lock.
    await disk.remove(guard).catch(() => undefined);
    return;
  }
  try {
    await refuseHeld(disk, path, request);
    await disk.remove(path).catch(() => undefined);
  } finally {
    await disk.remove(guard).catch(() => undefined);
  }
}

/** Whether both folders have the same lock file: a folder may have two paths, by a bind mount for example. */
async function isSameFolder(
  disk: Disk,
  path: string,
  [root, other]: readonly [root: string, other: string],
): Promise<boolean> {
  if (root === other) return true;
  if (!isWithin(root, path)) return false;
  const files = [path, `${other}${path.slice(root.length)}`];
  const [here, there] = await Promise.all(files.map((file) => disk.facts(file).catch(() => undefined)));
  // A copy has another inode, or was made at another time.
  return here !== undefined && here.inode === there?.inode && here.changedMs === there.changedMs;
}

async function release(disk: Disk, path: string, nonce: string): Promise<void> {
  const owner = await lockOwner(disk, path);
  if (owner?.nonce === nonce) await disk.remove(path);
}
