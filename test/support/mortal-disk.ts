/** A disk of a process that is killed at its nth change of a file: that change and all later calls never settle. */
import type { AppendFile, Disk } from "../../src/domain/ports.ts";

/** The same disk with other methods. */
export function diskWith(disk: Disk, others: Partial<Disk>): Disk {
  return {
    read: (path, limit) => disk.read(path, limit),
    readText: (path, limit) => disk.readText(path, limit),
    readPart: (path, offset, length) => disk.readPart(path, offset, length),
    list: (path) => disk.list(path),
    facts: (path) => disk.facts(path),
    mkdir: (path, mode) => disk.mkdir(path, mode),
    writeAtomic: (path, data, mode) => disk.writeAtomic(path, data, mode),
    create: (path, data, mode) => disk.create(path, data, mode),
    move: (from, to) => disk.move(from, to),
    remove: (path) => disk.remove(path),
    truncate: (path, size) => disk.truncate(path, size),
    append: (path) => disk.append(path),
    free: (path) => disk.free(path),
    ...others,
  };
}

const CHANGES = ["mkdir", "writeAtomic", "create", "move", "remove", "truncate"] as const;

export interface MortalDisk extends Disk {
  readonly death: Promise<void>;
}

export function mortalDisk(disk: Disk, changes: number): MortalDisk {
  let left = changes;
  let die: () => void = () => undefined;
  const death = new Promise<void>((resolve) => (die = resolve));
  const lives = async <T>(change: () => Promise<T>): Promise<T> => {
    left -= 1;
    if (left > 0) return change();
    die();
    return new Promise<never>(() => undefined);
  };
  const mortal = diskWith(disk, {});
  for (const name of CHANGES) {
    const change = mortal[name] as (...args: unknown[]) => Promise<void>;
    Object.assign(mortal, { [name]: (...args: unknown[]) => lives(() => change(...args)) });
  }
  const append = async (path: string): Promise<AppendFile> => {
    const file = await disk.append(path);
    return {
      get size() {
        return file.size;
      },
      write: (data) => lives(() => file.write(data)),
      sync: () => lives(() => file.sync()),
      close: () => file.close(),
    };
  };
  return Object.assign(mortal, { append, death });
}
