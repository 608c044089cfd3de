/** A disk of a process that is killed at its nth change of a file: that change and all later calls never settle. */
import type { AppendFile, AppendOptions, Disk } from "../../src/domain/ports.ts";
import { diskWith } from "../../src/workspace/disk-with.ts";

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
  const append = async (path: string, options?: AppendOptions): Promise<AppendFile> => {
    const file = await disk.append(path, options);
    return {
      get size() {
        return file.size;
      },
      actual: () => file.actual(),
      write: (data) => lives(() => file.write(data)),
      sync: () => lives(() => file.sync()),
      close: () => file.close(),
    };
  };
  return Object.assign(mortal, { append, death });
}
