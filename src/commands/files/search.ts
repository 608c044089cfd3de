import * as z from "zod";
import { positional } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { tableOr } from "../rendering/table-text.ts";
import { untrustedSchema, untrustedText } from "../untrusted-text.ts";
import { afterFlag, pageSchema, settledFiles, underFlag } from "./file-arguments.ts";

export const command = defineCommand({
  name: "files search",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "find lines that contain a text, ignoring case",
  description: "200 at a time.",
  examples: ["qoc files search AAPL", 'qoc files search "gross margin" --under research'],
  input: () =>
    z.strictObject({
      text: positional(z.string().min(2).max(200), "TEXT", "the text to find; not a pattern"),
      under: underFlag(),
      after: afterFlag(),
    }),
  output: () => pageSchema(z.object({ path: z.string(), line: z.number(), untrusted: untrustedSchema() })),
  run: async (query, context) => {
    const files = await settledFiles(context);
    const { entries, ...page } = await files.search(query);
    context.sources?.add("files search");
    return {
      entries: entries.map(({ path, line, text }) => ({ path, line, untrusted: untrustedText(context, path, text) })),
      ...page,
    };
  },
  render: ({ entries }, style) =>
    tableOr(
      style,
      [
        { title: "path", cell: ({ path }) => path },
        { title: "line", cell: ({ line }) => String(line), isNumber: true },
        { title: "text", cell: ({ untrusted }) => untrusted.text.trim(), shrinks: true },
      ],
      entries,
      "no line was found",
    ),
});
