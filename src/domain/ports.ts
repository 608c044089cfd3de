/** What the outside must lend the desk. Nothing below the composition root takes these from the ambient world. */
import type { ConnectorName } from "./ids.ts";
import type { VenueFill } from "./venue.ts";

export interface Clock {
  /** Milliseconds since the epoch, by the wall. May step. */
  now(): number;
  /** Milliseconds since some fixed point; never steps back and does not count sleep. */
  monotonic(): number;
  /** Calls `run` once after `ms`; the answer cancels it. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

export interface Ids {
  /** `bytes` random bytes as hexadecimal text. */
  random(bytes: number): string;
}

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Log;
}

/** A file that only grows. Writes are in order; `sync` resolves when all earlier writes are on disk. */
export interface AppendFile {
  readonly size: number;
  /** Writes all of it or throws; a short write is an error. */
  write(data: string | Uint8Array): Promise<void>;
  /** fdatasync. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export type EntryKind = "file" | "directory" | "symlink" | "other";
export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
}
export interface FileFacts {
  readonly kind: EntryKind;
  readonly size: number;
  readonly modifiedMs: number;
  /** Moves with every change of its content, names or rights; no program can set it. */
  readonly changedMs: number;
  /** Which file of its file system it is. */
  readonly inode: number;
  readonly links: number;
}

/** The file system, narrow enough to be simulated with crashes. Paths are absolute. */
export interface Disk {
  /** Whole file; throws ENOENT, or QocError FILE_TOO_LARGE over `limit` bytes. Does not follow a final symlink. */
  read(path: string, limit?: number): Promise<Uint8Array>;
  readText(path: string, limit?: number): Promise<string>;
  list(path: string): Promise<readonly Entry[]>;
  /** Facts without following a symlink; undefined where nothing is. */
  facts(path: string): Promise<FileFacts | undefined>;
  mkdir(path: string, mode?: number): Promise<void>;
  /** Temp file, fsync, rename over, directory fsync: after it resolves the new content survives a power cut. */
  writeAtomic(path: string, data: string | Uint8Array, mode?: number): Promise<void>;
  /** As writeAtomic, but throws EEXIST where the name is taken. */
  create(path: string, data: string | Uint8Array, mode?: number): Promise<void>;
  /** rename, then fsync of both directories. */
  move(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Cuts a file to `size` bytes and syncs it. */
  truncate(path: string, size: number): Promise<void>;
  /** Opens for appending, creating (and syncing the directory) where absent. */
  append(path: string): Promise<AppendFile>;
  /** Bytes free for us on the file system of `path`. */
  free(path: string): Promise<number>;
}

/** Fills that one worker session sent together, parsed. */
export interface FillBatch {
  readonly connector: ConnectorName;
  /** Number of the worker session since the desk started, from 1; 0 if the desk requested the fills from the venue. */
  readonly generation: number;
  readonly fills: readonly VenueFill[];
}

export interface FillSink {
  /** Called in the order of the fills. Resolves when all of them are on disk; only then are they acknowledged. */
  accept(batch: FillBatch): Promise<void>;
}
