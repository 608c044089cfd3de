/**
 * A checkpoint: the state after one record of the journal, so that a start reads the records after it only. Its head
 * names the record by number and hash, and the digest of all that follows it; the host's key signs it. A
 * checkpoint that is absent, damaged, of another version or not of this journal is not used: the start reads the whole
 * journal, and the next checkpoint replaces it.
 */
import { createHash } from "node:crypto";
import { bufferView } from "../lib/buffer-view.ts";
import { joinedBytes } from "../lib/joined-bytes.ts";
import * as z from "zod";
import type { ArchivedMap } from "../domain/archived-map.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { type DeskState, emptyDeskState } from "../domain/desk-state.ts";
import { sha256Hex } from "../domain/digest.ts";
import { messageOf } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { type DiskArchive, type LayerFacts, SECTIONS, archivedMapsIn, layerName } from "./archive.ts";
import { type IndexRun, type RunFacts, openRun, runBytes } from "./archive-index.ts";
import { type SealedSegment, segmentName } from "./journal-read.ts";
import { stateOf } from "./state-reader.ts";

/** Changes with the meaning of the state's text. The version of Qoc is in the head besides. */
const CHECKPOINT_FORMAT = 11;
export const CHECKPOINT_FILE = "checkpoint.json";

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const headSchema = z.strictObject({
  format: z.int(),
  version: z.string(),
  desk: z.string(),
  seq: z.int().positive(),
  hash: hex,
  at: z.int(),
  /** The digest of all that follows the first line. */
  contents: hex,
  signature: z.base64(),
});

type CheckpointHead = Readonly<z.infer<typeof headSchema>>;

/** The second line. Its digest is signed, so it is what the desk wrote: no schema checks the lists, which grow. */
interface CheckpointLists {
  readonly segments: readonly SealedSegment[];
  readonly layers: readonly LayerFacts[];
  readonly runs: readonly RunFacts[];
}

/** The text that the host's key signs. */
function signedText(head: CheckpointHead): string {
  return `qoc checkpoint 2\n${canonicalJson({ ...head, signature: undefined })}`;
}

export type CheckpointFacts = Omit<CheckpointHead, "format" | "contents" | "signature"> & CheckpointLists;

interface CheckpointSeal {
  sign(text: string): string;
  /** Called between two parts of the work. */
  pause(): Promise<void> | undefined;
}

/** The whole file. `state`: its lines. */
export async function checkpointBytes(
  { segments, layers, runs, ...place }: CheckpointFacts,
  state: readonly Uint8Array[],
  { sign, pause }: CheckpointSeal,
): Promise<Uint8Array> {
  const lists = Buffer.from(`${JSON.stringify({ segments, layers, runs } satisfies CheckpointLists)}\n`);
  const digest = createHash("sha256");
  for (const part of [lists, ...state]) {
    digest.update(part);
    await pause();
  }
  const head = { ...place, format: CHECKPOINT_FORMAT, contents: digest.digest("hex"), signature: "" };
  const first = Buffer.from(`${JSON.stringify({ ...head, signature: sign(signedText(head)) })}\n`);
  return joinedBytes([first, lists, ...state], pause);
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
  readonly head: CheckpointFacts;
  readonly runs: readonly IndexRun[];
  /** The lines of the state. */
  readonly state: Buffer;
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
    const bytes = bufferView(await place.disk.read(path));
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
  const contents = bytes.subarray(end + 1);
  if (sha256Hex(contents) !== head.contents) return bad("its contents are not those that were signed");
  const listsEnd = contents.indexOf(10);
  const lists = JSON.parse(contents.toString("utf8", 0, listsEnd)) as CheckpointLists;
  const missing = await missingFile(place, lists);
  if (missing !== undefined) return bad(`${missing} is missing or has another size`);
  const runs = lists.runs.map((facts) => openRun(facts, archive.read));
  if (!runs.every((run) => run !== undefined)) return bad("a part of its index is not what was signed");
  return { head: { ...head, ...lists }, runs, state: contents.subarray(listsEnd + 1) };
}

/** The first file that is not there with the size of the head. */
async function missingFile(
  { disk, dir, journalDir }: CheckpointPlace,
  lists: CheckpointLists,
): Promise<string | undefined> {
  const files = [
    ...lists.segments.map(({ bytes }, index) => ({ path: `${journalDir}/${segmentName(index + 1)}`, bytes })),
    ...lists.layers.map(({ number, bytes }) => ({ path: `${dir}/${layerName(number)}`, bytes })),
    ...lists.runs.map((run) => ({ path: `${dir}/${run.name}`, bytes: runBytes(run) })),
  ];
  const sizes = await Promise.all(files.map(async ({ path }) => (await disk.facts(path))?.size));
  return files.find(({ bytes }, index) => sizes[index] !== bytes)?.path;
}

/** What a checkpoint restores. */
export interface CheckpointState {
  readonly state: DeskState;
  readonly others: { readonly authors: ArchivedMap<string, unknown> };
  /** Of the projection; null if it was not kept. */
  readonly kept: unknown;
}

/** Each line is a text of its own: a part of one text would keep all of it in memory. */
function* textLines(bytes: Buffer): Generator<string> {
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(10, from);
    yield bytes.toString("utf8", from, end);
    from = end + 1;
  }
}

/** Fills `others`, which looks up what has left memory in the archive, as the state does. @throws for a bad text. */
export function restoreState(
  { state: lines }: Pick<FoundCheckpoint, "state">,
  others: CheckpointState["others"],
  archive: DiskArchive,
): Pick<CheckpointState, "state" | "kept"> {
  const maps = archivedMapsIn(emptyDeskState(), others);
  const { state, kept } = stateOf(textLines(lines), maps) as CheckpointState;
  for (const map of maps) map.attach(archive);
  return { state, kept };
}

/** Reads every file of the archive. Returns the first layer that is not what the head names. @throws for a run. */
export async function damagedArchiveFile(
  { disk, dir }: CheckpointPlace,
  { head, runs }: FoundCheckpoint,
): Promise<string | undefined> {
  for (const layer of head.layers) {
    const whole = bufferView(await disk.read(`${dir}/${layerName(layer.number)}`));
    const isWhole = SECTIONS.every((name) => {
      const { from, bytes, sha256: digest } = layer.sections[name];
      return sha256Hex(whole.subarray(from, from + bytes)) === digest;
    });
    if (!isWhole) return layerName(layer.number);
  }
  for (const run of runs) await run.wholeEntries(() => undefined);
  return undefined;
}
