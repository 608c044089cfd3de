/** `qoc journal verify`: reads keys, signed heads and the journal, and folds the records into one report. */
import { scanJournal } from "../bus/journal-read.ts";
import { GENESIS } from "../bus/journal-record.ts";
import type { JournalReport } from "../commands/command.ts";
import { SIGNED_FORMAT } from "../domain/authority/authority.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Disk, Progress } from "../domain/ports.ts";
import { JournalAudit } from "../trading/audit/journal-audit.ts";
import { GAP_CODES, type KnownHeads, describeGap, findGap } from "../trading/audit/journal-gap.ts";
import { type PublicKeys, readPublicKeys } from "../trading/keys/operator-keys.ts";
import { LAYOUT, keyPath } from "../workspace/layout.ts";
import { checkpointPlace } from "./desk-checkpoint.ts";
import { NO_CHECKPOINT, verifyCheckpoint } from "./verify-checkpoint.ts";
import { type DeskPlace, deskIdOf, readKnownHeads } from "./journal-guard.ts";
import { counted } from "../lib/counted.ts";

export interface VerifiedPlace extends DeskPlace {
  /** The version of Qoc. */
  readonly version: string;
}

/** Never rejects because of the content of a file: what is wrong is in the report. */
export async function verifyJournal(options: VerifiedPlace, progress: Progress): Promise<JournalReport> {
  const { disk, root, version } = options;
  const dir = `${root}/${LAYOUT.journal}`;
  const keys = await readKeys(options);
  const audit = new JournalAudit(keys.keys);
  // Before the journal: a running desk anchors newer records meanwhile.
  const known = await readHeads(options, keys);
  const place = { place: "", format: 0, lastAt: null as number | null };
  const lostHeads = new Set<string>();
  const { corrupt, torn, head, segments } = await scanJournal(disk, dir, {
    progress: (done, of, records) => progress.line(`segment ${done} of ${of}, ${counted(records, "record")}`),
    take: (recorded, hash) => {
      const { at, event } = recorded;
      place.lastAt = at;
      if (event.type === "desk.created") place.format = event.format;
      if (event.type === "journal.upgraded") place.format = event.to;
      if (event.type === "desk.started") place.place = event.machine;
      if (event.type === "journal.gap") for (const lost of event.heads) lostHeads.add(lost.hash);
      audit.take(recorded, hash);
    },
  });
  if (keys.problem !== undefined) audit.report(0, keys.problem);
  else if (keys.isEarlier && place.format >= SIGNED_FORMAT)
    audit.report(0, { code: "KEY_MISSING", message: "this machine lacks the host's key of the desk" });
  const hashAt = (seq: number): string | undefined => (seq === 0 ? GENESIS : audit.hashAt(seq));
  const gap = known === undefined ? undefined : findGap(known, { ...place, head, hashAt, lostHeads });
  // A corrupt record ends the scan, so that the records after it only seem to be lost.
  if (corrupt !== undefined)
    audit.report(head.seq + 1, {
      code: "JOURNAL_CORRUPT",
      message: `${corrupt.segment} line ${corrupt.line} ${corrupt.message}`,
    });
  else if (gap !== undefined) audit.report(head.seq + 1, { code: GAP_CODES[gap.kind], message: describeGap(gap) });
  const checkpoints = checkpointPlace({ disk, root, version, deskId: keys.deskId, keys: keys.keys });
  // A corrupt record ends the scan, and without keys no signature can be checked.
  const isChecked = keys.keys !== undefined && corrupt === undefined;
  const checkpoint = isChecked ? await verifyCheckpoint(checkpoints, hashAt) : NO_CHECKPOINT;
  if (checkpoint.problem !== undefined)
    audit.report(head.seq + 1, { code: "CHECKPOINT_INVALID", message: checkpoint.problem });
  const { formats, gaps, problems, problemCount, waiting, keysReplaced } = audit.result();
  const [first] = problems.toSorted((a, b) => a.seq - b.seq);
  return {
    ok: problemCount === 0,
    code: first?.code,
    problem: first?.message,
    problemCount,
    problems,
    records: head.seq,
    signatures: formats.reduce((sum, { signatures }) => sum + signatures, 0),
    formats,
    segments: segments.length,
    head: `${head.seq} ${head.hash}`,
    anchors: known?.anchors.length ?? 0,
    checkpoint: checkpoint.seq,
    gaps,
    gap: gap ?? null,
    waiting,
    keysReplaced,
    torn: torn ?? null,
  };
}

const KEY_PROBLEMS = ["KEY_MISSING", "KEY_INVALID", "JOURNAL_FOREIGN"] as const;

interface FoundKeys {
  readonly deskId: string;
  /** The keys have the form of an earlier version, which the next start converts. */
  readonly isEarlier: boolean;
  readonly keys: PublicKeys | undefined;
  readonly problem: { readonly code: (typeof KEY_PROBLEMS)[number]; readonly message: string } | undefined;
}

async function readKeys(options: DeskPlace): Promise<FoundKeys> {
  const { disk, home } = options;
  let deskId = "";
  try {
    deskId = await deskIdOf(options);
    const path = keyPath(home, deskId);
    if (await isEarlierKey(disk, path)) {
      const keys = {
        desk: await disk.readText(`${path}.pub`),
        host: { publicPem: "", certificate: "" },
        live: undefined,
      };
      return { deskId, isEarlier: true, keys, problem: undefined };
    }
    return {
      deskId,
      isEarlier: false,
      keys: await readPublicKeys(disk, path, deskId),
      problem: undefined,
    };
  } catch (error) {
    const code = KEY_PROBLEMS.find((each) => error instanceof QocError && error.code === each) ?? "KEY_MISSING";
    return {
      deskId,
      isEarlier: false,
      keys: undefined,
      problem: { code, message: `no signature was checked: ${messageOf(error)}` },
    };
  }
}

/** An operator's key alone: a desk of this version has a host's key and signed heads, too. */
async function isEarlierKey(disk: Disk, path: string): Promise<boolean> {
  const has = async (end: string): Promise<boolean> => (await disk.facts(`${path}${end}`)) !== undefined;
  return (await has(".pub")) && !(await has(".certificates.json")) && !(await has(".host")) && !(await has(".heads"));
}

/** undefined: nothing can be compared without the host's public key. */
async function readHeads(options: DeskPlace, { deskId, keys }: FoundKeys): Promise<KnownHeads | undefined> {
  return keys === undefined ? undefined : readKnownHeads(options, deskId);
}
