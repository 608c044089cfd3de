/** Checks the checkpoint and the archive for `qoc journal verify`. */
import { DiskArchive } from "../bus/archive.ts";
import { CHECKPOINT_FILE, type CheckpointPlace, damagedArchiveFile, readCheckpoint } from "../bus/checkpoint.ts";
import { messageOf } from "../domain/errors/error.ts";

export interface CheckpointFinding {
  /** The record that the checkpoint follows; null without a checkpoint that the next start would use. */
  readonly seq: number | null;
  /** undefined: nothing is wrong. A checkpoint of another version is no problem. */
  readonly problem: string | undefined;
}

export const NO_CHECKPOINT: CheckpointFinding = { seq: null, problem: undefined };

/** A running desk may write the next checkpoint meanwhile. */
const ATTEMPTS = 3;

/** `hashAt`: of the records of the journal. Never rejects. */
export async function verifyCheckpoint(
  place: CheckpointPlace,
  hashAt: (seq: number) => string | undefined,
): Promise<CheckpointFinding> {
  for (let attempt = 1; ; attempt++) {
    const before = await changedAt(place);
    const finding = await verifyOnce(place, hashAt);
    if (finding.problem === undefined || attempt === ATTEMPTS || before === (await changedAt(place))) return finding;
  }
}

async function changedAt({ disk, dir }: CheckpointPlace): Promise<number | undefined> {
  return (await disk.facts(`${dir}/${CHECKPOINT_FILE}`))?.inode;
}

async function verifyOnce(
  place: CheckpointPlace,
  hashAt: (seq: number) => string | undefined,
): Promise<CheckpointFinding> {
  const { disk, dir } = place;
  const found = await readCheckpoint(place, new DiskArchive({ disk, dir, onDamage: () => undefined }));
  if ("reason" in found) return found.kind === "bad" ? bad(found.reason) : NO_CHECKPOINT;
  const { seq, hash } = found.head;
  if (hashAt(seq) !== hash) return bad(`the journal does not have its record ${seq}`);
  const damaged = await damagedArchiveFile(place, found).catch(messageOf);
  return damaged === undefined ? { seq, problem: undefined } : bad(`${damaged} is damaged`);
}

function bad(reason: string): CheckpointFinding {
  return { seq: null, problem: `the checkpoint is not good (${reason}); the next start reads the whole journal` };
}
