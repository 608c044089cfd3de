/** What this operating system says of processes. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Processes } from "../workspace/lock.ts";

function firstOf(...attempts: readonly (() => string | undefined)[]): string | undefined {
  for (const attempt of attempts) {
    try {
      const answer = attempt();
      if (answer !== undefined && answer !== "") return answer;
    } catch {
      // The next way may work on this system.
    }
  }
  return undefined;
}

/** Linux tells the start tick in /proc; elsewhere `ps` tells the start time. */
function startOf(pid: number): string | undefined {
  return firstOf(
    () => {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    },
    () =>
      process.platform === "linux"
        ? undefined
        : execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim(),
  );
}

export const nodeProcesses: Processes = {
  pid: process.pid,
  bootId: firstOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) ?? process.platform,
  startOf,
};

/** Memory that a process holds, MB; undefined where the system does not tell, as other than Linux. */
export async function residentMb(pid: number): Promise<number | undefined> {
  try {
    // In kB whatever the size of a page is.
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}
