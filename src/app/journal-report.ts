/** The result of `qoc journal verify`: the hash chain, and the operator's signature of each approval. */
import type { JournalScan } from "../bus/journal-read.ts";
import { upgraded } from "../bus/replay.ts";
import type { JournalReport } from "../commands/command.ts";
import { statementOf, statementText } from "../domain/authority.ts";
import { canonicalJson } from "../domain/digest.ts";
import type { OrderApproved } from "../domain/event.ts";
import { checkConfigRecords } from "../trading/check-config-records.ts";
import { type PublicKeys, verifySignature } from "../trading/operator-keys.ts";

/** If `keys` is undefined, the desk's keys are not on this machine and signatures are not checked. */
export function journalReport(scan: JournalScan, keys: PublicKeys | undefined): JournalReport {
  const { corrupt, torn } = scan;
  const signatures = keys === undefined ? undefined : checkSignatures(scan, keys);
  const forged = signatures?.forged[0];
  const config = checkConfigRecords(upgraded(scan.events), keys);
  const problem =
    corrupt !== undefined
      ? `${corrupt.segment} line ${corrupt.line} ${corrupt.message}`
      : forged !== undefined
        ? `${forged} is not signed by the operator's key`
        : config.problem !== undefined
          ? config.problem
          : torn !== undefined
            ? `${torn.segment} ends with ${torn.bytes} unfinished bytes; the next start moves them to a file of their own`
            : undefined;
  return {
    ok: corrupt === undefined && forged === undefined && config.problem === undefined,
    records: scan.events.length,
    formats: countFormats(scan),
    segments: scan.segments.length,
    head: `${scan.head.seq} ${scan.head.hash}`,
    signatures: signatures === undefined ? undefined : signatures.good + config.signed,
    waiting: config.waiting,
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

/** Checks the signatures of approvals, and counts them. */
function checkSignatures(scan: JournalScan, keys: PublicKeys): { good: number; forged: readonly string[] } {
  const first = scan.events[0]?.event;
  const deskId = first?.type === "desk.created" ? first.deskId : "";
  const results = scan.events.flatMap(({ event }) =>
    event.type === "order.approved" ? [{ id: event.id, isGood: isSigned(event, deskId, keys) }] : [],
  );
  return {
    good: results.filter(({ isGood }) => isGood === true).length,
    forged: results.filter(({ isGood }) => isGood === false).map(({ id }) => `the approval of ${id}`),
  };
}

/** undefined: approvals of paper orders of earlier formats are unsigned if the key was locked. */
function isSigned(event: OrderApproved, deskId: string, { desk, live }: PublicKeys): boolean | undefined {
  const { type: _type, signature, authority, ...signed } = event;
  const { id, digest, terms, shown = "" } = event;
  const { mode } = terms;
  if (authority !== undefined) {
    const text = statementText(statementOf(deskId, { action: "approve", id, digest, shown, mode }, authority));
    const pem = authority.key === "desk" ? desk : live?.publicPem;
    return pem !== undefined && verifySignature(pem, text, authority.signature);
  }
  if (signature === undefined) return mode === "live" ? false : undefined;
  const pems = [desk, live?.publicPem].filter((pem) => pem !== undefined);
  return pems.some((pem) => verifySignature(pem, canonicalJson(signed), signature));
}
