/** Reads and verifies the segments: every hash, the order and the chain. Distinguishes a torn tail from corruption. */
import { bufferView } from "../lib/buffer-view.ts";
import type { Recorded } from "../domain/event.ts";
import type { Disk } from "../domain/ports.ts";
import { GENESIS, LINE_BYTES_MAX, type ReadLine, readLine } from "./journal-record.ts";
import { type LineChecker, SegmentReader } from "./segment-reader.ts";

const SEGMENT = /^\d{6}\.ndjson$/;
/** A complete record with more text on its line. A crash cannot cause this: the newline was damaged later. */
const RECORD_AND_MORE = /,"h":"[0-9a-f]{64}"\}./s;

export function segmentName(number: number): string {
  return `${String(number).padStart(6, "0")}.ndjson`;
}

export interface JournalProblem {
  readonly segment: string;
  readonly line: number;
  readonly message: string;
}

/** A segment that is not written any more, with its last record. */
export interface SealedSegment {
  readonly bytes: number;
  readonly seq: number;
  readonly hash: string;
}

/** A record after which a scan begins, and the segments that are before it as a whole. */
export interface ScanStart {
  readonly seq: number;
  readonly hash: string;
  readonly segments: readonly SealedSegment[];
}

export interface JournalScan {
  /** Empty if `take` received the records. */
  readonly events: readonly Recorded[];
  readonly segments: readonly string[];
  /** The segments before the last. */
  readonly sealed: readonly SealedSegment[];
  /** The journal does not have the record after which the scan was to begin: nothing was read. */
  readonly lacksStart?: true;
  readonly head: { readonly seq: number; readonly hash: string };
  /** Of the last segment, without a torn tail. */
  readonly bytes: number;
  /** An incomplete last line of the last segment, which a crash during a write leaves. It was never acknowledged. */
  readonly torn?: { readonly segment: string; readonly offset: number; readonly bytes: number };
  /** The first problem that is not a torn tail. `events` has the records before it. */
  readonly corrupt?: JournalProblem;
}

export async function listSegments(disk: Disk, dir: string): Promise<readonly string[]> {
  if ((await disk.facts(dir)) === undefined) return [];
  const entries = await disk.list(dir);
  return entries
    .filter((entry) => entry.kind === "file" && SEGMENT.test(entry.name))
    .map((entry) => entry.name)
    .toSorted();
}

/**
 * The hashes of these records, which are in sealed segments: each segment that has one is read as a whole. A record
 * that cannot be read has none.
 */
export async function recordHashes(
  disk: Disk,
  dir: string,
  { seqs, sealed }: { readonly seqs: readonly number[]; readonly sealed: readonly SealedSegment[] },
): Promise<ReadonlyMap<number, string>> {
  const hashes = new Map<number, string>();
  const wanted = new Set(seqs);
  for (const [index, { seq: last }] of sealed.entries()) {
    const first = (sealed[index - 1]?.seq ?? 0) + 1;
    const inside = [...wanted].filter((seq) => seq >= first && seq <= last);
    if (inside.length === 0) continue;
    const bytes = bufferView(await disk.read(`${dir}/${segmentName(index + 1)}`));
    for (const seq of inside) {
      const hash = lineOf(bytes, seq)?.hash;
      if (hash !== undefined) hashes.set(seq, hash);
    }
  }
  return hashes;
}

export interface EarlierRange {
  readonly disk: Disk;
  readonly dir: string;
  /** All segments, with the last record of each. */
  readonly segments: readonly Pick<SealedSegment, "seq">[];
  /** The first record of the range. */
  readonly first: number;
  /** The last. */
  readonly last: { readonly seq: number; readonly hash: string };
}

