/** Facts about processes from this operating system. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
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

/** The start tick from /proc on Linux, else the start time from `ps`. */
function startOf(pid: number): string | undefined {
  return firstAvailable(
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
  bootId: firstAvailable(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) ?? process.platform,
  startOf,
};

/** Resident memory of a process in MB; undefined if the system does not report it (systems other than Linux). */
export async function residentMb(pid: number): Promise<number | undefined> {
  try {
    // VmRSS is in kB on every page size.
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8")) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}
