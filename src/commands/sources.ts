/** The memory of one agent session: which sources its commands have read. */
import type { Sources } from "./command.ts";

/** Beyond this many, further ones are not told apart any more. */
const KEPT_MAX = 2_000;

/** One for each run, and one for each interactive session: what one agent read taints no other's proposals. */
export const sourceMemory = (): Sources => {
  const read = new Set<string>();
  return {
    note: (source) => {
      if (read.size < KEPT_MAX) read.add(source);
    },
    list: () => [...read],
  };
};
