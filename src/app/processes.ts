/** Facts about processes from this operating system. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import type { Processes } from "../workspace/lock.ts";

function firstAvailable(...attempts: readonly (() => string | undefined)[]): string | undefined {
  for (const attempt of attempts) {
    try {
      const value = attempt();
      if (value !== undefined && value !== "") return value;
    } catch {
      // The next attempt may work on this system.
    }
  }
  return undefined;
}

/** Not by the PATH: a relative folder in it, such as `.`, would lead to a program in the desk's folder. */
const PS = "/bin/ps";

/** The start tick from /proc on Linux, else the start time from `ps`. */
function startOf(pid: number): string | undefined {
  return firstAvailable(
    () => {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // A process that has ended keeps its number until its parent asks for the result.
      return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    },
    () =>
      process.platform === "linux"
        ? undefined
        : execFileSync(PS, ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim(),
  );
}

export const nodeProcesses: Processes = {
  pid: process.pid,
  bootId: firstAvailable(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) ?? process.platform,
  startOf,
};

/**
 * Resident memory of a process and of its children, in MB; undefined if the system does not report it (systems other
 * than Linux). A process inside bubblewrap is a grandchild of the process that was started.
 */
export async function residentMb(pid: number): Promise<number | undefined> {
  try {
    // VmRSS is in kB on every page size.
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
    if (kilobytes === undefined) return undefined;
    const children = await Promise.all((await childrenOf(pid)).map(residentMb));
    return children.reduce<number>((sum, megabytes = 0) => sum + megabytes, Number(kilobytes) / 1024);
  } catch {
    return undefined;
  }
}

/** Of all its threads: the system lists a child at the thread that started it. */
async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8").catch(() => "")),
  );
  return lists.flatMap((children) => children.split(" ").filter(Boolean).map(Number));
}
