/**
 * An in-memory disk that can lose power. A crash keeps all synced bytes of a file and a random prefix of the bytes
 * appended since. Directory entries and atomic writes are durable immediately, as the `Disk` port promises.
 */
import type { AppendFile, Disk, DirectoryEntry, FileFacts, FreeSpace } from "../../src/domain/ports.ts";
import { seededNumbers } from "./seeded-numbers.ts";

interface Content {
  bytes: Buffer;
  /** Length of the prefix that is sure to survive a power cut. */
  durable: number;
}

export type FaultCode = "EIO" | "ENOSPC";
export interface Fault {
  readonly on: "write" | "sync";
  /** The nth call from now, counted from 1. */
  readonly nth: number;
  readonly code: FaultCode;
  /** For a write: this many bytes reach the file before it fails. */
  readonly short?: number;
}

export interface CrashDisk extends Disk {
  /** Calls so far that reached append files. */
  readonly counts: { writes: number; syncs: number };
  /** Arms one fault, which replaces an armed one. */
  fail(fault: Fault): void;
  /** Returns the disk as it is after a power cut. Calls on files that were open before never settle. */
  crash(seed: number): CrashDisk;
  /** The bytes that a reader sees. */
  peek(path: string): Buffer;
  /** Writes a synced file. */
  put(path: string, bytes: string | Uint8Array): void;
  /** Makes syncs wait until `release`. */
  hold(): { release(): void };
}

function errorWith(code: string, message = code): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function survivors(files: ReadonlyMap<string, Content>, seed: number): Map<string, Content> {
  const next = seededNumbers(seed);
  const random = (): number => next() / 4_294_967_296;
  const kept = new Map<string, Content>();
  for (const [path, { bytes, durable }] of files) {
    const length = durable + Math.floor(random() * (bytes.length - durable + 1));
    kept.set(path, { bytes: Buffer.from(bytes.subarray(0, length)), durable: length });
  }
  return kept;
}

// A change time of infinity keeps the file cache from trusting the file.
const FACTS = { modifiedMs: 0, changedMs: Number.POSITIVE_INFINITY, inode: 0, links: 1, uid: 0, mode: 0o600 };

function factsOf({ bytes }: Content): FileFacts {
  return { kind: "file", size: bytes.length, ...FACTS };
}

class MemoryDisk implements CrashDisk {
  readonly counts = { writes: 0, syncs: 0 };
  readonly #files: Map<string, Content>;
  readonly #directories: Set<string>;
  #fault: { on: Fault["on"]; left: number; code: FaultCode; short: number } | undefined;
  #dead = false;
  #held: Promise<void> | undefined;

  constructor(files = new Map<string, Content>(), directories = new Set<string>(["/"])) {
    this.#files = files;
    this.#directories = directories;
  }

  fail({ on, nth, code, short = 0 }: Fault): void {
    this.#fault = { on, left: nth, code, short };
  }

  crash(seed: number): CrashDisk {
    this.#dead = true;
    return new MemoryDisk(survivors(this.#files, seed), new Set(this.#directories));
  }

  peek(path: string): Buffer {
    return this.#known(path).bytes;
  }

  put(path: string, data: string | Uint8Array): void {
    const bytes = Buffer.from(data);
    this.#files.set(path, { bytes, durable: bytes.length });
  }

  hold(): { release(): void } {
    let release = (): void => undefined;
    this.#held = new Promise((resolve) => {
      release = () => {
        this.#held = undefined;
        resolve();
      };
    });
    return { release };
  }

