/** A scan of the journal as `qoc verify` answers it: the chain, and the operator's signature under each approval. */
import type { JournalScan } from "../bus/journal-read.ts";
import type { JournalReport } from "../commands/command.ts";
import { verifySignature } from "../trading/operator-key.ts";

/** `publicPem` undefined: the operator's key is not on this machine, and signatures are not checked. */
export function journalFacts(scan: JournalScan, publicPem: string | undefined): JournalReport {
  const { corrupt, torn } = scan;
  const signatures = publicPem === undefined ? undefined : checkSignatures(scan, publicPem);
  const forged = signatures?.forged[0];
  const problem =
    corrupt !== undefined
      ? `${corrupt.segment} line ${corrupt.line} ${corrupt.message}`
      : forged !== undefined
        ? `the signature under the approval of ${forged} is not the operator's`
        : torn !== undefined
          ? `${torn.segment} ends with ${torn.bytes} unfinished bytes; the next start sets them aside`
          : undefined;
  return {
    ok: corrupt === undefined && forged === undefined,
    records: scan.events.length,
    segments: scan.segments.length,
    head: `${scan.head.seq} ${scan.head.hash}`,
    ...(signatures === undefined ? {} : { signatures: signatures.good }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function checkSignatures(scan: JournalScan, publicPem: string): { good: number; forged: readonly string[] } {
  let good = 0;
  const forged: string[] = [];
  for (const { event } of scan.events) {
    if (event.type !== "order.approved") continue;
    const { type: _type, signature, ...consented } = event;
    // A paper order goes without where the key is locked; a live one never does.
    if (signature === undefined && event.terms.mode !== "live") continue;
    if (signature !== undefined && verifySignature(publicPem, consented, signature)) good += 1;
    else forged.push(event.id);
  }
  return { good, forged };
}
