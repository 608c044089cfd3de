/** A scan of the journal as `qoc verify` answers it. */
import type { JournalScan } from "../bus/journal-read.ts";
import type { JournalFacts } from "../commands/command.ts";

export const journalFacts = (scan: JournalScan): JournalFacts => {
  const { corrupt, torn } = scan;
  const problem =
    corrupt !== undefined
      ? `${corrupt.segment} line ${corrupt.line} ${corrupt.message}`
      : torn !== undefined
        ? `${torn.segment} ends with ${torn.bytes} unfinished bytes; the next start sets them aside`
        : undefined;
  return {
    ok: corrupt === undefined,
    records: scan.events.length,
    segments: scan.segments.length,
    head: `${scan.head.seq} ${scan.head.hash}`,
    ...(problem === undefined ? {} : { problem }),
  };
};
