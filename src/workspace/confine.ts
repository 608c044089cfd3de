/** Keeps a path that someone named inside the workspace: no traversal, no link, no device, no dot-file. */
import { join } from "node:path";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";

const PART = /^[A-Za-z0-9_][A-Za-z0-9._ -]{0,120}$/;

/**
 * The absolute path of a relative one. `folders` limits where it may lie. Every parent must be a real directory, the file
 * itself absent or a regular file with one name. @throws PATH_REFUSED with the reason.
 */
export const confine = async (disk: Disk, root: string, path: string, folders?: readonly string[]): Promise<string> => {
  const refuse = (reason: string): never => {
    throw new QocError("PATH_REFUSED", { path: path.slice(0, 200), reason });
  };
  if (path.length > 400) refuse("the path is too long");
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) refuse("only paths relative to the workspace are taken");
  const parts = path.split("/");
  for (const part of parts) {
    if (part === ".." || part === "." || part === "") refuse("it must not climb or repeat separators");
    if (part.startsWith(".")) refuse("dot-files are not reachable");
    if (!PART.test(part) || part.endsWith(" ") || part.endsWith(".")) refuse("names hold letters, digits, spaces, . _ and - only");
  }
  if (parts.some((part) => part.toLowerCase() === "node_modules")) refuse("node_modules is not reachable");
  if (folders !== undefined && !folders.some((folder) => path.startsWith(`${folder}/`))) refuse(`only ${folders.join(", ")} may be written`);
  let at = root;
  for (const part of parts.slice(0, -1)) {
    at = join(at, part);
    const facts = await disk.facts(at);
    if (facts !== undefined && facts.kind !== "directory") refuse(`${part} is a ${facts.kind}, not a folder`);
  }
  const target = join(root, ...parts);
  const facts = await disk.facts(target);
  if (facts !== undefined && facts.kind !== "file") refuse(`it is a ${facts.kind}, not a regular file`);
  if (facts !== undefined && facts.links !== 1) refuse("it has a second name elsewhere (a hard link)");
  return target;
};
