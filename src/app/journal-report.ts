/** The result of `qoc journal verify`: the hash chain, and the operator's signature of each approval. */
import type { JournalScan } from "../bus/journal-read.ts";
import type { JournalReport } from "../commands/command.ts";
import { verifySignature } from "../trading/operator-key.ts";

/** If `publicPem` is undefined, the operator's key is not on this machine and signatures are not checked. */
export function journalReport(scan: JournalScan, publicPem: string | undefined): JournalReport {
  const { corrupt, torn } = scan;
  const signatures = publicPem === undefined ? undefined : checkSignatures(scan, publicPem);
  const forged = signatures?.forged[0];
  const problem =
    corrupt !== undefined
      ? `${corrupt.segment} line ${corrupt.line} ${corrupt.message}`
      : forged !== undefined
        ? `${forged} is not signed by the operator's key`
        : torn !== undefined
          ? `${torn.segment} ends with ${torn.bytes} unfinished bytes; the next start moves them to a file of their own`
          : undefined;
  return {
    ok: corrupt === undefined && forged === undefined,
    records: scan.events.length,
    formats: countFormats(scan),
    segments: scan.segments.length,
    head: `${scan.head.seq} ${scan.head.hash}`,
    signatures: signatures?.good,
    problem,
  };
}

/** The number of records in each format, oldest first. A boundary record is the first record of its new format. */
function countFormats(scan: JournalScan): JournalReport["formats"] {
  const formats: { format: number; records: number }[] = [];
  for (const { event } of scan.events) {
    if (event.type === "desk.created") formats.push({ format: event.format, records: 0 });
    if (event.type === "journal.upgraded") formats.push({ format: event.to, records: 0 });
    const current = formats.at(-1);
    if (current !== undefined) current.records += 1;
  }
  return formats;
}

/** Checks the signatures of approvals and of format boundaries; counts those of approvals. */
function checkSignatures(scan: JournalScan, publicPem: string): { good: number; forged: readonly string[] } {
  let good = 0;
  const forged: string[] = [];
  for (const { seq, event } of scan.events) {
    if (event.type === "journal.upgraded") {
      const { type: _type, signature, ...boundary } = event;
      if (signature !== undefined && !verifySignature(publicPem, boundary, signature)) forged.push(`record ${seq}`);
    }
    if (event.type !== "order.approved") continue;
    const { type: _type, signature, ...signed } = event;
    // Approvals of paper orders are unsigned while the key is locked; those of live orders never are.
    if (signature === undefined && event.terms.mode !== "live") continue;
    if (signature !== undefined && verifySignature(publicPem, signed, signature)) good += 1;
    else forged.push(`the approval of ${event.id}`);
  }
  return { good, forged };
}
