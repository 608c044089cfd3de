/** The sources that an author read before a proposal: the most recent ones, and the number of the others. */
const SOURCES_MAX = 50;

export function boundedList(sources: readonly string[]): readonly string[] {
  return sources.length <= SOURCES_MAX
    ? sources
    : [...sources.slice(0, SOURCES_MAX), `and ${sources.length - SOURCES_MAX} more`];
}
