/** A path as a person types it: relative to the workspace, or to the current folder, or absolute. */
import { relative, resolve } from "node:path";
import { isWithin } from "../../lib/path-containment.ts";

/** Relative to the workspace, if the file lies in it; otherwise the path as it was given, which is refused later. */
export function pathFromHere(root: string, cwd: string, path: string): string {
  const isPlain = !path.startsWith("/") && !path.startsWith(".");
  const isInFolder = isWithin(root, cwd) && cwd !== root;
  if (isPlain && !isInFolder) return path;
  const absolute = resolve(isWithin(root, cwd) ? cwd : root, path);
  return isWithin(root, absolute) ? relative(root, absolute) : path;
}
