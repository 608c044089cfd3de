/** What was read from files, kept until a file changes: what is asked on every look is not read on every look. */
import type { Clock, Disk, FileFacts } from "../domain/ports.ts";

/** A file system's clock may stand still this long: a file changed within it may change again and look the same. */
const SETTLED_MS = 2_000;
const CHARACTERS_MAX = 16 * 1024 * 1024;

interface Kept<T> {
  readonly stamp: string;
  readonly value: T;
  readonly characters: number;
}

/** An inode's change time moves with every write, rename and link, and no program may set it. */
function stampOf({ kind, inode, size, links, changedMs }: FileFacts): string {
  return `${kind} ${inode} ${size} ${links} ${changedMs}`;
}

/** One kind of file. `load` reads one that is new or has changed; it may throw, and is then asked again the next time. */
export class FileCache<T> {
  readonly #disk: Disk;
  readonly #clock: Pick<Clock, "now">;
  readonly #load: (path: string) => Promise<T>;
  #kept = new Map<string, Kept<T>>();

  constructor(disk: Disk, clock: Pick<Clock, "now">, load: (path: string) => Promise<T>) {
    this.#disk = disk;
    this.#clock = clock;
    this.#load = load;
  }

  /** One value a path, in their order; what other paths held is forgotten. `root` stands before each of them on the disk. */
  async all(root: string, paths: readonly string[]): Promise<readonly T[]> {
    const facts = await Promise.all(paths.map((path) => this.#disk.facts(`${root}/${path}`)));
    const kept = new Map<string, Kept<T>>();
    const values: T[] = [];
    let characters = 0;
    // One at a time: a thousand new files must not be open at once.
    for (const [index, path] of paths.entries()) {
      const one = await this.#one(path, facts[index]);
      values.push(one.value);
      characters += one.characters;
      if (one.stamp !== "" && characters <= CHARACTERS_MAX) kept.set(path, one);
    }
    this.#kept = kept;
    return values;
  }

  async #one(path: string, facts: FileFacts | undefined): Promise<Kept<T>> {
    const stamp = facts === undefined ? "" : stampOf(facts);
    const known = this.#kept.get(path);
    if (known !== undefined && known.stamp === stamp) return known;
    const value = await this.#load(path);
    const isSettled = facts !== undefined && this.#clock.now() - facts.changedMs >= SETTLED_MS;
    return { stamp: isSettled ? stamp : "", value, characters: isSettled ? JSON.stringify(value).length : 0 };
  }
}
