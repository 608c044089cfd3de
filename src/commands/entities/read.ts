import { z } from "zod";
import { readEntity } from "../../workspace/entities.ts";
import { openReadScope } from "../../workspace/files.ts";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { renderText } from "../rendering/terminal-text.ts";
import { readUntrusted, untrustedSchema } from "../untrusted-text.ts";

export const command = defineCommand({
  name: "entities read",
  group: "research",
  audience: "both",
  runs: "desk",
  writes: [],
  summary: "read one entity with its digest",
  examples: ["qoc entities read AAPL", "qoc entities read BTC/USD --json"],
  input: z.strictObject({ symbol: positional(z.string(), "SYMBOL", "its symbol") }),
  output: z.object({ path: z.string(), digest: z.string(), untrusted: untrustedSchema }),
  run: async ({ symbol }, context) => {
    const { desk } = requireDesk(context);
    const scope = await openReadScope(desk.disk, desk.root, desk.config);
    const { path, text, digest } = await readEntity(scope, symbol);
    return { path, digest, untrusted: readUntrusted(context, path, text) };
  },
  render: ({ untrusted }) => renderText(untrusted.text),
});
