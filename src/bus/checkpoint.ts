/**
 * A checkpoint: the state after one record of the journal, so that a start reads the records after it only. Its head
 * names the record by number and hash, and the digests of the state and of the archive; the host's key signs it. A
 * checkpoint that is absent, damaged, of another version or not of this journal is not used: the start reads the whole
 * journal, and the next checkpoint replaces it.
 */
import * as z from "zod";
import type { ArchivedMap } from "../domain/archived-map.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { type DeskState, emptyDeskState } from "../domain/desk-state.ts";
import { sha256Hex } from "../domain/digest.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { type DiskArchive, SECTIONS, archivedMapsIn, layerName } from "./archive.ts";
import { type IndexRun, openRun, runBytes } from "./archive-index.ts";
import { segmentName } from "./journal-read.ts";
import { stateOf } from "./state-text.ts";

/** Changes with the meaning of the state's text. The version of Qoc is in the head besides. */
const CHECKPOINT_FORMAT = 1;
export const CHECKPOINT_FILE = "checkpoint.json";

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();
const sectionSchema = z.strictObject({ from: count, bytes: count, sha256: hex });
const layerSchema = z.strictObject({
  number: z.int().positive(),
  bytes: count,
  seq: count,
  at: z.int(),
  sections: z.strictObject({ orders: sectionSchema, fills: sectionSchema, others: sectionSchema, ids: sectionSchema }),
  firstPlace: count,
  states: z.record(z.string(), count),
  firstFill: count,
  newFills: count,
});
const headSchema = z.strictObject({
  format: z.int(),
  version: z.string(),
  desk: z.string(),
  seq: z.int().positive(),
  hash: hex,
  at: z.int(),
  state: hex,
  segments: z.array(z.strictObject({ bytes: count, seq: count, hash: hex })),
  layers: z.array(layerSchema),
  runs: z.array(z.strictObject({ name: z.string().regex(/^\d{6,}-\d{6,}\.index$/), entries: count, sha256: hex })),
  signature: z.base64(),
});

export type CheckpointHead = Readonly<z.infer<typeof headSchema>>;

/** The text that the host's key signs. */
function signedText(head: CheckpointHead): string {
  return `qoc checkpoint 1\n${canonicalJson({ ...head, signature: undefined })}`;
}

export type CheckpointFacts = Omit<CheckpointHead, "format" | "state" | "signature">;

/** The whole file. */
export function checkpointText(facts: CheckpointFacts, state: string, sign: (text: string) => string): string {
  const head = { ...facts, format: CHECKPOINT_FORMAT, state: sha256Hex(state), signature: "" };
  return `${JSON.stringify({ ...head, signature: sign(signedText(head)) })}\n${state}\n`;
}

/** What a checkpoint has to agree with. */
export interface CheckpointPlace {
  readonly disk: Disk;
  /** The folder of the checkpoint. */
  readonly dir: string;
  readonly journalDir: string;
  readonly deskId: string;
  /** The version of Qoc. */
  readonly version: string;
  /** Whether the host's key signed the text. */
  verify(text: string, signature: string): boolean;
}

export interface FoundCheckpoint {
  readonly head: CheckpointHead;
  readonly runs: readonly IndexRun[];
  /** The text of the state. */
  readonly state: string;
}

/** `absent`: there is no checkpoint. `other`: of another version. `bad`: damaged, or not made by this host. */
export interface UnusedCheckpoint {
  readonly kind: "absent" | "other" | "bad";
  readonly reason: string;
}

/** Checks all but the record that the checkpoint follows, which a scan of the journal checks. Never rejects. */
export async function readCheckpoint(
  place: CheckpointPlace,
  archive: DiskArchive,
): Promise<FoundCheckpoint | UnusedCheckpoint> {
  const path = `${place.dir}/${CHECKPOINT_FILE}`;
  try {
    if ((await place.disk.facts(path)) === undefined) return { kind: "absent", reason: "there is no checkpoint" };
    const bytes = Buffer.from(await place.disk.read(path));
    return (await checkFile(place, archive, bytes)) ?? bad("it is cut off");
  } catch (error) {
    return bad(messageOf(error));
  }
}

