/**
 * One desk a workspace: a lock file that says which process holds it, so exactly that a lock left by `kill -9` is known to be
 * dead. A process is its pid, the boot it runs in, and the tick it started at; a pid alone may be somebody else's by now.
 */
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { z } from "zod";
import { tryParseJson } from "../lib/json.ts";

/** What the operating system says of processes; undefined where it does not say. */
export interface Processes {
  readonly pid: number;
  readonly bootId: string;
  /** When that process started, as text; undefined: there is none. */
  startOf(pid: number): string | undefined;
}

export interface Lock {
  release(): Promise<void>;
}

const owner = z.object({ pid: z.int(), boot: z.string(), start: z.string(), nonce: z.string(), root: z.string() });
export type LockOwner = z.output<typeof owner>;

/** Who holds it, alive or not; undefined: nobody, or the file is unreadable and so nobody's. */
export async function lockOwner(disk: Disk, path: string): Promise<LockOwner | undefined> {
  if ((await disk.facts(path)) === undefined) return undefined;
  try {
    return owner.safeParse(tryParseJson(await disk.readText(path, 4096))).data;
  } catch {
    return undefined;
  }
}

export function isAlive(held: LockOwner, processes: Processes): boolean {
  return held.boot === processes.bootId && processes.startOf(held.pid) === held.start;
}

/** @throws LOCKED where a living desk holds it. A dead one's lock is taken over. */
export async function takeLock(
  disk: Disk,
  path: string,
  root: string,
  nonce: string,
  processes: Processes,
): Promise<Lock> {
  const mine: LockOwner = {
    pid: processes.pid,
    boot: processes.bootId,
    start: processes.startOf(processes.pid) ?? "",
    nonce,
    root,
  };
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await disk.create(path, JSON.stringify(mine), 0o600);
      return { release: () => release(disk, path, nonce) };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const held = await lockOwner(disk, path);
    if (held !== undefined && isAlive(held, processes)) throw new QocError("LOCKED", { pid: held.pid, path: root });
    // Two starters may find the same dead lock: only the one whose `create` comes first after this goes on.
    await disk.move(path, `${path}.stale-${nonce}`).catch(() => undefined);
    await disk.remove(`${path}.stale-${nonce}`).catch(() => undefined);
  }
  throw new QocError("LOCKED", { pid: 0, path: root });
}

async function release(disk: Disk, path: string, nonce: string): Promise<void> {
  const held = await lockOwner(disk, path);
  if (held?.nonce === nonce) await disk.remove(path);
}
