/**
 * One line of the journal. NDJSON with fixed leading fields, the event's own, then `prev` (the hash of the line before) and
 * `h` (sha256 of this line without `h`). The newline is the commit marker.
 */
import { createHash } from "node:crypto";
import { QocError } from "../domain/error.ts";
import type { DeskEvent, Recorded } from "../domain/event.ts";

/** Longest line, bytes; a proposal of 64 KiB and its terms fit with room to spare. */
export const LINE_BYTES_MAX = 256 * 1024;
export const JOURNAL_FORMAT = 1;
export const GENESIS = "0".repeat(64);

/** `,"h":"` and 64 digits and `"}`: what ends each line. Before it stands `,"prev":"` and 64 digits and `"`. */
const HASH_CHARS = 72;
const PREV_CHARS = 74;
const HEAD = /^\{"seq":(\d{1,15}),"ts":"([^"]{24})",(?:"epoch":(\d{1,15}),)?(?="type":")/;

export interface Line {
  /** With its newline. */
  readonly text: string;
  readonly hash: string;
}

const sha256 = (data: string): string => createHash("sha256").update(data).digest("hex");

let lastAt = { ms: -1, text: "" };
/** Many records share a millisecond. */
const isoOf = (ms: number): string => (lastAt.ms === ms ? lastAt : (lastAt = { ms, text: new Date(ms).toISOString() })).text;

/** The event's members, its type first. */
const eventText = (event: DeskEvent): string => {
  const text = JSON.stringify(event);
  if (text.startsWith('{"type":"')) return text.slice(1, -1);
  const { type, ...rest } = event;
  return JSON.stringify({ type, ...rest }).slice(1, -1);
};

/** @throws QocError TOO_LARGE. */
export const writeLine = (recorded: Recorded, prev: string): Line => {
  const { type } = recorded.event;
  // Records of the first format have no epoch.
  const epoch = (recorded.epoch as number | undefined) === undefined ? "" : `"epoch":${recorded.epoch},`;
  const open = `{"seq":${recorded.seq},"ts":"${isoOf(recorded.at)}",${epoch}${eventText(recorded.event)},"prev":"${prev}"}`;
  const hash = sha256(open);
  const text = `${open.slice(0, -1)},"h":"${hash}"}\n`;
  const size = Buffer.byteLength(text);
  if (size > LINE_BYTES_MAX) throw new QocError("TOO_LARGE", { what: `the ${type} record`, size, limit: LINE_BYTES_MAX });
  return { text, hash };
};

export interface ReadLine {
  readonly recorded: Recorded;
  readonly prev: string;
  readonly hash: string;
}

/**
 * Checks the hash and parses. Answers a word on what is wrong instead where the line is not whole. The fixed fields are cut off
 * the text, so that the event is parsed into its own object and never copied; a start on a long journal spends its time here.
 */
export const readLine = (line: string, bytes: Uint8Array = Buffer.from(line)): ReadLine | string => {
  if (!line.startsWith(',"h":"', line.length - HASH_CHARS) || !line.endsWith('"}')) return "has no hash";
  const hash = line.slice(-66, -2);
  const hashed = createHash("sha256").update(bytes.subarray(0, bytes.length - HASH_CHARS)).update("}").digest("hex");
  if (hashed !== hash) return "does not match its hash";
  const head = HEAD.exec(line);
  const cut = line.length - HASH_CHARS - PREV_CHARS;
  if (head === null || !line.startsWith(',"prev":"', cut)) return "lacks its fixed fields";
  let event: DeskEvent;
  try {
    // Our own hash vouches for the shape; it was checked when it was written.
    event = JSON.parse(`{${line.slice(head[0].length, cut)}}`) as DeskEvent;
  } catch {
    return "is not JSON";
  }
  const recorded = { seq: Number(head[1]), at: Date.parse(head[2] ?? ""), epoch: Number(head[3] ?? 0), event };
  return { recorded, prev: line.slice(cut + 9, cut + 73), hash };
};
