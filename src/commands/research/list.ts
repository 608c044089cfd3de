import * as z from "zod";
import { pathProblem } from "../../workspace/path-policy.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { tableOr } from "../rendering/table-text.ts";

export const command = defineCommand({
  name: "research list",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list the research notes with their digests",
  examples: ["qoc research list", "qoc research list --json"],
  input: () => z.strictObject({}),
  output: () => z.array(z.object({ path: z.string(), digest: z.string(), bytes: z.number() })),
  run: async (_input, context) => {
    const { workspace } = await readableDesk(context);
    const notes = await workspace.research.list();
    // No command can read a note whose path is refused.
    return notes.filter(({ path }) => pathProblem(path) === undefined);
  },
  render: (notes, style) =>
    tableOr(
      style,
      [
        { title: "path", cell: ({ path }) => path },
        { title: "bytes", cell: ({ bytes }) => String(bytes), isNumber: true },
        { title: "digest", cell: ({ digest }) => digest || "unreadable", shrinks: true },
      ],
      notes,
      "no research notes",
    ),
});
