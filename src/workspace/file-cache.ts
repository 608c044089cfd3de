/** Caches a value per file and reloads it only after the file has changed. */
import type { Clock, Disk, FileFacts } from "../domain/ports.ts";
import type { WorkspaceRoot } from "./layout.ts";

/**
 * The resolution of a file system's clock may be this coarse: a file that changed within this time may change again
 * without a different timestamp, so its value is not cached yet.
 */
const SETTLED_MS = 2_000;
/** A thousand new files are not open at the same time. */
const READ_AT_ONCE = 16;
const CHARACTERS_MAX = 16 * 1024 * 1024;

interface CacheEntry<T> {
  /** Empty: not cached. */
  readonly stamp: string;
  readonly value: T;
  readonly characters: number;
}

/** The inode's change time changes with every write, rename and link, and programs cannot set it. */
function stampOf({ kind, inode, size, links, changedMs }: FileFacts): string {
  return `${kind} ${inode} ${size} ${links} ${changedMs}`;
}

export class FileCache<T> {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #clock: Pick<Clock, "now">;
  readonly #load: (path: string) => Promise<T>;
  #entries = new Map<string, CacheEntry<T>>();

  /** `load` reads a file that is new or has changed. If it throws, the next call loads the file again. */
  constructor(
    { disk, root, clock }: WorkspaceRoot & { readonly clock: Pick<Clock, "now"> },
    load: (path: string) => Promise<T>,
  ) {
    this.#disk = disk;
    this.#root = root;
    this.#clock = clock;
    this.#load = load;
  }

  /** Returns one value for each path, in the order of `paths`, and forgets all other paths. */
  async all(paths: readonly string[]): Promise<readonly T[]> {
    const stats = await Promise.all(paths.map((path) => this.#disk.facts(`${this.#root}/${path}`)));
    const entries = new Map<string, CacheEntry<T>>();
    const values: T[] = [];
    let characters = 0;
    for (let at = 0; at < paths.length; at += READ_AT_ONCE) {
      const slice = paths.slice(at, at + READ_AT_ONCE);
      const read = await Promise.all(slice.map((path, index) => this.#entry(path, stats[at + index])));
      for (const [index, path] of slice.entries()) {
        const entry = read[index]!;
        values.push(entry.value);
        characters += entry.characters;
        if (entry.stamp !== "" && characters <= CHARACTERS_MAX) entries.set(path, entry);
      }
    }
    this.#entries = entries;
    return values;
  }

  async #entry(path: string, stats: FileFacts | undefined): Promise<CacheEntry<T>> {
    const stamp = stats === undefined ? "" : stampOf(stats);
    const cached = this.#entries.get(path);
    if (cached !== undefined && cached.stamp === stamp) return cached;
    // The runtime keeps the whole text of which a kept one is a part: a title would keep its file in memory.
    const value = structuredClone(await this.#load(path));
    const isSettled = stats !== undefined && this.#clock.now() - stats.changedMs >= SETTLED_MS;
    return { stamp: isSettled ? stamp : "", value, characters: isSettled ? JSON.stringify(value).length : 0 };
  }
}
