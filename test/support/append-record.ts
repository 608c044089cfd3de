/** Appends a record to the journal of a desk that is down, as a process of the same user can. */
import { readFileSync, writeFileSync } from "node:fs";
import { readLine } from "../../src/bus/journal-record.ts";
import type { JournalHead } from "../../src/domain/authority/authority.ts";
import type { DeskEvent } from "../../src/domain/event.ts";
import { journalLine } from "./journal-line.ts";

/** Returns the new head. */
export function appendRecord(root: string, event: DeskEvent): JournalHead {
  const path = `${root}/.qoc/journal/000001.ndjson`;
  const text = readFileSync(path, "utf8");
  const last = readLine(Buffer.from(text.trimEnd().split("\n").at(-1) ?? ""));
  if (typeof last === "string") throw new Error(last);
  const { seq, at, epoch } = last.recorded;
  const line = journalLine({ seq: seq + 1, at: at + 1, epoch, event }, last.hash);
  writeFileSync(path, text + line.text);
  return { seq: seq + 1, hash: line.hash };
}
