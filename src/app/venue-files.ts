/**
 * The files that the process of an author's fake venue may read: those of its folder, one by one. A right on the folder
 * would be one on all that its links lead to, such as the operator's keys, because Node follows links.
 */
import { dirname } from "node:path";
import { FakeVenueFault } from "../conformance/venue/venue-hooks.ts";
import type { Disk } from "../domain/ports.ts";

const FILES_MAX = 1_000;
/** Node gives these characters of a path a meaning of their own. */
const SPECIAL = /[,*]/;

/**
 * Without hidden files and packages, and without what a link leads to. @throws FakeVenueFault for a folder of too many
 * files, such as a home folder.
 */
export async function filesBeside(disk: Pick<Disk, "list">, module: string): Promise<readonly string[]> {
  const files: string[] = [];
  const folders = [dirname(module)];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift())
    for (const { name, kind } of await disk.list(folder)) {
      const path = `${folder}/${name}`;
      if (name.startsWith(".") || name === "node_modules" || SPECIAL.test(path)) continue;
      if (kind === "directory") folders.push(path);
      else if (kind === "file") files.push(path);
      if (files.length + folders.length > FILES_MAX)
        throw new FakeVenueFault(
          `${module} may read the files of its folder, which has more than ${FILES_MAX}: give it a folder of its own`,
        );
    }
  return files;
}