/** Returns whether the journal has the records of the range as a chain that ends with this hash. */
export async function readEarlierRange(
  { disk, dir, segments, first, last }: EarlierRange,
  take: (recorded: Recorded, hash: string) => void,
): Promise<boolean> {
  let seq = first;
  let prev: string | undefined;
  for (const [index, segment] of segments.entries()) {
    if (segment.seq < seq) continue;
    const bytes = bufferView(await disk.read(`${dir}/${segmentName(index + 1)}`));
    let start = prev === undefined ? lineOf(bytes, seq)?.start : 0;
    while (start !== undefined && start < bytes.length) {
      const end = bytes.indexOf(10, start);
      const read = end === -1 ? "has no newline" : readLine(bytes, { start, end, last: prev ?? "" });
      if (typeof read === "string" || read.recorded.seq !== seq || (prev ?? read.prev) !== read.prev) return false;
      take(read.recorded, read.hash);
      if (seq === last.seq) return read.hash === last.hash;
      [seq, prev, start] = [seq + 1, read.hash, end + 1];
    }
  }
  return false;
}

/** The id of the desk that wrote the journal; undefined if it has no readable first record. */
export async function journalDeskId(disk: Disk, dir: string): Promise<string | undefined> {
  const [first] = await listSegments(disk, dir);
  if (first === undefined) return undefined;
  const size = (await disk.facts(`${dir}/${first}`))?.size ?? 0;
  const bytes = bufferView(disk.readPart(`${dir}/${first}`, 0, Math.min(size, LINE_BYTES_MAX)));
  const end = bytes.indexOf(10);
  const line = end === -1 ? "has no newline" : readLine(bytes.subarray(0, end));
  return typeof line === "string" || line.recorded.event.type !== "desk.created"
    ? undefined
    : line.recorded.event.deskId;
}

interface Cursor {
  seq: number;
  hash: string;
}

export interface ScanOptions {
  /** Called after each segment. */
  progress?(done: number, of: number, records: number): void;
  /** Receives each record as it is read. The scan then keeps no records, so that a long journal needs little memory. */
  take?: ((recorded: Recorded, hash: string) => void) | undefined;
  /** Only the records after this one are read and verified. */
  readonly from?: ScanStart | undefined;
  /** Compares the lines of a long journal with their hashes elsewhere. It makes no difference to the result. */
  readonly openChecker?: (() => LineChecker) | undefined;
}

/** Reads one segment after another. Never rejects because of the content of a file. */
export async function scanJournal(disk: Disk, dir: string, options: ScanOptions = {}): Promise<JournalScan> {
  const segments = await listSegments(disk, dir);
  const paths = segments.map((name) => `${dir}/${name}`);
  const reader = new SegmentReader(disk, paths.slice(options.from?.segments.length ?? 0), options.openChecker);
  try {
    return await scanSegments(segments, reader, options);
  } finally {
    reader.close();
  }
}

async function scanSegments(
  segments: readonly string[],
  reader: SegmentReader,
  { progress, take, from }: ScanOptions,
): Promise<JournalScan> {
  const events: Recorded[] = [];
  const keep = take ?? ((recorded: Recorded): void => void events.push(recorded));
  const sealed: SealedSegment[] = [...(from?.segments ?? [])];
  const cursor: Cursor = { seq: from?.seq ?? 0, hash: from?.hash ?? GENESIS };
  let size = 0;
  let isFound = from === undefined || from.hash === sealed.at(-1)?.hash;
  for (const [index, segment] of segments.entries()) {
    if (index < (from?.segments.length ?? 0)) continue;
    const isLast = index === segments.length - 1;
    const { bytes, matching } = await reader.next();
    size = bytes.length;
    const start = isFound ? 0 : placeAfter(bytes, cursor);
    if (start === undefined) {
      const last = isLast ? undefined : lastRecord(bytes);
      if (last === undefined || last.seq >= cursor.seq) break;
      sealed.push({ bytes: bytes.length, ...last });
      continue;
    }
    isFound = true;
    const problem = scanSegment({ segment, bytes, start, matching, isLast, cursor }, keep);
    progress?.(index + 1, segments.length, cursor.seq);
    const kept = problem?.torn?.offset ?? size;
    if (problem !== undefined) return { events, segments, sealed, head: { ...cursor }, bytes: kept, ...problem };
    if (!isLast) sealed.push({ bytes: bytes.length, ...cursor });
  }
  const found = { events, segments, sealed, head: { ...cursor }, bytes: size };
  return isFound ? found : { ...found, lacksStart: true };
}

