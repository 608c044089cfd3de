/**
 * The operator's halt of a desk that does not answer: a file beside the desk's keys, outside every workspace, where no
 * connector and no agent writes. The file only halts: the desk reads it at its start and while it runs, journals the
 * halt and removes it. Nothing in it can resume.
 */
import { dirname } from "node:path";
import type { Disk } from "../domain/ports.ts";

const REASON_CHARS_MAX = 500;
const BYTES_MAX = 4_096;

/** `key`: the path of the desk key. */
export function haltFilePath(key: string): string {
  return `${key}.halt`;
}

export async function writeHaltFile(disk: Disk, path: string, reason: string): Promise<void> {
  await disk.mkdir(dirname(path));
  await disk.writeAtomic(path, reason.slice(0, REASON_CHARS_MAX));
}

/**
 * The reason in the file; undefined without a file. A file that cannot be read halts too: somebody meant to halt.
 */
export async function readHaltFile(disk: Disk, path: string): Promise<string | undefined> {
  if ((await disk.facts(path)) === undefined) return undefined;
  const text = await disk.readText(path, BYTES_MAX).catch(() => "");
  return text.trim().slice(0, REASON_CHARS_MAX);
}
