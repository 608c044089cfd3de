/**
 * The indexes of the archive: sorted runs of entries in files that are never changed. A run is a list of pages and a
 * table with the first key and the digest of each page. A run of hashes has a filter of its keys besides. Only table
 * and filter are in memory. Runs of about equal size are merged, so that there are few.
 *
 * An entry: the key, 4 bytes layer, 5 bytes offset, 4 bytes length, 13 bytes of the line's digest. The key is the hash
 * of a table and a name (6 bytes), or the characters by which an order's id begins or ends, or a list and the place of
 * an order or fill in it.
 */
import { bufferView } from "../lib/buffer-view.ts";
import { hash } from "node:crypto";
import { sha256Hex } from "../domain/digest.ts";
import { LruMap } from "../lib/lru-map.ts";
import { addToFilter, filterBytes, mayHaveKey } from "./key-filter.ts";

const POINTER_BYTES = 26;
const PAGE_ENTRIES = 128;
const DIGEST_BYTES = 32;
/** Of a line's digest, in an entry. */
export const LINE_DIGEST_BYTES = 13;
const HASH_BYTES = 6;
/** Ids that differ only after this many characters are distinguished by their lines. */
const NAME_BYTES = 38;

/** A byte of the list, and a number of six bytes. */
const LIST_BYTES = 7;
const NUMBER_MAX = 2 ** 48 - 1;

/** The length of the keys. The kind is the end of the files. */
const KEY_BYTES = { index: HASH_BYTES, names: NAME_BYTES, lists: LIST_BYTES } as const;
export type IndexKind = keyof typeof KEY_BYTES;

function entryBytes(kind: IndexKind): number {
  return KEY_BYTES[kind] + POINTER_BYTES;
}

/** Where the archive has a line. */
export interface IndexEntry {
  readonly layer: number;
  readonly offset: number;
  readonly length: number;
  readonly digest: Buffer;
}

export interface ListedEntry {
  readonly number: number;
  readonly entry: IndexEntry;
}

export function sha256(bytes: string | Uint8Array): Buffer {
  return hash("sha256", bytes, "buffer");
}

/** `alias`: a table and a key. */
export function aliasKey(alias: string): Buffer {
  return sha256(alias).subarray(0, HASH_BYTES);
}

/** The keys of an id, or of a part by which it begins or ends. */
export function nameKeys(part: string): readonly [beginning: Buffer, end: Buffer] {
  const word = part.toLowerCase();
  const reversed = [...word].toReversed().join("");
  return [nameKey(`<${word}`), nameKey(`>${reversed}`)];
}

function nameKey(text: string): Buffer {
  return Buffer.from(text, "utf8").subarray(0, NAME_BYTES);
}

/** `list`: below 256. */
export function listKey(list: number, number: number): Buffer {
  const key = Buffer.alloc(LIST_BYTES, list);
  key.writeUIntBE(Math.min(number, NUMBER_MAX), 1, LIST_BYTES - 1);
  return key;
}

/** A shorter key is filled up with zeros. */
export function writeEntry(kind: IndexKind, key: Buffer, { layer, offset, length, digest }: IndexEntry): Buffer {
  const keyBytes = KEY_BYTES[kind];
  const entry = Buffer.alloc(keyBytes + POINTER_BYTES);
  key.copy(entry);
  entry.writeUInt32BE(layer, keyBytes);
  entry.writeUIntBE(offset, keyBytes + 4, 5);
  entry.writeUInt32BE(length, keyBytes + 9);
  digest.copy(entry, keyBytes + 13, 0, LINE_DIGEST_BYTES);
  return entry;
}

/** Entries, and the place of one of them. */
interface EntryPlace {
  readonly entries: Buffer;
  readonly at: number;
}

/** Compares the keys of two entries. Most differ in their first bytes, which are compared as a number. */
function compareEntries(kind: IndexKind, a: EntryPlace, b: EntryPlace): number {
  const first = a.entries.readUIntBE(a.at, HASH_BYTES) - b.entries.readUIntBE(b.at, HASH_BYTES);
  const keyBytes = KEY_BYTES[kind];
  if (first !== 0 || keyBytes === HASH_BYTES) return first;
  return a.entries.compare(b.entries, b.at, b.at + keyBytes, a.at, a.at + keyBytes);
}

/** Called between two parts of the work, so that other work is not kept waiting. */
export type TurnPause = () => Promise<unknown> | undefined;

/** Entries sorted, merged or hashed between two pauses. */
const SLICE = 1_024;

