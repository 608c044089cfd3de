/**
 * Puts the entry into a program's file. It holds a token, so it is for its owner alone, and never lies in a desk's folder: agents
 * read there, and the history would keep it.
 */
import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { type Client, type DeskEntry, MergeError, clientConfig } from "./client-config.ts";
import { findWorkspace } from "./layout.ts";

const FILE_BYTES_MAX = 1024 * 1024;

export interface PreparedFile {
  readonly path: string;
  write(): Promise<void>;
}

/**
 * Everything that can be refused is refused here, before anybody is let in. `to` is a file of the program's kind, or a folder.
 * @throws PATH_REFUSED.
 */
export async function prepareClientFile(
  disk: Disk,
  client: Client,
  entry: DeskEntry,
  to: string,
): Promise<PreparedFile> {
  const { file, text, merged } = clientConfig(client);
  const named = /\.(json|toml)$/.test(to) ? resolve(to) : join(resolve(to), file);
  const refuse = (reason: string): never => {
    throw new QocError("PATH_REFUSED", { path: named, reason });
  };
  const folder = await folderOf(disk, named, to).catch(() => refuse("its folder does not exist"));
  const path = join(folder, basename(named));
  const workspace = await findWorkspace(disk, folder).catch(() => undefined);
  if (workspace !== undefined)
    refuse(`a token has no place in the desk's folder ${workspace}; name a folder outside it with --to`);
  const facts = await disk.facts(path);
  if (facts !== undefined && (facts.kind !== "file" || facts.links !== 1)) refuse("it is no plain file");
  try {
    const whole = facts === undefined ? text(entry) : merged(await disk.readText(path, FILE_BYTES_MAX), entry);
    return {
      path,
      write: async () => {
        await disk.mkdir(folder, 0o700);
        await disk.writeAtomic(path, whole, 0o600);
      },
    };
  } catch (error) {
    if (error instanceof MergeError) return refuse(`${error.message}; the entry can be printed and put in by hand`);
    throw error;
  }
}

/** The real folder of the file. One folder of the program's own (`.codex`) may be new. */
async function folderOf(disk: Disk, file: string, to: string): Promise<string> {
  const folder = dirname(file);
  const isNew = folder !== resolve(to) && (await disk.facts(folder)) === undefined;
  const real = await realpath(isNew ? dirname(folder) : folder);
  if ((await disk.facts(real))?.kind !== "directory") throw new Error("it is no folder");
  return isNew ? join(real, basename(folder)) : real;
}
