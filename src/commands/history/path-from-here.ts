/** A path as a person types it: relative to the workspace, or to the current folder, or absolute. */
import { relative, resolve } from "node:path";
import { isWithin } from "../../lib/path-containment.ts";
import { type CommandContext, requireDesk } from "../command.ts";

/** Relative to the workspace, if the file lies in it; otherwise the path as it was given, which is refused later. */
export function pathFromHere(context: CommandContext, path: string): string {
  const { root } = requireDesk(context).desk.workspace;
  const isPlain = !path.startsWith("/") && !path.startsWith(".");
  const isInFolder = isWithin(root, context.cwd) && context.cwd !== root;
  if (isPlain && !isInFolder) return path;
  const absolute = resolve(isWithin(root, context.cwd) ? context.cwd : root, path);
  return isWithin(root, absolute) ? relative(root, absolute) : path;
}
