/**
 * One line of the journal: JSON with fixed first members, the members of the event, then `prev` (the hash of the
 * previous line) and `h` (the SHA-256 of this line without `h`). The newline commits the record.
 */
import { hash as hashOf } from "node:crypto";
import type { DeskEvent, Recorded } from "../domain/event.ts";

/** The longest line in bytes. A proposal of 64 KiB and its terms fit. */
export const LINE_BYTES_MAX = 256 * 1024;
/**
 * The format of the records that this version writes. 0: records have no epoch. 1: `order.acked`, and `order.rejected`
 * by `guard`. 2: `order.accepted`, `order.denied`. 3: keys are named by `key.changed`, and what a human decides carries
 * the signature of the client.
 */
export const JOURNAL_FORMAT = 3;
export const GENESIS = "0".repeat(64);

/** The end of each line: `,"prev":"`, 64 digits and `"` ({@link PREV_CHARS}), then `,"h":"`, 64 digits and `"}`. */
const HASH_CHARS = 72;
const PREV_CHARS = 74;

export interface Line {
  /** What is hashed: the whole line, but for its own hash. */
  readonly open: string;
  /** The hash and the newline, which replace the last brace. */
  readonly end: string;
  readonly hash: string;
}

function sha256(data: string | Uint8Array): string {
  return hashOf("sha256", data, "hex");
}

let lastAt = { ms: -1, text: "" };
/** Keeps the last result, because many records have the same millisecond. */
function isoOf(ms: number): string {
  return (lastAt.ms === ms ? lastAt : (lastAt = { ms, text: new Date(ms).toISOString() })).text;
}

/** The members of the event as JSON without braces, `type` first. */
function eventText(event: DeskEvent): string {
  const text = JSON.stringify(event);
  if (text.startsWith('{"type":"')) return text.slice(1, -1);
  const { type, ...members } = event;
  return JSON.stringify({ type, ...members }).slice(1, -1);
}

/** The text is in two parts, because each text that is joined is copied when it is read. */
export function writeLine(recorded: Recorded, prev: string): Line {
  // Records of the first format have no epoch.
  const epoch = (recorded.epoch as number | undefined) === undefined ? "" : `"epoch":${recorded.epoch},`;
  const head = `{"seq":${recorded.seq},"ts":"${isoOf(recorded.at)}",${epoch}`;
  const open = `${head}${eventText(recorded.event)},"prev":"${prev}"}`;
  const hash = sha256(open);
  return { open, end: `,"h":"${hash}"}\n`, hash };
}

export interface ReadLine {
  readonly recorded: Recorded;
  readonly prev: string;
  readonly hash: string;
}

const [COMMA, OPEN, CLOSE, NOUGHT, NINE] = [44, 123, 125, 48, 57];
const [SEQ_OPEN, TIME_OPEN, TIME_CLOSE, EPOCH_OPEN, TYPE_OPEN] = ['{"seq":', ',"ts":"', '"', ',"epoch":', ',"type":"'];
const [PREV_OPEN, HASH_OPEN, HASH_CLOSE] = [',"prev":"', ',"h":"', '"}'];
const DIGITS = 64;
const NUMBER_CHARS_MAX = 15;
/** `2026-07-05T14:03:00.123Z`; its first part, up to the minute. */
const [TIME_CHARS, MINUTE_CHARS] = [24, 17];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d\.\d{3}Z$/;

/** A line in a segment, without its newline. */
export interface LinePlace {
  readonly start: number;
  readonly end: number;
  /** The hash of the line before, if it is known. It makes no difference to the result. */
  readonly last: string;
  /** {@link matchingEnd} has compared the line with its hash. */
  readonly isMatching?: boolean;
}

function wholeOf(line: Buffer): LinePlace {
  return { start: 0, end: line.length, last: "" };
}

/** The hash of the line, and that of the line before it, without its event. Returns the problem as text. */
export function readLinks(line: Buffer): Pick<ReadLine, "prev" | "hash"> | string {
  const place = wholeOf(line);
  const hash = checkedHash(line, place);
  if (hash === undefined) return "has no hash";
  if (hash === "") return "does not match its hash";
  const prev = prevOf(line, place);
  return prev === undefined ? "lacks its fixed fields" : { hash, prev };
}

/** The end of the first lines of a segment that match their hashes: the place after the newline of the last of them. */
export function matchingEnd(segment: Buffer): number {
  let start = 0;
  for (let end = segment.indexOf(10); end !== -1; end = segment.indexOf(10, start)) {
    if (!checkedHash(segment, { start, end, last: "" })) return start;
    start = end + 1;
  }
  return start;
}

/** The hash of the line; "" if the line does not match it; undefined without one. */
function checkedHash(bytes: Buffer, { start, end: lineEnd, isMatching = false }: LinePlace): string | undefined {
  const end = lineEnd - HASH_CHARS;
  if (end < start || !hasText(bytes, end, HASH_OPEN) || !hasText(bytes, lineEnd - 2, HASH_CLOSE)) return undefined;
  if (isMatching) return bytes.toString("latin1", end + HASH_OPEN.length, lineEnd - 2);
  bytes[end] = CLOSE;
  const hash = sha256(bytes.subarray(start, end + 1));
  bytes[end] = COMMA;
  return hasText(bytes, end + HASH_OPEN.length, hash) ? hash : "";
}