/** The place after the line of this record; undefined if the segment does not have it. */
function placeAfter(bytes: Buffer, { seq, hash }: Cursor): number | undefined {
  const line = lineOf(bytes, seq);
  return line?.hash === hash ? line.end + 1 : undefined;
}

interface RecordLine {
  readonly start: number;
  readonly end: number;
  readonly hash: string;
}

/** The line of a record in a segment, with the hash that it has. */
function lineOf(bytes: Buffer, seq: number): RecordLine | undefined {
  const opening = `{"seq":${seq},`;
  const isFirst = bytes.toString("latin1", 0, opening.length) === opening;
  const before = isFirst ? -1 : bytes.indexOf(`\n${opening}`);
  const end = isFirst || before !== -1 ? bytes.indexOf(10, before + 1) : -1;
  if (end === -1) return undefined;
  const read = readLine(bytes.subarray(before + 1, end));
  return typeof read === "string" ? undefined : { start: before + 1, end, hash: read.hash };
}

function lastRecord(bytes: Buffer): Cursor | undefined {
  const read = readLine(bytes.subarray(bytes.lastIndexOf(10, bytes.length - 2) + 1, bytes.length - 1));
  return typeof read === "string" ? undefined : { seq: read.recorded.seq, hash: read.hash };
}

interface SegmentScan {
  readonly segment: string;
  readonly bytes: Buffer;
  readonly start: number;
  /** {@link matchingEnd} of its bytes, or less. */
  readonly matching: number;
  readonly isLast: boolean;
  readonly cursor: Cursor;
}

function scanSegment(
  { segment, bytes: buffer, start: from, matching, isLast, cursor }: SegmentScan,
  keep: (recorded: Recorded, hash: string) => void,
): Pick<JournalScan, "torn" | "corrupt"> | undefined {
  let start = from;
  for (let line = 1 + lineCount(buffer, from); start < buffer.length; line++) {
    const newline = buffer.indexOf(10, start);
    const end = newline === -1 ? buffer.length : newline;
    const read = readLine(buffer, { start, end, last: cursor.hash, isMatching: end < matching });
    const isTail = isLast && (newline === -1 || newline === buffer.length - 1);
    const problem = newline === -1 ? "has no newline" : typeof read === "string" ? read : chainProblem(read, cursor);
    if (problem !== undefined || typeof read === "string") {
      const isTorn =
        isTail &&
        (newline === -1 || typeof read === "string") &&
        !RECORD_AND_MORE.test(buffer.toString("utf8", start, end));
      if (isTorn) return { torn: { segment, offset: start, bytes: buffer.length - start } };
      return { corrupt: { segment, line, message: problem ?? "is unreadable" } };
    }
    keep(read.recorded, read.hash);
    cursor.seq = read.recorded.seq;
    cursor.hash = read.hash;
    start = end + 1;
  }
  return undefined;
}

function lineCount(bytes: Buffer, end: number): number {
  let lines = 0;
  for (let place = bytes.indexOf(10); place !== -1 && place < end; place = bytes.indexOf(10, place + 1)) lines += 1;
  return lines;
}

function chainProblem({ prev, recorded: { seq, event } }: ReadLine, cursor: Cursor): string | undefined {
  if (seq !== cursor.seq + 1) return `has sequence number ${seq} instead of ${cursor.seq + 1}`;
  if (prev !== cursor.hash) return "does not contain the hash of the line before it";
  if (event.type !== "journal.upgraded" || (event.lastSeq === cursor.seq && event.lastHash === cursor.hash))
    return undefined;
  return "names another record as the last record of the old format";
}
