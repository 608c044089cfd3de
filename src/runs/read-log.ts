/** The memory of one agent session: which sources its commands have read. */

/** The sources that were read so far. A proposal carries them, so that who approves knows what its words may rest on. */
export interface ReadLog {
  /** A path of the workspace, `connector NAME …`, or the name of a command that lists. */
  add(source: string): void;
  /** Each once, the one read last first. */
  list(): readonly string[];
}

/** A session may last for weeks; what was read longest ago is forgotten first. */
const KEPT_MAX = 2_000;

/** One for each run, each agent that was let in, and each `qoc mcp` without a token: what one agent read taints no other's proposals. */
export function createReadLog(): ReadLog {
  const read = new Set<string>();
  return {
    add: (source) => {
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