/** The hash of the line before; undefined if the line does not state it. */
function prevOf(bytes: Buffer, { start, end, last }: LinePlace): string | undefined {
  const from = end - HASH_CHARS - PREV_CHARS;
  if (from < start || !hasText(bytes, from, PREV_OPEN)) return undefined;
  const digits = from + PREV_OPEN.length;
  return last.length === DIGITS && hasText(bytes, digits, last)
    ? last
    : bytes.toString("latin1", digits, digits + DIGITS);
}

function hasText(line: Buffer, start: number, ascii: string): boolean {
  for (let i = 0; i < ascii.length; i++) if (line[start + i] !== ascii.charCodeAt(i)) return false;
  return true;
}

/** The place after the digits that begin there. */
function numberEnd(line: Buffer, start: number): number {
  let end = start;
  while ((line[end] ?? 0) >= NOUGHT && (line[end] ?? 0) <= NINE) end += 1;
  return end;
}

/** NaN if there are no digits, or too many. */
function numberIn(line: Buffer, start: number, end: number): number {
  if (end === start || end - start > NUMBER_CHARS_MAX) return Number.NaN;
  let value = 0;
  for (let place = start; place < end; place++) value = value * 10 + (line[place] ?? 0) - NOUGHT;
  return value;
}

let lastMinute = { text: "\n", ms: 0 };
/** ms; NaN if there is no time. Most records have the minute of the record before, which is parsed once. */
function timeIn(line: Buffer, start: number): number {
  if (hasText(line, start, lastMinute.text)) return lastMinute.ms + secondsIn(line, start + MINUTE_CHARS);
  const text = line.toString("latin1", start, start + TIME_CHARS);
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at))
    lastMinute = { text: text.slice(0, MINUTE_CHARS), ms: at - secondsIn(line, start + MINUTE_CHARS) };
  return at;
}

/** ms of `23.456Z`; NaN for any other text. */
function secondsIn(line: Buffer, start: number): number {
  const isWritten = numberEnd(line, start) === start + 2 && hasText(line, start + 2, ".");
  if (!isWritten || numberEnd(line, start + 3) !== start + 6 || !hasText(line, start + 6, "Z")) return Number.NaN;
  const seconds = numberIn(line, start, start + 2);
  return seconds < 60 ? seconds * 1000 + numberIn(line, start + 3, start + 6) : Number.NaN;
}

interface LineHead {
  readonly seq: number;
  readonly at: number;
  readonly epoch: number;
  /** The comma before the first member of the event. */
  readonly end: number;
}

/** The fixed first members; undefined if the line that begins there does not have them. */
function headOf(line: Buffer, start: number): LineHead | undefined {
  const seqStart = start + SEQ_OPEN.length;
  const seqEnd = numberEnd(line, seqStart);
  const time = seqEnd + TIME_OPEN.length;
  const timeEnd = time + TIME_CHARS;
  if (!hasText(line, start, SEQ_OPEN) || !hasText(line, seqEnd, TIME_OPEN) || !hasText(line, timeEnd, TIME_CLOSE))
    return undefined;
  const seq = numberIn(line, seqStart, seqEnd);
  const at = timeIn(line, time);
  let [end, epoch] = [timeEnd + 1, 0];
  // Records of the first format have no epoch.
  if (hasText(line, end, EPOCH_OPEN)) {
    const epochStart = end + EPOCH_OPEN.length;
    end = numberEnd(line, epochStart);
    epoch = numberIn(line, epochStart, end);
  }
  return Number.isNaN(seq + at + epoch) || !hasText(line, end, TYPE_OPEN) ? undefined : { seq, at, epoch, end };
}

/**
 * Checks the hash and parses the line. Returns the problem as text if the line is not valid. Most of the start time on
 * a long journal is spent here, so the line is not copied: the hash and the parser read parts of the buffer, after one
 * byte at a time is replaced by a brace. The byte is restored afterwards.
 */
export function readLine(bytes: Buffer, place: LinePlace = wholeOf(bytes)): ReadLine | string {
  const hash = checkedHash(bytes, place);
  if (hash === undefined) return "has no hash";
  if (hash === "") return "does not match its hash";
  const cut = place.end - HASH_CHARS - PREV_CHARS;
  const head = headOf(bytes, place.start);
  const prev = prevOf(bytes, place);
  if (head === undefined || prev === undefined || head.end >= cut) return "lacks its fixed fields";
  const { seq, at, epoch, end } = head;
  const event = eventOf(bytes, end, cut);
  return event === undefined ? "is not JSON" : { recorded: { seq, at, epoch, event }, prev, hash };
}

/** `from` is the comma before the first member of the event, `to` the comma after the last. */
function eventOf(line: Buffer, from: number, to: number): DeskEvent | undefined {
  line[from] = OPEN;
  line[to] = CLOSE;
  try {
    // The hash was verified, so the line has the shape that `writeLine` wrote.
    return JSON.parse(line.toString("utf8", from, to + 1)) as DeskEvent;
  } catch {
    return undefined;
  } finally {
    line[from] = COMMA;
    line[to] = COMMA;
  }
}