  async read(path: string): Promise<Uint8Array> {
    return Buffer.from(this.#known(path).bytes);
  }

  async readText(path: string): Promise<string> {
    return this.#known(path).bytes.toString("utf8");
  }

  readPart(path: string, offset: number, length: number): Uint8Array {
    const { bytes } = this.#known(path);
    if (bytes.length < offset + length) throw new RangeError(`${path} ends before byte ${offset + length}`);
    return Buffer.from(bytes.subarray(offset, offset + length));
  }

  readSmall(path: string, most: number): ReturnType<Disk["readSmall"]> {
    const file = this.#files.get(path);
    if (file === undefined) return this.#directories.has(path) ? undefined : "absent";
    if (file.bytes.length > most) return undefined;
    return { bytes: Buffer.from(file.bytes), facts: factsOf(file) };
  }

  listSmall(path: string, most: number): readonly DirectoryEntry[] | undefined {
    const entries = this.#entries(path);
    return entries.length > most ? undefined : entries;
  }

  async list(path: string): Promise<readonly DirectoryEntry[]> {
    return this.#entries(path);
  }

  #entries(path: string): readonly DirectoryEntry[] {
    const inside = (child: string): boolean => child !== path && parentOf(child) === path;
    const entry = (child: string, kind: DirectoryEntry["kind"]): DirectoryEntry => ({
      name: child.slice(child.lastIndexOf("/") + 1),
      kind,
    });
    return [
      ...[...this.#files.keys()].filter(inside).map((child) => entry(child, "file")),
      ...[...this.#directories].filter(inside).map((child) => entry(child, "directory")),
    ];
  }

  async realPath(path: string): Promise<string | undefined> {
    return (await this.facts(path)) && path;
  }

  async facts(path: string): ReturnType<Disk["facts"]> {
    const file = this.#files.get(path);
    if (file !== undefined) return factsOf(file);
    return this.#directories.has(path) ? { kind: "directory", size: 0, ...FACTS } : undefined;
  }

  async mkdir(path: string): Promise<void> {
    for (let at = path; at !== "/"; at = parentOf(at)) this.#directories.add(at);
  }

  async writeAtomic(path: string, data: string | Uint8Array): Promise<void> {
    this.put(path, data);
  }

  async create(path: string, data: string | Uint8Array): Promise<void> {
    if (this.#files.has(path)) throw errorWith("EEXIST", path);
    this.put(path, data);
  }

  async move(from: string, to: string): Promise<void> {
    this.#files.set(to, this.#known(from));
    this.#files.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.#known(path);
    this.#files.delete(path);
  }

  async truncate(path: string, size: number): Promise<void> {
    this.put(path, this.#known(path).bytes.subarray(0, size));
  }

  async append(path: string): Promise<AppendFile> {
    if (!this.#files.has(path)) this.put(path, "");
    const file = this.#known(path);
    let size = file.bytes.length;
    return {
      get size() {
        return size;
      },
      actual: () => ({ size: file.bytes.length, isAtPath: this.#files.get(path) === file }),
      write: async (data) => {
        await this.#write(file, Buffer.from(data));
        size += Buffer.byteLength(data);
      },
      sync: () => this.#sync(file),
      close: async () => undefined,
    };
  }

  async free(): Promise<FreeSpace> {
    return { bytes: 1_000_000_000, files: undefined };
  }

  async #write(file: Content, bytes: Buffer): Promise<void> {
    await this.#alive();
    this.counts.writes += 1;
    const fault = this.#due("write");
    file.bytes = Buffer.concat([file.bytes, fault === undefined ? bytes : bytes.subarray(0, fault.short)]);
    if (fault !== undefined) throw errorWith(fault.code, "write");
  }

  async #sync(file: Content): Promise<void> {
    const { length } = file.bytes;
    await this.#alive();
    if (this.#held !== undefined) {
      await this.#held;
      await this.#alive();
    }
    this.counts.syncs += 1;
    const fault = this.#due("sync");
    if (fault !== undefined) throw errorWith(fault.code, "fdatasync");
    file.durable = Math.max(file.durable, length);
  }

  async #alive(): Promise<void> {
    if (this.#dead) await new Promise<never>(() => undefined);
  }

  #due(on: Fault["on"]): { code: FaultCode; short: number } | undefined {
    if (this.#fault?.on !== on) return undefined;
    this.#fault.left -= 1;
    if (this.#fault.left > 0) return undefined;
    const due = this.#fault;
    this.#fault = undefined;
    return due;
  }

  #known(path: string): Content {
    const file = this.#files.get(path);
    if (file === undefined) throw errorWith("ENOENT", path);
    return file;
  }
}

export function crashDisk(): CrashDisk {
  return new MemoryDisk();
}
