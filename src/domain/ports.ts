/** Ports: the I/O that the composition root passes in. No lower module uses the clock, randomness or files directly. */
import type { ConnectorName } from "./ids.ts";
import type { UnreadItem, VenueActivity, VenueFill, VenueQuote, VenueReport } from "./market/venue.ts";

export interface Clock {
  /** Milliseconds since the epoch by the wall clock, which may be set forward or back. */
  now(): number;
  /** Milliseconds since a fixed point. Never decreases; does not count the time that the machine sleeps. */
  monotonic(): number;
  /** Calls `run` once after `ms`. Returns the function that cancels the call. Does not keep the process alive. */
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

export interface AppendOptions {
  /** Each write is followed by `sync`: the disk may make the write itself durable. */
  readonly isSynced?: boolean;
}

/** A file that only grows. Writes are in order; `sync` resolves when all earlier writes are on disk. */
export interface AppendFile {
  /** When the file was opened, and what was written since. */
  readonly size: number;
  /** The file on the disk now: another program may have written to it, or put another file in its place. */
  actual(): { readonly size: number; readonly isAtPath: boolean };
  /** Writes all of `data` or rejects; a short write is an error. */
  write(data: string | Uint8Array): Promise<void>;
  /** Resolves when all that was written is on disk, as fdatasync does. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export type EntryKind = "file" | "directory" | "symlink" | "other";
export interface DirectoryEntry {
  readonly name: string;
  readonly kind: EntryKind;
}
export interface FileFacts {
  readonly kind: EntryKind;
  readonly size: number;
  readonly modifiedMs: number;
  /** Changes with the content, the names or the permissions of the file (ctime). No program can set it. */
  readonly changedMs: number;
  /** Identifies the file within its file system. */
  readonly inode: number;
  readonly links: number;
  /** The user id of its owner. */
  readonly uid: number;
  /** The permission bits, such as 0o600. */
  readonly mode: number;
}

/** The bytes of a file, and the facts of the very file that they were read from. */
export interface SmallFile {
  readonly bytes: Uint8Array;
  readonly facts: FileFacts;
}

/** The file system. Few methods, so that tests can simulate crashes. Paths are absolute. */
export interface Disk {
  /**
   * Reads the whole file. Rejects with ENOENT, or QocError FILE_TOO_LARGE over `limit` bytes. Does not follow a final
   * symlink.
   */
  read(path: string, limit?: number): Promise<Uint8Array>;
  readText(path: string, limit?: number): Promise<string>;
  /**
   * Reads a part of a file at once, for look-ups that cannot wait. Does not follow a final symlink. @throws ENOENT and
   * the like, and RangeError if the file is shorter.
   */
  readPart(path: string, offset: number, length: number): Uint8Array;
  list(path: string): Promise<readonly DirectoryEntry[]>;
  /**
   * Reads a regular file of at most `most` bytes at once, where a person waits for it: `read` wakes a thread for each
   * step. "absent" if nothing has this name. undefined if it is larger, is not a regular file, or cannot be read:
   * `read` and `facts` then say what is wrong. Never waits for a FIFO, and does not follow a final symlink.
   */
  readSmall(path: string, most: number): SmallFile | "absent" | undefined;
  /**
   * Lists a folder of at most `most` entries at once. undefined if it has more or cannot be listed. It looks at no more
   * than that, so that a large folder does not hold the desk, unless the folder had no more the time before.
   */
  listSmall(path: string, most: number): readonly DirectoryEntry[] | undefined;
  /** Does not follow a final symlink. Resolves to undefined if the path does not exist. */
  facts(path: string): Promise<FileFacts | undefined>;
  /** Where the path leads if all links are followed; undefined if nothing is there. */
  realPath(path: string): Promise<string | undefined>;
  /** Makes the missing folders of the path, each with this mode (0700 by default) whatever the umask. */
  mkdir(path: string, mode?: number): Promise<void>;
  /**
   * Temporary file, fsync, rename, directory fsync: once it resolves, the new content survives a power failure. The
   * file has this mode (0600 by default) whatever the umask.
   */
  writeAtomic(path: string, data: string | Uint8Array, mode?: number): Promise<void>;
  /** Like `writeAtomic`, but rejects with EEXIST if the path exists. */
  create(path: string, data: string | Uint8Array, mode?: number): Promise<void>;
  /** Renames, then syncs both directories. */
  move(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Cuts a file to `size` bytes and syncs it. */
  truncate(path: string, size: number): Promise<void>;
  /** Opens a file for appending. Creates it, and syncs the directory, if it does not exist. */
  append(path: string, options?: AppendOptions): Promise<AppendFile>;
  /** What this process may still write on the file system of `path`. */
  free(path: string): Promise<FreeSpace>;
}

export interface FreeSpace {
  readonly bytes: number;
  /** How many files can be made; undefined if the file system has no such limit. */
  readonly files: number | undefined;
}

/** Fills that one worker session sent together, parsed. */
export interface FillBatch {
  readonly connector: ConnectorName;
  /** Number of the worker session since the desk started, from 1; 0 if the desk requested the fills from the venue. */
  readonly generation: number;
  readonly fills: readonly VenueFill[];
  readonly unread?: readonly UnreadItem[] | undefined;
}

export interface FillSink {
  /** Called in the order of the fills. Resolves when all of them are on disk; only then are they acknowledged. */
  accept(batch: FillBatch): Promise<void>;
}

/** Receives what one connector pushes besides fills, parsed, in the order in which it was emitted. */
export interface PushSink {
  /** Resolves when what the reports change is on disk. */
  reports(reports: readonly VenueReport[]): Promise<void>;
  /** Resolves when the new activities are on disk. */
  activities(activities: readonly VenueActivity[], unread?: readonly UnreadItem[]): Promise<void>;
  quotes(quotes: readonly VenueQuote[]): void;
}

/** Receives lines of progress for a person. Progress is never data. */
export interface Progress {
  line(text: string): void;
}
