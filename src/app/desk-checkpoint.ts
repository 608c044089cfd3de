/** Where a fold of the journal begins: at the checkpoint of the desk, or at the first record. */
import { DiskArchive } from "../bus/archive.ts";
import { type CheckpointPlace, readCheckpoint, restoreState } from "../bus/checkpoint.ts";
import { type JournalScan, type ScanStart, readEarlierRange } from "../bus/journal-read.ts";
import { type DeskState, emptyDeskState } from "../domain/desk-state.ts";
import { type QocError, messageOf } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { type LedgerParts, emptyLedger } from "../trading/account/ledger-parts.ts";
import type { DecisionCheck } from "../trading/audit/check-decisions.ts";
import { type PublicKeys, verifySignature } from "../trading/keys/operator-keys.ts";
import { type OrderAuthors, createOrderAuthors } from "../trading/orders/order-authors.ts";
import { LAYOUT } from "../workspace/layout.ts";

export interface FoldStart {
  readonly state: DeskState;
  readonly authors: OrderAuthors;
  readonly archive: DiskArchive;
  /** undefined if no currency was given, or if the desk could not follow its profit and loss. */
  readonly ledger: LedgerParts | undefined;
  /** undefined: the first record. */
  readonly from: ScanStart | undefined;
}

export interface FoldStartOptions {
  readonly disk: Disk;
  readonly root: string;
  /** The version of Qoc. */
  readonly version: string;
  readonly deskId: string;
  /** undefined: no checkpoint is used, because its signature cannot be checked. */
  readonly keys: Pick<PublicKeys, "host"> | undefined;
  /** Of the profit and loss; undefined: nothing reads it. */
  readonly currency?: string | undefined;
  onDamage(error: QocError): void;
}

export function checkpointPlace({
  disk,
  root,
  version,
  deskId,
  keys,
}: Omit<FoldStartOptions, "onDamage">): CheckpointPlace {
  return {
    ...{ disk, deskId, version },
    dir: `${root}/${LAYOUT.checkpoints}`,
    journalDir: `${root}/${LAYOUT.journal}`,
    verify: (text, signature) => keys !== undefined && verifySignature(keys.host.publicPem, text, signature),
  };
}

/** The fold of the whole journal. */
export function foldOfAll({
  disk,
  root,
  currency,
  onDamage,
}: Pick<FoldStartOptions, "disk" | "root" | "currency" | "onDamage">): FoldStart {
  const archive = new DiskArchive({ disk, dir: `${root}/${LAYOUT.checkpoints}`, onDamage });
  const ledger = currency === undefined ? undefined : emptyLedger(currency);
  return { state: emptyDeskState(), authors: createOrderAuthors(), archive, ledger, from: undefined };
}

/** The fold after the desk's checkpoint; a text why it is not used; undefined without a checkpoint. Never rejects. */
export async function foldAfterCheckpoint(options: FoldStartOptions): Promise<FoldStart | string | undefined> {
  const start = foldOfAll(options);
  const { archive, authors } = start;
  const found = await readCheckpoint(checkpointPlace(options), archive);
  if ("reason" in found) return found.kind === "absent" ? undefined : found.reason;
  const { seq, hash, segments, layers } = found.head;
  try {
    archive.use(layers, found.runs);
    const { state, kept } = restoreState(found, { authors: authors.byDigest }, archive);
    const ledger = (kept as LedgerParts | null) ?? undefined;
    const { currency } = options;
    if (currency !== undefined && ledger !== undefined && ledger.currency !== currency)
      return `its profit and loss are in ${ledger.currency}`;
    return { ...start, state, ledger, from: { seq, hash, segments } };
  } catch (error) {
    return messageOf(error);
  }
}

interface TailScan {
  readonly disk: Disk;
  readonly dir: string;
  readonly from: ScanStart;
  readonly scan: JournalScan;
}

/**
 * Why the fold after the checkpoint does not count; undefined if the journal has its record, and the decisions after it
 * are valid. Their signatures may name earlier records: the journal is read from the first of these on, which an honest
 * decision follows within minutes.
 */
export async function whyUnused(
  { disk, dir, from, scan }: TailScan,
  decisions: DecisionCheck | undefined,
): Promise<string | undefined> {
  if (scan.lacksStart === true) return `the journal does not have its record ${from.seq}`;
  const unchecked = "a decision after it takes the whole journal to check";
  if (decisions?.isSettled !== true) return unchecked;
  const { earlier } = decisions;
  const { first } = earlier;
  if (first === undefined) return undefined;
  const range = { disk, dir, segments: [...scan.sealed, scan.head], first, last: from };
  const isChain = await readEarlierRange(range, (recorded, hash) => earlier.take(recorded, hash));
  return isChain && earlier.areConfirmed ? undefined : unchecked;
}
