/** The sources that the commands of one agent session have read. */
import { LruMap } from "../lib/lru-map.ts";

/** A proposal lists these sources, so that the human who approves knows what its text may be based on. */
export interface ReadLog {
  /** A path of the workspace, `connector NAME …`, or the name of a command that lists. */
  add(source: string): void;
  /** Each source once, the most recent first. */
  list(): readonly string[];
}

/** A session may last for weeks; what was read longest ago is forgotten first. */
const SOURCES_MAX = 2_000;

/**
 * Each run, each agent with a grant and each `qoc mcp` without a token has its own log: a proposal lists its author's
 * sources only.
 */
export function createReadLog(): ReadLog {
  const sources = new LruMap<string, true>(SOURCES_MAX);
  return { add: (source) => sources.set(source, true), list: () => sources.keys() };
}
