/** Remembers which files of the workspace the desk writes, so that edits by others can be a revision of their own. */
import type { Disk } from "../domain/ports.ts";
import { diskWith } from "./disk-with.ts";
import { LAYOUT } from "./layout.ts";

export interface DeskWrites {
  /** The disk to write with. */
  readonly disk: Disk;
  /** Returns the paths that were written, moved or removed since the last call, relative to the workspace. */
  take(): ReadonlySet<string>;
}

export function recordDeskWrites(disk: Disk, root: string): DeskWrites {
  const written = new Set<string>();
  const [folder, state] = [`${root}/`, `${root}/${LAYOUT.state}/`];
  const note = (path: string): void => {
    if (path.startsWith(folder) && !path.startsWith(state)) written.add(path.slice(folder.length));
  };
  /** Noted before and after: a revision may be made in between. */
  const noted = async (paths: readonly string[], work: Promise<void>): Promise<void> => {
    paths.forEach(note);
    await work;
    paths.forEach(note);
  };
  return {
    disk: diskWith(disk, {
      writeAtomic: (path, data, mode) => noted([path], disk.writeAtomic(path, data, mode)),
      create: (path, data, mode) => noted([path], disk.create(path, data, mode)),
      move: (from, to) => noted([from, to], disk.move(from, to)),
      remove: (path) => noted([path], disk.remove(path)),
    }),
    take: () => {
      const taken = new Set(written);
      written.clear();
      return taken;
    },
  };
}
