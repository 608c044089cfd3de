/**
 * Removes a folder in which a program of others wrote, and may still write. By paths, a link that it puts in the place
 * of a folder meanwhile would lead to the operator's files.
 */
import { randomUUID } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, rmdir, unlink } from "node:fs/promises";
import { messageOf } from "../domain/errors/error.ts";
import { hasCode } from "../lib/error-code.ts";

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY } = constants;

/** Linux has a path for an open folder. Other systems have no bubblewrap, so no sandbox that a program could leave. */
const BY_DESCRIPTOR = existsSync("/proc/self/fd");

/** Far more than a run makes; a program that goes on making folders does not keep the desk busy. */
const FOLDERS_MAX = 1_000_000;

/** @throws an error of the system, also if something else changes the folder meanwhile. */
export async function removeFolder(path: string): Promise<void> {
  if (!BY_DESCRIPTOR) return rm(path, { recursive: true, force: true });
  const root = await openFolder(path).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  });
  if (root === undefined) return;
  try {
    await emptyRoot(pathOf(root), path);
  } catch (error) {
    // The message names a descriptor.
    throw new Error(`${path}: ${messageOf(error)}`, { cause: error });
  } finally {
    await root.close();
  }
  await rmdir(path);
}

async function emptyRoot(root: string, path: string): Promise<void> {
  for (let count = 0; ;) {
    const folders = await removeFiles(root);
    if (folders.length === 0) return;
    count += folders.length;
    if (count > FOLDERS_MAX) throw new Error(`${path} has more than ${FOLDERS_MAX} folders`);
    for (const name of folders) await removeInRoot(root, name);
  }
}

/** What is inside a folder is moved to the top, so that a deep one needs no long path and few descriptors. */
async function removeInRoot(root: string, name: string): Promise<void> {
  const folder = await openFolder(`${root}/${name}`);
  try {
    const at = pathOf(folder);
    for (const inner of await removeFiles(at)) await rename(`${at}/${inner}`, `${root}/${randomUUID()}`);
  } finally {
    await folder.close();
  }
  await rmdir(`${root}/${name}`);
}

/** Removes the files and links of an open folder. Returns the names of its folders. */
async function removeFiles(at: string): Promise<readonly string[]> {
  const entries = await readdir(at, { withFileTypes: true });
  for (const entry of entries) if (!entry.isDirectory()) await unlink(`${at}/${entry.name}`);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

function openFolder(path: string): Promise<FileHandle> {
  return open(path, O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
}

function pathOf({ fd }: FileHandle): string {
  return `/proc/self/fd/${fd}`;
}
