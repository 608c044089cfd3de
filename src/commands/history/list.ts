import * as z from "zod";
import { flag, positional } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { tableOr } from "../rendering/table-text.ts";
import { pathFromHere } from "./path-from-here.ts";

export const command = defineCommand({
  name: "history list",
  aliases: ["history"],
  group: "record",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "list the revisions of the files, or of one file",
  examples: ["qoc history", "qoc history house-rules.md"],
  input: () =>
    z.strictObject({
      path: positional(z.string().optional(), "FILE", "a file of the workspace", { completes: "path" }),
      limit: flag(z.coerce.number().int().positive().max(10_000).default(30), "N", "how many (30)"),
    }),
  output: () =>
    z.array(z.object({ rev: z.string(), at: z.string(), who: z.string(), title: z.string(), files: z.number() })),
  run: async ({ path, limit }, context) => {
    const { history, workspace } = await readableDesk(context);
    // An edit of this moment is a revision, too.
    context.desk?.desk.history.touch();
    await context.desk?.desk.history.flush();
    return history.list(path === undefined ? undefined : pathFromHere(workspace.root, context.cwd, path), limit);
  },
  render: (revisions, style) =>
    tableOr(
      style,
      [
        { title: "rev", cell: ({ rev }) => rev },
        { title: "at", cell: ({ at }) => at },
        { title: "files", cell: ({ files }) => String(files), isNumber: true },
        { title: "who", cell: ({ who }) => who, shrinks: true },
        { title: "title", cell: ({ title }) => title, shrinks: true },
      ],
      revisions,
      "no revision yet",
    ),
});
