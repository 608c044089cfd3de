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

const HASH_MEMBER = 5 + 1 + 64 + 1; // `,"h":` + quotes and 64 digits
const HASH_TAIL = /^,"h":"[0-9a-f]{64}"\}$/;

export interface Line {
  /** With its newline. */
  readonly text: string;
  readonly hash: string;
}

const sha256 = (data: string): string => createHash("sha256").update(data).digest("hex");

/** @throws QocError TOO_LARGE. */
export const writeLine = (recorded: Recorded, prev: string): Line => {
  const { type, ...rest } = recorded.event;
  const open = JSON.stringify({ seq: recorded.seq, ts: new Date(recorded.at).toISOString(), epoch: recorded.epoch, type, ...rest, prev });
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

/** Checks the hash and parses. Answers a word on what is wrong instead where the line is not whole. */
export const readLine = (line: string): ReadLine | string => {
  const cut = line.length - HASH_MEMBER - 1;
  if (cut < 2 || !HASH_TAIL.test(line.slice(cut))) return "has no hash";
  const hash = line.slice(-66, -2);
  if (sha256(`${line.slice(0, cut)}}`) !== hash) return "does not match its hash";
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return "is not JSON";
  }
  const { seq, ts, epoch, prev, h: _hash, ...event } = fields;
  if (typeof seq !== "number" || typeof ts !== "string" || typeof prev !== "string" || typeof event["type"] !== "string")
    return "lacks its fixed fields";
  // Our own hash vouches for the shape of what follows; it was checked when it was written.
  const recorded = { seq, at: Date.parse(ts), epoch: typeof epoch === "number" ? epoch : 0, event: event as unknown as DeskEvent };
  return { recorded, prev, hash };
};
