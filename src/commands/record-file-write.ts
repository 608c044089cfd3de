/** Shared by the commands that write a file of the workspace: the record of the write, and the check of a digest. */
import * as z from "zod";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/errors/error.ts";
import type { Actor } from "../domain/event.ts";
import { isDigest } from "../domain/ids.ts";
import { type CommandContext, requireDesk } from "./command.ts";
import { lazy } from "../lib/lazy.ts";
import type { Desk } from "../trading/desk.ts";

export interface FileReceipt {
  readonly path: string;
  readonly digest: string;
}

/** The output of a command that writes a file. */
export const fileReceiptSchema = lazy(() => z.looseObject({ path: z.string(), digest: z.string() }));

/** The text of a whole file, in characters. The file's folder limits its bytes. */
export const wholeFileSchema = lazy(() => z.string().max(256 * 1024));

/**
 * Records in the journal that a command wrote a file, and requests a commit of the file history. `sources` are the
 * sources that the author of a proposal had read.
 */
export async function recordFileWrite(
  context: CommandContext,
  command: string,
  file: { readonly path: string; readonly text: string },
  sources: readonly string[] = [],
): Promise<FileReceipt> {
  const { desk } = requireDesk(context);
  const digest = digestOf(file.text);
  await desk.commit({
    type: "file.written",
    path: file.path,
    digest,
    command,
    actor: context.actor,
    sources: sources.length === 0 ? undefined : sources,
  });
  desk.history.request(`${command} ${file.path}`, context.actor);
  return { path: file.path, digest };
}

/**
 * Records that an agent is about to write a proposal or an issue; resolves when the record is on disk. A file without
 * its author would be the human's own.
 */
export function recordAuthor(
  desk: Pick<Desk, "commit">,
  actor: Actor,
  { path, text, sources = [] }: { readonly path: string; readonly text: string; readonly sources?: readonly string[] },
): Promise<void> {
  const read = sources.length === 0 ? undefined : sources;
  return desk.commit({ type: "file.authored", path, digest: digestOf(text), actor, sources: read });
}

/** @throws INVALID_INPUT if `replaces` is not a digest. */
export function refuseMalformedDigest(command: string, replaces: string | undefined): void {
  if (replaces === undefined || isDigest(replaces)) return;
  throw new QocError("INVALID_INPUT", { command, message: "--replaces takes the digest that was read (sha256:…)" });
}
