/** The paths that commands accept: relative to the workspace, with no traversal, links, devices, or dot files. */
import { join } from "node:path";
import { QocError } from "../domain/errors/error.ts";
import { UNNAMED } from "../domain/untrusted.ts";
import { isInside } from "../lib/path-containment.ts";
import type { WorkspaceRoot } from "./layout.ts";

const SEGMENT = /^[A-Za-z0-9._^= -]*$/;
const SEGMENT_CHARACTERS_MAX = 121;
const PATH_CHARACTERS_MAX = 400;
/** A walk of the workspace opens each folder from the top, so that deep ones cost the square of their depth. */
const SEGMENTS_MAX = 16;

/** Returns why the path is not allowed, or undefined if it is. Looks at the text of the path only, not at the disk. */
export function pathProblem(path: string): string | undefined {
  if (path.length > PATH_CHARACTERS_MAX) return "the path is too long";
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "the path must be relative to the workspace";
  const segments = path.split("/");
  if (segments.length > SEGMENTS_MAX) return `a path has at most ${SEGMENTS_MAX - 1} folders`;
  for (const segment of segments) {
    if (segment === ".." || segment === "." || segment === "")
      return 'the path must not contain "..", "." or empty segments';
    if (segment.startsWith(".")) return "dot files are not accessible";
    if (!SEGMENT.test(segment)) return "file names may contain only letters, digits, spaces, . _ ^ = and -";
    if (/^[ =-]|[ .]$/.test(segment))
      return "a file name does not begin with a space, = or -, nor end with a space or .";
    if (segment.length > SEGMENT_CHARACTERS_MAX) return `a file name has at most ${SEGMENT_CHARACTERS_MAX} characters`;
    if (segment.toLowerCase() === "node_modules") return "node_modules is not accessible";
  }
  return undefined;
}

/** Returns the path if commands accept it; otherwise its folder with a placeholder for the file name. */
export function plainPath(path: string): string {
  return pathProblem(path) === undefined ? path : `${path.slice(0, path.lastIndexOf("/"))}/${UNNAMED}`;
}

/** @throws PATH_REFUSED; the path in the message is truncated. */
export function refusePath(path: string, reason: string): never {
  throw new QocError("PATH_REFUSED", { path: path.slice(0, 200), reason });
}

/** Splits a relative path into segments. @throws PATH_REFUSED if `pathProblem` finds one. */
export function pathSegments(path: string): readonly string[] {
  const problem = pathProblem(path);
  return problem === undefined ? path.split("/") : refusePath(path, problem);
}

/**
 * Returns the absolute path of a relative one. If `folders` is given, the file must be in one of them. Every parent
 * must be a directory, not a link; the file itself must be absent or a regular file without other hard links.
 * @throws PATH_REFUSED with the reason.
 */
export async function resolveInWorkspace(
  { disk, root }: WorkspaceRoot,
  path: string,
  folders?: readonly string[],
): Promise<string> {
  const segments = pathSegments(path);
  if (folders !== undefined && !folders.some((folder) => isInside(folder, path))) {
    refusePath(path, `only files in ${folders.join(", ")} can be written`);
  }
  let parent = root;
  for (const segment of segments.slice(0, -1)) {
    parent = join(parent, segment);
    const stats = await disk.facts(parent);
    if (stats !== undefined && stats.kind !== "directory")
      refusePath(path, `${segment} is a ${stats.kind}, not a folder`);
  }
  const target = join(root, ...segments);
  const stats = await disk.facts(target);
  if (stats !== undefined && stats.kind !== "file") refusePath(path, `the file is a ${stats.kind}, not a regular file`);
  if (stats !== undefined && stats.links !== 1) refusePath(path, "the file has more than one hard link");
  return target;
}
