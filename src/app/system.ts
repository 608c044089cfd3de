/** The ambient world, taken once: the wall clock, chance, and this machine's name. Everything else is handed these. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import type { Clock, Ids } from "../domain/ports.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export const systemIds: Ids = { random: (bytes) => randomBytes(bytes).toString("hex") };

/** What tells this machine from another: its own id where it has one, else its name. */
export function machineName(): string {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    try {
      const id = readFileSync(path, "utf8").trim();
      if (id !== "") return id;
    } catch {
      // Not every system has one.
    }
  }
  return hostname();
}
