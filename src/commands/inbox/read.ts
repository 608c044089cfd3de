import * as z from "zod";
import { positional } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { renderText } from "../rendering/terminal-text.ts";
import { readUntrusted, untrustedSchema } from "../untrusted-text.ts";

export const command = defineCommand({
  name: "inbox read",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "read one inbox item",
  examples: ["qoc inbox read 2026-07-05-fill-AAPL-BUY-41", "qoc inbox read inbox/2026-07-05-fill-AAPL-BUY-41.md"],
  input: () => z.strictObject({ id: positional(z.string(), "NAME", "its file name or path", { completes: "path" }) }),
  output: () => z.object({ path: z.string(), untrusted: untrustedSchema() }),
  run: async ({ id }, context) => {
    await context.desk?.settled();
    const desk = await readableDesk(context);
    const { path, text } = await desk.workspace.inbox.read(id);
    return { path, untrusted: readUntrusted(context, path, text) };
  },
  render: ({ untrusted }) => renderText(untrusted.text),
});
