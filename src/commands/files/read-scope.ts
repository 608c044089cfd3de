/** What the commands that read files share. */
import { z } from "zod";
import { type ReadScope, openReadScope } from "../../workspace/files.ts";
import { flag } from "../arguments.ts";
import { type CommandContext, requireDesk } from "../command.ts";

/** The files that may be read, after everything journaled so far is in files. */
export async function settledReadScope(context: CommandContext): Promise<ReadScope> {
  const { desk, settled } = requireDesk(context);
  await settled();
  return openReadScope(desk.disk, desk.root, desk.config);
}

export const afterFlag = flag(z.string().max(500).default(""), "CURSOR", "continue after this: the `next` of a page");

export const underFlag = flag(
  z
    .string()
    .max(400)
    .default("")
    .transform((folder) => (folder === "." ? "" : folder.replace(/\/$/, ""))),
  "DIR",
  "only in this folder",
  { completes: "path" },
);

export function pageSchema<T extends z.ZodType>(entry: T) {
  return z.object({ entries: z.array(entry), next: z.string().nullable(), partial: z.boolean() });
}
