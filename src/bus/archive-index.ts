/**
 * The index of the archive: sorted runs of entries in files that are never changed. A run is a list of pages and a
 * table with the first key and the digest of each page; only the table is in memory. Runs of about equal size are
 * merged, so that there are few.
 *
 * An entry: 6 bytes of the key's hash, 4 bytes layer, 5 bytes offset, 4 bytes length, 13 bytes of the line's digest.
 */
import { bufferView } from "../lib/buffer-view.ts";
import { createHash } from "node:crypto";
import { sha256Hex } from "../domain/digest.ts";
import { LruMap } from "../lib/lru-map.ts";

export const ENTRY_BYTES = 32;
const PAGE_ENTRIES = 128;
const PAGE_BYTES = ENTRY_BYTES * PAGE_ENTRIES;
const HASH_BYTES = 6;
const DIGEST_BYTES = 32;
const ROW_BYTES = HASH_BYTES + DIGEST_BYTES;
/** Of a line's digest, in an entry. */
export const LINE_DIGEST_BYTES = 13;

/** Where the archive has a line. */
export interface IndexEntry {
  readonly layer: number;
  readonly offset: number;
  readonly length: number;
  readonly digest: Buffer;
}

export function sha256(bytes: string | Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

/** `alias`: a table and a key. */
export function aliasHash(alias: string): number {
  return sha256(alias).readUIntBE(0, HASH_BYTES);
}

export function writeEntry(hash: number, { layer, offset, length, digest }: IndexEntry): Buffer {
  const entry = Buffer.alloc(ENTRY_BYTES);
  entry.writeUIntBE(hash, 0, HASH_BYTES);
  entry.writeUInt32BE(layer, 6);
  entry.writeUIntBE(offset, 10, 5);
  entry.writeUInt32BE(length, 15);
  digest.copy(entry, 19, 0, LINE_DIGEST_BYTES);
  return entry;
}

function hashAt(entries: Buffer, place: number): number {
  return entries.readUIntBE(place * ENTRY_BYTES, HASH_BYTES);
}

/** Sorts entries by their hashes; of equal ones the first stays first. */
export function sortedEntries(entries: readonly Buffer[]): Buffer {
  return Buffer.concat(entries.toSorted((a, b) => a.readUIntBE(0, HASH_BYTES) - b.readUIntBE(0, HASH_BYTES)));
}

/** Entries merged between two pauses. */
const MERGE_SLICE = 16_384;

/** Of equal hashes those of `newer` come first. */
export async function mergedEntries(newer: Buffer, older: Buffer, pause: () => Promise<unknown>): Promise<Buffer> {
  const merged = Buffer.alloc(newer.length + older.length);
  const [newCount, oldCount] = [newer.length / ENTRY_BYTES, older.length / ENTRY_BYTES];
  let [n, o] = [0, 0];
  while (n + o < newCount + oldCount) {
    if ((n + o) % MERGE_SLICE === MERGE_SLICE - 1) await pause();
    const isNew = n < newCount && (o === oldCount || hashAt(newer, n) <= hashAt(older, o));
    const [from, place] = isNew ? [newer, n++] : [older, o++];
    from.copy(merged, (n + o - 1) * ENTRY_BYTES, place * ENTRY_BYTES, (place + 1) * ENTRY_BYTES);
  }
  return merged;
}

/** A run in a checkpoint. */
export interface RunFacts {
  readonly name: string;
  readonly entries: number;
  /** Of the table. */
  readonly sha256: string;
}

export function runBytes({ entries }: Pick<RunFacts, "entries">): number {
  return entries * ENTRY_BYTES + tableBytes(entries);
}

function tableBytes(entries: number): number {
  return Math.ceil(entries / PAGE_ENTRIES) * ROW_BYTES;
}

/** The table of sorted entries. */
export function tableOf(entries: Buffer): Buffer {
  const rows: Buffer[] = [];
  for (let start = 0; start < entries.length; start += PAGE_BYTES) {
    const page = entries.subarray(start, start + PAGE_BYTES);
    rows.push(page.subarray(0, HASH_BYTES), sha256(page));
  }
  return Buffer.concat(rows);
}

/** Reads a part of the file with this name. @throws if the file lacks it. */
export type ReadPart = (name: string, offset: number, length: number) => Uint8Array;

/** @throws RangeError if the file is shorter; returns undefined if the table is not that of the facts. */
export function openRun(facts: RunFacts, read: ReadPart): IndexRun | undefined {
  const table = Buffer.from(read(facts.name, facts.entries * ENTRY_BYTES, tableBytes(facts.entries)));
  return sha256Hex(table) === facts.sha256 ? new IndexRun(facts, table, read) : undefined;
}

const PAGES_KEPT = 128;

export class IndexRun {
  readonly facts: RunFacts;
  readonly #table: Buffer;
  readonly #read: ReadPart;
  readonly #pages = new LruMap<number, Buffer>(PAGES_KEPT);

  constructor(facts: RunFacts, table: Buffer, read: ReadPart) {
    this.facts = facts;
    this.#table = table;
    this.#read = read;
  }

  /** The entries of this hash, the newest first. @throws Error if a page is not that of the table. */
  find(hash: number): readonly IndexEntry[] {
    const found: IndexEntry[] = [];
    for (let page = this.#firstPage(hash); page < this.#pageCount && this.#firstHash(page) <= hash; page++) {
      const entries = this.#page(page);
      const count = entries.length / ENTRY_BYTES;
      for (let place = firstPlace(entries, hash); place < count && hashAt(entries, place) === hash; place++)
        found.push(entryAt(entries, place));
    }
    return found;
  }

  /** Reads all pages. @throws Error if a page is not that of the table. */
  wholeEntries(): Buffer {
    const { name, entries } = this.facts;
    const read = bufferView(this.#read(name, 0, entries * ENTRY_BYTES));
    if (!tableOf(read).equals(this.#table)) throw new Error(`${name} is not the file that was written`);
    return read;
  }

  get #pageCount(): number {
    return this.#table.length / ROW_BYTES;
  }

  #firstHash(page: number): number {
    return this.#table.readUIntBE(page * ROW_BYTES, HASH_BYTES);
  }

  /** The last page that begins before the hash: equal hashes may begin at its end. */
  #firstPage(hash: number): number {
    let [low, high] = [0, this.#pageCount - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#firstHash(middle) < hash) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #page(page: number): Buffer {
    const kept = this.#pages.get(page);
    if (kept !== undefined) return kept;
    const { name, entries } = this.facts;
    const start = page * PAGE_BYTES;
    const read = bufferView(this.#read(name, start, Math.min(PAGE_BYTES, entries * ENTRY_BYTES - start)));
    const digest = this.#table.subarray(page * ROW_BYTES + HASH_BYTES, (page + 1) * ROW_BYTES);
    if (!sha256(read).equals(digest)) throw new Error(`${name}: page ${page} is not the page that was written`);
    this.#pages.set(page, read);
    return read;
  }
}

function firstPlace(entries: Buffer, hash: number): number {
  let [low, high] = [0, entries.length / ENTRY_BYTES];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (hashAt(entries, middle) < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}

function entryAt(entries: Buffer, place: number): IndexEntry {
  const at = place * ENTRY_BYTES;
  return {
    layer: entries.readUInt32BE(at + 6),
    offset: entries.readUIntBE(at + 10, 5),
    length: entries.readUInt32BE(at + 15),
    digest: entries.subarray(at + 19, at + ENTRY_BYTES),
  };
}
