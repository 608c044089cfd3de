/** The state of an adapter's own files, to notice an edit. */
import { dirname, extname } from "node:path";
import type { Disk } from "../../domain/ports.ts";

const SOURCE_ENDINGS: ReadonlySet<string> = new Set([
  ...[".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs"],
  ...[".json", ".csv", ".txt"],
]);

/** By path: the size and time of each file, and the names of the source files in each of their folders. */
export type SourceState = ReadonlyMap<string, string>;

export async function sourceState(disk: Disk, files: readonly string[]): Promise<SourceState> {
  const folders = [...new Set(files.map((path) => dirname(path)))];
  return new Map(
    await Promise.all([
      ...files.map(async (path) => [path, await fileState(disk, path)] as const),
      ...folders.map(async (folder) => [folder, await sourceNames(disk, folder)] as const),
    ]),
  );
}

/** Whether a file was edited, or a source file appeared in or disappeared from one of the folders. */
export function differs(before: SourceState, now: SourceState): boolean {
  return [...before].some(([path, state]) => now.get(path) !== state);
}

async function fileState(disk: Disk, path: string): Promise<string> {
  const facts = await disk.facts(path).catch(() => undefined);
  return `${facts?.size} ${facts?.modifiedMs}`;
}

async function sourceNames(disk: Disk, folder: string): Promise<string> {
  const entries = await disk.list(folder).catch(() => []);
  const names = entries.map(({ name }) => name).filter((name) => !name.startsWith("."));
  return names
    .filter((name) => SOURCE_ENDINGS.has(extname(name)))
    .toSorted()
    .join("/");
}
