import * as z from "zod";
import { flag, positional } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { renderText } from "../rendering/terminal-text.ts";
import { readUntrusted, untrustedSchema } from "../untrusted-text.ts";
import { settledFiles } from "./file-arguments.ts";

export const command = defineCommand({
  name: "files read",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "read a text file with its digest",
  description: "A long file is returned in parts of 32,000 characters.",
  examples: ["qoc files read house-rules.md", "qoc files read research/macro.md --from 40 --lines 20"],
  input: () =>
    z.strictObject({
      path: positional(z.string(), "PATH", "relative to the workspace", { completes: "path" }),
      from: flag(
        z.union([z.string(), z.number().transform(String)]).default("1"),
        "LINE",
        "the first line, or the `next` of the part before",
      ),
      lines: flag(z.coerce.number().int().positive().optional(), "N", "at most N lines"),
    }),
  output: () =>
    z.object({
      path: z.string(),
      digest: z.string(),
      bytes: z.number(),
      lines: z.number(),
      next: z.string().nullable(),
      untrusted: untrustedSchema(),
    }),
  run: async ({ path, ...range }, context) => {
    const files = await settledFiles(context);
    const { text, ...part } = await files.read(path, range);
    return { ...part, untrusted: readUntrusted(context, path, text) };
  },
  render: ({ untrusted }) => renderText(untrusted.text),
});
