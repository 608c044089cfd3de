import * as z from "zod";
import { flag, positional, textFlag } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { fileReceiptSchema, recordFileWrite, refuseMalformedDigest, wholeFileSchema } from "../record-file-write.ts";

const NAME = "entities write";

export const command = defineCommand({
  name: NAME,
  group: "research",
  audience: "both",
  runs: "desk",
  writes: ["entities/"],
  summary: "write an entity",
  description: "Frontmatter with symbol, name and kind, then Markdown. Earlier texts stay in the history.",
  examples: [
    "qoc entities write AAPL --text - < aapl.md",
    "qoc entities write BTC/USD --text - --replaces sha256:1f0c < btc.md",
  ],
  exits: [7],
  input: () =>
    z.strictObject({
      symbol: positional(z.string(), "SYMBOL", "its symbol"),
      text: textFlag(wholeFileSchema(), "the whole file"),
      replaces: flag(z.string().optional(), "SHA256", "the digest of the text this replaces"),
    }),
  output: fileReceiptSchema,
  mcp: { idempotent: true },
  run: async (entity, context) => {
    const { desk } = requireDesk(context);
    refuseMalformedDigest(NAME, entity.replaces);
    return recordFileWrite(context, NAME, await desk.workspace.entities.write(entity));
  },
});