/** Sorts entries by their keys; of equal ones the first stays first. */
export async function sortedEntries(kind: IndexKind, entries: readonly Buffer[], pause: TurnPause): Promise<Buffer> {
  let parts: Buffer[] = [];
  for (let from = 0; from < entries.length; from += SLICE) {
    parts.push(sortedSlice(kind, entries.slice(from, from + SLICE)));
    await pause();
  }
  while (parts.length > 1) {
    const merged: Buffer[] = [];
    for (let place = 0; place < parts.length; place += 2) {
      const [newer = Buffer.alloc(0), older = Buffer.alloc(0)] = parts.slice(place, place + 2);
      merged.push(await mergedEntries(kind, { newer, older }, pause));
    }
    parts = merged;
  }
  return parts[0] ?? Buffer.alloc(0);
}

function sortedSlice(kind: IndexKind, entries: readonly Buffer[]): Buffer {
  const sorted = entries.toSorted((a, b) => compareEntries(kind, { entries: a, at: 0 }, { entries: b, at: 0 }));
  return Buffer.concat(sorted);
}

interface MergedEntries {
  /** Of equal keys those of `newer` come first. */
  readonly newer: Buffer;
  readonly older: Buffer;
}

export async function mergedEntries(
  kind: IndexKind,
  { newer, older }: MergedEntries,
  pause: TurnPause,
): Promise<Buffer> {
  const merged = Buffer.alloc(newer.length + older.length);
  const size = entryBytes(kind);
  const [next, other] = [
    { entries: newer, at: 0 },
    { entries: older, at: 0 },
  ];
  for (let to = 0; to < merged.length; to += size) {
    if (to % (SLICE * size) === 0) await pause();
    const isNew = next.at < newer.length && (other.at === older.length || compareEntries(kind, next, other) <= 0);
    const from = isNew ? next : other;
    from.entries.copy(merged, to, from.at, from.at + size);
    from.at += size;
  }
  return merged;
}

/** A run in a checkpoint. */
export interface RunFacts {
  readonly name: string;
  readonly kind: IndexKind;
  readonly entries: number;
  /** Of the table and the filter. */
  readonly sha256: string;
}

type RunSize = Pick<RunFacts, "entries" | "kind">;

export function runBytes(facts: RunSize): number {
  return entriesBytes(facts) + endBytes(facts);
}

export function entryCount(kind: IndexKind, entries: Buffer): number {
  return entries.length / entryBytes(kind);
}

export function entriesBytes({ entries, kind }: RunSize): number {
  return entries * entryBytes(kind);
}

function tableBytes({ entries, kind }: RunSize): number {
  return Math.ceil(entries / PAGE_ENTRIES) * (KEY_BYTES[kind] + DIGEST_BYTES);
}

/** Names and lists are looked for by parts and places, which no filter knows. */
function sizeOfFilter({ entries, kind }: RunSize): number {
  return kind === "index" ? filterBytes(entries) : 0;
}

function endBytes(facts: RunSize): number {
  return tableBytes(facts) + sizeOfFilter(facts);
}

/** What follows sorted entries in their file: their table, then their filter. */
export async function endOf(kind: IndexKind, entries: Buffer, pause: TurnPause): Promise<Buffer> {
  return Buffer.concat([await tableOf(kind, entries, pause), await filterOf(kind, entries, pause)]);
}

async function filterOf(kind: IndexKind, entries: Buffer, pause: TurnPause): Promise<Buffer> {
  const filter = Buffer.alloc(sizeOfFilter({ kind, entries: entryCount(kind, entries) }));
  if (filter.length === 0) return filter;
  const size = entryBytes(kind);
  for (let at = 0; at < entries.length; at += size) {
    addToFilter(filter, entries.subarray(at, at + HASH_BYTES));
    if (at % (SLICE * size) === 0) await pause();
  }
  return filter;
}

async function tableOf(kind: IndexKind, entries: Buffer, pause: TurnPause): Promise<Buffer> {
  const keyBytes = KEY_BYTES[kind];
  const rows: Buffer[] = [];
  const pageBytes = PAGE_ENTRIES * entryBytes(kind);
  for (let start = 0; start < entries.length; start += pageBytes) {
    const page = entries.subarray(start, start + pageBytes);
    rows.push(page.subarray(0, keyBytes), sha256(page));
    await pause();
  }
  return Buffer.concat(rows);
}

/** Reads a part of the file with this name. @throws if the file lacks it. */
export type ReadPart = (name: string, offset: number, length: number) => Uint8Array;

/** @throws RangeError if the file is shorter; returns undefined if table or filter are not those of the facts. */
export function openRun(facts: RunFacts, read: ReadPart): IndexRun | undefined {
  const end = Buffer.from(read(facts.name, entriesBytes(facts), endBytes(facts)));
  return sha256Hex(end) === facts.sha256 ? new IndexRun(facts, end, read) : undefined;
}

