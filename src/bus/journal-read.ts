/** Reads and verifies the segments: every hash, the order and the chain. Distinguishes a torn tail from corruption. */
import type { Recorded } from "../domain/event.ts";
import type { Disk } from "../domain/ports.ts";
import { GENESIS, type ReadLine, readLine } from "./journal-record.ts";

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

export interface JournalScan {
  /** Empty if `take` received the records. */
  readonly events: readonly Recorded[];
  readonly segments: readonly string[];
  readonly head: { readonly seq: number; readonly hash: string };
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

/** The id of the desk that wrote the journal; undefined if it has no readable first record. */
export async function journalDeskId(disk: Disk, dir: string): Promise<string | undefined> {
  const [first] = await listSegments(disk, dir);
  if (first === undefined) return undefined;
  const bytes = Buffer.from(await disk.read(`${dir}/${first}`));
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
  take?(recorded: Recorded, hash: string): void;
}

/** Reads one segment at a time. Never rejects because of the content of a file. */
export async function scanJournal(disk: Disk, dir: string, { progress, take }: ScanOptions = {}): Promise<JournalScan> {
  const segments = await listSegments(disk, dir);
  const events: Recorded[] = [];
  const keep = take ?? ((recorded: Recorded): void => void events.push(recorded));
  const cursor: Cursor = { seq: 0, hash: GENESIS };
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    const problem = scanSegment(segment, await disk.read(`${dir}/${segment}`), isLast, cursor, keep);
    progress?.(index + 1, segments.length, cursor.seq);
    if (problem !== undefined) return { events, segments, head: { ...cursor }, ...problem };
  }
  return { events, segments, head: { ...cursor } };
}

function scanSegment(
  segment: string,
  bytes: Uint8Array,
  isLast: boolean,
  cursor: Cursor,
  keep: (recorded: Recorded, hash: string) => void,
): Pick<JournalScan, "torn" | "corrupt"> | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  for (let line = 1; start < buffer.length; line++) {
    const newline = buffer.indexOf(10, start);
    const end = newline === -1 ? buffer.length : newline;
    const read = readLine(buffer.subarray(start, end));
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

function chainProblem({ prev, recorded: { seq, event } }: ReadLine, cursor: Cursor): string | undefined {
  if (seq !== cursor.seq + 1) return `has sequence number ${seq} instead of ${cursor.seq + 1}`;
  if (prev !== cursor.hash) return "does not contain the hash of the line before it";
  if (event.type !== "journal.upgraded" || (event.lastSeq === cursor.seq && event.lastHash === cursor.hash))
    return undefined;
  return "names another record as the last record of the old format";
}
