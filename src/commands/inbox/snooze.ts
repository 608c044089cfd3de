import * as z from "zod";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { fileReceiptSchema, recordFileWrite } from "../record-file-write.ts";

export const command = defineCommand({
  name: "inbox snooze",
  group: "research",
  audience: "human",
  runs: "desk",
  writes: ["inbox/"],
  summary: "set an inbox item aside",
  examples: ["qoc inbox snooze 2026-07-05-fill-AAPL-BUY-41"],
  input: () => z.strictObject({ id: positional(z.string(), "NAME", "its file name or path", { completes: "path" }) }),
  output: fileReceiptSchema,
  run: async ({ id }, context) => {
    const { desk, settled } = requireDesk(context);
    await settled();
    return recordFileWrite(context, "inbox snooze", await desk.workspace.inbox.setStatus(id, "snoozed"));
  },
});
