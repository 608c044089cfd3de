import * as z from "zod";
import { iso } from "../../lib/time.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { afterFlag, pageSchema, settledFiles, underFlag } from "./file-arguments.ts";

export const command = defineCommand({
  name: "files list",
  group: "research",
  audience: "both",
  runs: "desk",
  writes: [],
  summary: "list the readable files of the workspace by path",
  description: "200 at a time.",
  examples: ["qoc files list", "qoc files list --under research --glob '*.md'"],
  input: z.strictObject({
    under: underFlag,
    glob: flag(z.string().min(1).max(200).optional(), "GLOB", "only matching paths: *.md, research/**/*.csv"),
    after: afterFlag,
  }),
  output: pageSchema(z.object({ path: z.string(), bytes: z.number(), modified: z.string() })),
  run: async (query, context) => {
    const files = await settledFiles(context);
    const { entries, ...page } = await files.list(query);
    return { entries: entries.map((entry) => ({ ...entry, modified: iso(entry.modified) })), ...page };
  },
});
