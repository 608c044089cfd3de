/** The state of an adapter's own files, to notice an edit. */
import { dirname, extname } from "node:path";
import type { Disk } from "../domain/ports.ts";

const SOURCE_ENDINGS: ReadonlySet<string> = new Set([
  ...[".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs"],
  ...[".json", ".csv", ".txt"],
]);

/** Changes if a file is edited, or a source file appears in or disappears from one of their folders. */
export async function sourceState(disk: Disk, files: readonly string[]): Promise<string> {
  const folders = [...new Set(files.map((path) => dirname(path)))];
  const [facts, names] = await Promise.all([
    Promise.all(files.map((path) => disk.facts(path).catch(() => undefined))),
    Promise.all(folders.map((folder) => sourceNames(disk, folder))),
  ]);
  return JSON.stringify([files, facts.map((found) => [found?.size, found?.modifiedMs]), names]);
}

async function sourceNames(disk: Disk, folder: string): Promise<readonly string[]> {
  const entries = await disk.list(folder).catch(() => []);
  return entries.map(({ name }) => name).filter((name) => SOURCE_ENDINGS.has(extname(name)) && !name.startsWith("."));
}
