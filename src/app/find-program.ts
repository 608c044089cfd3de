/** Programs on the PATH. */
import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

/** Searches the PATH as a shell does, but never the current folder. */
export async function findProgram(program: string, path: string): Promise<{ path: string; real: string } | undefined> {
  const candidates = isAbsolute(program)
    ? [program]
    : path
        .split(":")
        .filter(isAbsolute)
        .map((folder) => join(folder, program));
  if (!isAbsolute(program) && program.includes("/")) return undefined;
  for (const candidate of candidates) {
    try {
      await access(candidate, constants.X_OK);
      return { path: candidate, real: await realpath(candidate) };
    } catch {
      // Not in this folder: try the next.
    }
  }
  return undefined;
}
