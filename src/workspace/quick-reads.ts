/**
 * Reads for which a person waits, such as those of an approval. The asynchronous calls wake a thread of Node's pool and
 * then the loop for each step of each file, which takes ten times as long as the step. So a small file or folder is
 * read at once. What is larger, or is not a regular file, is read asynchronously: it would hold the loop.
 */
import type { DirectoryEntry, Disk, SmallFile } from "../domain/ports.ts";
import { bufferView } from "../lib/buffer-view.ts";
import { type WorkspaceRoot, listFolder } from "./layout.ts";

const BYTES_MAX = 64 * 1024;
const ENTRIES_MAX = 256;

/** undefined: {@link Disk.read} and {@link Disk.facts} say why. */
export function readQuickly(disk: Disk, path: string): SmallFile | "absent" | undefined {
  return disk.readSmall(path, BYTES_MAX);
}

/** undefined if the file does not exist. @throws as {@link Disk.readText}. */
export async function readTextQuickly(disk: Disk, path: string, limit: number): Promise<string | undefined> {
  const found = readQuickly(disk, path);
  if (found === "absent") return undefined;
  return found === undefined ? disk.readText(path, limit) : bufferView(found.bytes).toString("utf8");
}

/** As {@link listFolder}. */
export async function listFolderQuickly(workspace: WorkspaceRoot, folder: string): Promise<readonly DirectoryEntry[]> {
  return workspace.disk.listSmall(`${workspace.root}/${folder}`, ENTRIES_MAX) ?? listFolder(workspace, folder);
}
