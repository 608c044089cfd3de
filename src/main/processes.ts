/** What this operating system says of processes. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Processes } from "../workspace/lock.ts";

const firstOf = (...attempts: readonly (() => string | undefined)[]): string | undefined => {
  for (const attempt of attempts) {
    try {
      const answer = attempt();
      if (answer !== undefined && answer !== "") return answer;
    } catch {
      // The next way may work on this system.
    }
  }
  return undefined;
};

/** Linux tells the start tick in /proc; elsewhere `ps` tells the start time. */
const startOf = (pid: number): string | undefined =>
  firstOf(
    () => {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    },
    () => (process.platform === "linux" ? undefined : execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim()),
  );

export const nodeProcesses: Processes = {
  pid: process.pid,
  bootId: firstOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()) ?? process.platform,
  startOf,
};

const PAGE_BYTES = 4_096;

/** Memory that a process holds, MB; undefined where the system does not tell. */
export const residentMb = async (pid: number): Promise<number | undefined> => {
  try {
    const pages = Number((await readFile(`/proc/${pid}/statm`, "utf8")).split(" ")[1]);
    return Number.isFinite(pages) ? (pages * PAGE_BYTES) / 1024 / 1024 : undefined;
  } catch {
    return undefined;
  }
};
