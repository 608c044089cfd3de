import * as z from "zod";
import { iso } from "../../lib/time.ts";
import { flag, textFlag } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { fileReceiptSchema, recordFileWrite } from "../record-file-write.ts";

export const command = defineCommand({
  name: "inbox write",
  group: "research",
  audience: "both",
  runs: "desk",
  writes: ["inbox/"],
  summary: "write an item to the human's inbox",
  examples: [
    'qoc inbox write --title "AAPL reports Thursday" --text "Trim before?"',
    "qoc inbox write --title brief --text -",
  ],
  input: () =>
    z.strictObject({
      title: flag(z.string().min(1).max(200), "TEXT", "one line"),
      text: textFlag(z.string().max(60_000), "the body, Markdown"),
      kind: flag(z.enum(["message", "alert"]).default("message"), "KIND", "message (default) or alert"),
    }),
  output: fileReceiptSchema,
  run: async (item, context) => {
    const { desk } = requireDesk(context);
    const at = iso(desk.clock.now());
    const file = await desk.workspace.inbox.writeMessage({ ...item, at, from: context.actor });
    return recordFileWrite(context, "inbox write", file);
  },
});
