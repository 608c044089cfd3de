import * as z from "zod";
import { positional } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { renderText } from "../rendering/terminal-text.ts";
import { readUntrusted, untrustedSchema } from "../untrusted-text.ts";

export const command = defineCommand({
  name: "entities read",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "read one entity with its digest",
  examples: ["qoc entities read AAPL", "qoc entities read BTC/USD --json"],
  input: () => z.strictObject({ symbol: positional(z.string(), "SYMBOL", "its symbol") }),
  output: () => z.object({ path: z.string(), digest: z.string(), untrusted: untrustedSchema() }),
  run: async ({ symbol }, context) => {
    const { workspace } = await readableDesk(context);
    const { path, text, digest } = await workspace.entities.read(symbol);
    return { path, digest, untrusted: readUntrusted(context, path, text) };
  },
  render: ({ untrusted }) => renderText(untrusted.text),
});
