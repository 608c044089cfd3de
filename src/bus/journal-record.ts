/**
 * One line of the journal: JSON with fixed first members, the members of the event, then `prev` (the hash of the
 * previous line) and `h` (the SHA-256 of this line without `h`). The newline commits the record.
 */
import { hash as hashOf } from "node:crypto";
import { QocError } from "../domain/errors/error.ts";
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
const HEAD = /^\{"seq":(\d{1,15}),"ts":"([^"]{24})",(?:"epoch":(\d{1,15}),)?(?="type":")/;

export interface Line {
  /** Includes the newline. */
  readonly text: string;
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

/** @throws QocError TOO_LARGE. */
export function writeLine(recorded: Recorded, prev: string): Line {
  const { type } = recorded.event;
  // Records of the first format have no epoch.
  const epoch = (recorded.epoch as number | undefined) === undefined ? "" : `"epoch":${recorded.epoch},`;
  const open = `{"seq":${recorded.seq},"ts":"${isoOf(recorded.at)}",${epoch}${eventText(recorded.event)},"prev":"${prev}"}`;
  const hash = sha256(open);
  const text = `${open.slice(0, -1)},"h":"${hash}"}\n`;
  const size = Buffer.byteLength(text);
  if (size > LINE_BYTES_MAX)
    throw new QocError("TOO_LARGE", { what: `the ${type} record`, size, limit: LINE_BYTES_MAX });
  return { text, hash };
}

export interface ReadLine {
  readonly recorded: Recorded;
  readonly prev: string;
  readonly hash: string;
}

/** An upper bound for the length of the fixed first members. */
const HEAD_BYTES = 100;
const [COMMA, OPEN, CLOSE] = [44, 123, 125];
const [PREV_OPEN, HASH_OPEN, HASH_CLOSE] = [',"prev":"', ',"h":"', '"}'];
const DIGITS = 64;

/** The hash of the line, and that of the line before it, without its event. Returns the problem as text. */
export function readLinks(line: Buffer): Pick<ReadLine, "prev" | "hash"> | string {
  const hash = checkedHash(line);
  if (hash === undefined) return "has no hash";
  if (hash === "") return "does not match its hash";
  const prev = prevOf(line);
  return prev === undefined ? "lacks its fixed fields" : { hash, prev };
}

/**
 * The hash of the line; "" if the line does not match it; undefined without one. Reads exactly the digits: a part of a
 * text that was cut out of a longer one takes three times as long to compare.
 */
function checkedHash(line: Buffer): string | undefined {
  const end = line.length - HASH_CHARS;
  if (end < 0 || !hasText(line, end, HASH_OPEN) || !hasText(line, line.length - 2, HASH_CLOSE)) return undefined;
  const hash = line.toString("latin1", end + HASH_OPEN.length, line.length - 2);
  line[end] = CLOSE;
  const hashed = sha256(line.subarray(0, end + 1));
  line[end] = COMMA;
  return hashed === hash ? hash : "";
}

/** The hash of the line before; undefined if the line does not state it. */
function prevOf(line: Buffer): string | undefined {
  const start = line.length - HASH_CHARS - PREV_CHARS;
  if (start < 0 || !hasText(line, start, PREV_OPEN)) return undefined;
  return line.toString("latin1", start + PREV_OPEN.length, start + PREV_OPEN.length + DIGITS);
}

function hasText(line: Buffer, start: number, ascii: string): boolean {
  for (let i = 0; i < ascii.length; i++) if (line[start + i] !== ascii.charCodeAt(i)) return false;
  return true;
}

let lastTime = { text: "", ms: 0 };
/** Keeps the last result, because many records have the same millisecond. */
function timeOf(text: string): number {
  return (lastTime.text === text ? lastTime : (lastTime = { text, ms: Date.parse(text) })).ms;
}

/**
 * Checks the hash and parses the line. Returns the problem as text if the line is not valid. Most of the start time on
 * a long journal is spent here, so the line is not copied: the hash and the parser read parts of the buffer, after one
 * byte at a time is replaced by a brace. The byte is restored afterwards.
 */
export function readLine(line: Buffer): ReadLine | string {
  const hash = checkedHash(line);
  if (hash === undefined) return "has no hash";
  if (hash === "") return "does not match its hash";
  const cut = line.length - HASH_CHARS - PREV_CHARS;
  const head = HEAD.exec(line.toString("latin1", 0, HEAD_BYTES));
  const prev = prevOf(line);
  if (head === null || prev === undefined || head[0].length > cut) return "lacks its fixed fields";
  const event = eventOf(line, head[0].length - 1, cut);
  if (event === undefined) return "is not JSON";
  const recorded = { seq: Number(head[1]), at: timeOf(head[2] ?? ""), epoch: Number(head[3] ?? 0), event };
  return { recorded, prev, hash };
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
