/** The memory of one agent session: which sources its commands have read. */
import type { Sources } from "./command.ts";

/** A session may last for weeks; what was read longest ago is forgotten first. */
const KEPT_MAX = 2_000;

/** One for each run, each agent that was let in, and each `qoc mcp` without a token: what one agent read taints no other's proposals. */
export function sourceMemory(): Sources {
  const read = new Set<string>();
  return {
    note: (source) => {
      read.delete(source);
      read.add(source);
      for (const oldest of read) {
        if (read.size <= KEPT_MAX) break;
        read.delete(oldest);
      }
    },
    list: () => [...read].toReversed(),
  };
}
