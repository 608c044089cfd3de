import * as z from "zod";
import { iso } from "../../lib/time.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { type Column, tableOr } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { afterFlag, pageSchema, settledFiles, underFlag } from "./file-arguments.ts";

export const command = defineCommand({
  name: "files list",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list the readable files of the workspace by path",
  description: "200 at a time.",
  examples: ["qoc files list", "qoc files list --under research --glob '*.md'"],
  input: () =>
    z.strictObject({
      under: underFlag(),
      glob: flag(z.string().min(1).max(200).optional(), "GLOB", "only matching paths: *.md, research/**/*.csv"),
      after: afterFlag(),
    }),
  output: () => pageSchema(z.object({ path: z.string(), bytes: z.number(), modified: z.string() })),
  run: async (query, context) => {
    const files = await settledFiles(context);
    const { entries, ...page } = await files.list(query);
    return { entries: entries.map((entry) => ({ ...entry, modified: iso(entry.modified) })), ...page };
  },
  render: ({ entries, next, partial }, style) => [
    ...tableOr(style, FILE_COLUMNS, entries, "no files"),
    ...(next !== null && style.isTty ? [style.paint("dim", `more: --after ${oneLine(next)}`)] : []),
    ...(partial && style.isTty ? [style.paint("dim", "not all files were searched; give --under or --glob")] : []),
  ],
});

interface FileRow {
  readonly path: string;
  readonly bytes: number;
  readonly modified: string;
}

const FILE_COLUMNS: readonly Column<FileRow>[] = [
  { title: "path", cell: ({ path }) => path, shrinks: true },
  { title: "bytes", cell: ({ bytes }) => String(bytes), isNumber: true },
  { title: "modified", cell: ({ modified }) => modified },
];
