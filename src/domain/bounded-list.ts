/** What was read before a proposal was written, as it is kept and shown: the ones read last, and how many more. */
const SOURCES_MAX = 50;

export function boundedList(sources: readonly string[]): readonly string[] {
  return sources.length <= SOURCES_MAX
    ? sources
    : [...sources.slice(0, SOURCES_MAX), `and ${sources.length - SOURCES_MAX} more`];
}
