/** Arguments and results that several commands for files share. */
import * as z from "zod";
import type { WorkspaceFiles } from "../../workspace/files.ts";
import { flag } from "../arguments.ts";
import type { CommandContext } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { lazy } from "../../lib/lazy.ts";

/** Returns the files after everything journaled so far is written to them. */
export async function settledFiles(context: CommandContext): Promise<WorkspaceFiles> {
  await context.desk?.settled();
  return (await readableDesk(context)).workspace.files;
}

export const afterFlag = lazy(() =>
  flag(z.string().max(500).default(""), "CURSOR", "continue after this: the `next` of a page"),
);

export const underFlag = lazy(() =>
  flag(
    z
      .string()
      .max(400)
      .default("")
      .transform((folder) => (folder === "." ? "" : folder.replace(/\/$/, ""))),
    "DIR",
    "only in this folder",
    { completes: "path" },
  ),
);

export function pageSchema<T extends z.ZodType>(entry: T) {
  return z.object({ entries: z.array(entry), next: z.string().nullable(), partial: z.boolean() });
}
