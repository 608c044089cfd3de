/** Ends all processes of a bubblewrap sandbox from outside. */
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const TRIES = 500;
const PAUSE_MS = 10;

/**
 * Kills the first process of the sandbox, with which the kernel kills all others, and waits until they have ended; at
 * most five seconds, which is enough on a busy machine.
 */
export async function endSandbox(init: number): Promise<void> {
  for (let tries = 0; tries < TRIES && isInit(init); tries += 1) {
    try {
      process.kill(init, "SIGKILL");
    } catch {
      return;
    }
    await setTimeout(PAUSE_MS);
  }
}

/** Whether the process is the first of a namespace of its own: its id may be another process's after it has ended. */
function isInit(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return /^NSpid:(?:\t\d+)+\t1$/m.test(status) && !/^State:\t[ZX]/m.test(status);
  } catch {
    return false;
  }
}