const PAGES_KEPT = 128;

export class IndexRun {
  readonly facts: RunFacts;
  readonly #table: Buffer;
  /** undefined: each key is looked for in the pages. */
  readonly #filter: Buffer | undefined;
  readonly #read: ReadPart;
  readonly #keyBytes: number;
  readonly #entryBytes: number;
  readonly #rowBytes: number;
  readonly #pages = new LruMap<number, Buffer>(PAGES_KEPT);

  /** `end`: what {@link endOf} returned. */
  constructor(facts: RunFacts, end: Buffer, read: ReadPart) {
    this.facts = facts;
    const table = tableBytes(facts);
    this.#table = end.subarray(0, table);
    this.#filter = end.length === table ? undefined : end.subarray(table);
    this.#read = read;
    this.#keyBytes = KEY_BYTES[facts.kind];
    this.#entryBytes = entryBytes(facts.kind);
    this.#rowBytes = this.#keyBytes + DIGEST_BYTES;
  }

  /**
   * The entries whose keys begin with these bytes, of equal keys the newest first. A page is read when its first entry
   * is asked for. @throws Error if a page is not that of the table.
   */
  *find(prefix: Buffer): Iterable<IndexEntry> {
    if (this.#filter !== undefined && !mayHaveKey(this.#filter, prefix)) return;
    const size = this.#entryBytes;
    const first = this.#firstPage(prefix);
    for (let page = first; page < this.#pageCount; page++) {
      const row = page * this.#rowBytes;
      if (page > first && this.#table.compare(prefix, 0, prefix.length, row, row + prefix.length) !== 0) return;
      const entries = this.#page(page);
      for (let at = firstPlace(entries, prefix, size) * size; at < entries.length; at += size) {
        if (entries.compare(prefix, 0, prefix.length, at, at + prefix.length) !== 0) return;
        yield this.#entryAt(entries, at);
      }
    }
  }

  /** The entries of a list before this key, the last first. @throws Error if a page is not that of the table. */
  *listedBefore(key: Buffer): Iterable<ListedEntry> {
    const size = this.#entryBytes;
    for (let page = this.#firstPage(key); page >= 0; page--) {
      const entries = this.#page(page);
      for (let at = (firstPlace(entries, key, size) - 1) * size; at >= 0; at -= size) {
        if (entries[at] !== key[0]) return;
        yield { number: entries.readUIntBE(at + 1, LIST_BYTES - 1), entry: this.#entryAt(entries, at) };
      }
    }
  }

  /** Reads all pages. @throws Error if a page is not that of the table. */
  async wholeEntries(pause: TurnPause): Promise<Buffer> {
    const read = Buffer.alloc(entriesBytes(this.facts));
    for (let page = 0; page < this.#pageCount; page++) {
      read.set(this.#readPage(page), page * PAGE_ENTRIES * this.#entryBytes);
      await pause();
    }
    return read;
  }

  get #pageCount(): number {
    return this.#table.length / this.#rowBytes;
  }

  /** The last page that begins before the key: equal keys may begin at its end. */
  #firstPage(key: Buffer): number {
    const [bytes, keyBytes] = [this.#rowBytes, this.#keyBytes];
    let [low, high] = [0, this.#pageCount - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#table.compare(key, 0, key.length, middle * bytes, middle * bytes + keyBytes) < 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #page(page: number): Buffer {
    const kept = this.#pages.get(page);
    if (kept !== undefined) return kept;
    const read = this.#readPage(page);
    this.#pages.set(page, read);
    return read;
  }

  #readPage(page: number): Buffer {
    const { name } = this.facts;
    const pageBytes = PAGE_ENTRIES * this.#entryBytes;
    const start = page * pageBytes;
    const read = bufferView(this.#read(name, start, Math.min(pageBytes, entriesBytes(this.facts) - start)));
    const row = page * this.#rowBytes;
    const digest = this.#table.subarray(row + this.#keyBytes, row + this.#rowBytes);
    if (!sha256(read).equals(digest)) throw new Error(`${name}: page ${page} is not the page that was written`);
    return read;
  }

  #entryAt(entries: Buffer, start: number): IndexEntry {
    const at = start + this.#keyBytes;
    return {
      layer: entries.readUInt32BE(at),
      offset: entries.readUIntBE(at + 4, 5),
      length: entries.readUInt32BE(at + 9),
      digest: entries.subarray(at + 13, at + POINTER_BYTES),
    };
  }
}

function firstPlace(entries: Buffer, key: Buffer, size: number): number {
  let [low, high] = [0, entries.length / size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (entries.compare(key, 0, key.length, middle * size, middle * size + key.length) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
