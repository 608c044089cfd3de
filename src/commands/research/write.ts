import * as z from "zod";
import { flag, positional, textFlag } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { fileReceiptSchema, recordFileWrite, refuseMalformedDigest } from "../record-file-write.ts";

const NAME = "research write";

export const command = defineCommand({
  name: NAME,
  group: "research",
  audience: "both",
  runs: "desk",
  writes: ["research/"],
  summary: "write a research note",
  description: "Replaces an existing note only if the digest of its text is given.",
  examples: [
    'qoc research write 2026-07-05-aapl --text "Margins hold."',
    "qoc research write macro-notes --text - < note.md",
  ],
  exits: [7],
  input: () =>
    z.strictObject({
      name: positional(z.string(), "NAME", "the note's name, with or without .md"),
      text: textFlag(z.string().max(200_000), "the note, Markdown"),
      replaces: flag(z.string().optional(), "SHA256", "the digest of the note this replaces"),
    }),
  output: fileReceiptSchema,
  mcp: { idempotent: true },
  run: async (note, context) => {
    const { desk } = requireDesk(context);
    refuseMalformedDigest(NAME, note.replaces);
    return recordFileWrite(context, NAME, await desk.workspace.research.write(note));
  },
});
