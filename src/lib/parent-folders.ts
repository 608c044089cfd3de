import { dirname } from "node:path";

/** All folders above a path, the nearest first and the root last. */
export function parentFolders(path: string): readonly string[] {
  const parents: string[] = [];
  for (let folder = dirname(path); folder !== parents.at(-1); folder = dirname(folder)) parents.push(folder);
  return parents;
}
