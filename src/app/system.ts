/** The system clock, random ids and this machine's name. Other modules get them as arguments. */
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

/** Identifies this machine: its machine id if the system has one, else its host name. */
export function machineName(): string {
  for (const path of ["/etc/machine-id", "/var/lib/dbus/machine-id"]) {
    try {
      const id = readFileSync(path, "utf8").trim();
      if (id !== "") return id;
    } catch {
      // Some systems have no machine id file.
    }
  }
  return hostname();
}
