/** Keeps a path that someone named inside the workspace: no traversal, no link, no device, no dot-file. */
import { join } from "node:path";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { UNNAMED } from "../domain/untrusted.ts";
import { isInside } from "../lib/path-containment.ts";

const PART = /^[A-Za-z0-9_][A-Za-z0-9._ -]{0,120}$/;
const PATH_CHARACTERS_MAX = 400;

/** Why no one may reach this path by its words alone; undefined where nothing speaks against it. */
export function pathProblem(path: string): string | undefined {
  if (path.length > PATH_CHARACTERS_MAX) return "the path is too long";
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) return "only paths relative to the workspace are taken";
  for (const part of path.split("/")) {
    if (part === ".." || part === "." || part === "") return "it must not climb or repeat separators";
    if (part.startsWith(".")) return "dot-files are not reachable";
    if (!PART.test(part) || part.endsWith(" ") || part.endsWith("."))
      return "names hold letters, digits, spaces, . _ and - only";
    if (part.toLowerCase() === "node_modules") return "node_modules is not reachable";
  }
  return undefined;
}

/** The path where commands take it; of a file that bears another name, its folder. */
export function plainPath(path: string): string {
  return pathProblem(path) === undefined ? path : `${path.slice(0, path.lastIndexOf("/"))}/${UNNAMED}`;
}

/** @throws PATH_REFUSED, with the path cut to what a reader can take in. */
export function refusePath(path: string, reason: string): never {
  throw new QocError("PATH_REFUSED", { path: path.slice(0, 200), reason });
}

/** The parts of a relative path that its words do not rule out. @throws PATH_REFUSED. */
export function pathParts(path: string): readonly string[] {
  const problem = pathProblem(path);
  return problem === undefined ? path.split("/") : refusePath(path, problem);
}

/**
 * The absolute path of a relative one. `folders` limits where it may lie. Every parent must be a real directory, the file
 * itself absent or a regular file with one name. @throws PATH_REFUSED with the reason.
 */
export async function confine(disk: Disk, root: string, path: string, folders?: readonly string[]): Promise<string> {
  const parts = pathParts(path);
  if (folders !== undefined && !folders.some((folder) => isInside(folder, path))) {
    refusePath(path, `only ${folders.join(", ")} may be written`);
  }
  let at = root;
  for (const part of parts.slice(0, -1)) {
    at = join(at, part);
    const facts = await disk.facts(at);
    if (facts !== undefined && facts.kind !== "directory") refusePath(path, `${part} is a ${facts.kind}, not a folder`);
  }
  const target = join(root, ...parts);
  const facts = await disk.facts(target);
  if (facts !== undefined && facts.kind !== "file") refusePath(path, `it is a ${facts.kind}, not a regular file`);
  if (facts !== undefined && facts.links !== 1) refusePath(path, "it has a second name elsewhere (a hard link)");
  return target;
}