function bad(reason: string): UnusedCheckpoint {
  return { kind: "bad", reason };
}

async function checkFile(
  place: CheckpointPlace,
  archive: DiskArchive,
  bytes: Buffer,
): Promise<FoundCheckpoint | UnusedCheckpoint | undefined> {
  const end = bytes.indexOf(10);
  if (end === -1 || bytes.at(-1) !== 10) return undefined;
  const parsed: unknown = tryParseJson(bytes.toString("utf8", 0, end));
  const stated = z.object({ format: z.int(), version: z.string() }).safeParse(parsed).data;
  if (stated !== undefined && (stated.format !== CHECKPOINT_FORMAT || stated.version !== place.version))
    return { kind: "other", reason: `it is of Qoc ${stated.version}, format ${stated.format}` };
  const head = headSchema.safeParse(parsed).data;
  if (head === undefined) return bad("its first line is not that of a checkpoint");
  if (head.desk !== place.deskId) return bad("it is of another desk");
  if (!place.verify(signedText(head), head.signature)) return bad("the host's key did not sign it");
  const state = bytes.toString("utf8", end + 1, bytes.length - 1);
  if (sha256Hex(state) !== head.state) return bad("its state is not the state that was signed");
  const missing = await missingFile(place, head);
  if (missing !== undefined) return bad(`${missing} is missing or has another size`);
  const runs = head.runs.map((facts) => openRun(facts, archive.read));
  if (!runs.every((run) => run !== undefined)) return bad("a table of its index is not the table that was signed");
  return { head, runs, state };
}

/** The first file that is not there with the size of the head. */
async function missingFile(
  { disk, dir, journalDir }: CheckpointPlace,
  head: CheckpointHead,
): Promise<string | undefined> {
  const files = [
    ...head.segments.map(({ bytes }, index) => ({ path: `${journalDir}/${segmentName(index + 1)}`, bytes })),
    ...head.layers.map(({ number, bytes }) => ({ path: `${dir}/${layerName(number)}`, bytes })),
    ...head.runs.map((run) => ({ path: `${dir}/${run.name}`, bytes: runBytes(run) })),
  ];
  const sizes = await Promise.all(files.map(async ({ path }) => (await disk.facts(path))?.size));
  return files.find(({ bytes }, index) => sizes[index] !== bytes)?.path;
}

/** What a checkpoint restores. */
export interface CheckpointState {
  readonly state: DeskState;
  readonly others: { readonly authors: ArchivedMap<string, unknown> };
}

/** Fills `others` and returns the state; both look up what has left memory in the archive. @throws for a bad text. */
export function restoreState(
  { state: text }: Pick<FoundCheckpoint, "state">,
  others: CheckpointState["others"],
  archive: DiskArchive,
): DeskState {
  const maps = archivedMapsIn(emptyDeskState(), others);
  const { state } = stateOf(text, maps) as CheckpointState;
  for (const map of maps) map.attach(archive);
  return state;
}

/** Reads every file of the archive. Returns the first layer that is not what the head names. @throws for a run. */
export async function damagedArchiveFile(
  { disk, dir }: CheckpointPlace,
  { head, runs }: FoundCheckpoint,
): Promise<string | undefined> {
  for (const layer of head.layers) {
    const whole = Buffer.from(await disk.read(`${dir}/${layerName(layer.number)}`));
    const isWhole = SECTIONS.every((name) => {
      const { from, bytes, sha256: digest } = layer.sections[name];
      return sha256Hex(whole.subarray(from, from + bytes)) === digest;
    });
    if (!isWhole) return layerName(layer.number);
  }
  for (const run of runs) run.wholeEntries();
  return undefined;
}
