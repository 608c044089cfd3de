import * as z from "zod";
import { positional } from "../arguments.ts";
import { defineCommand, requireDesk } from "../command.ts";
import { fileReceiptSchema, recordFileWrite } from "../record-file-write.ts";

export const command = defineCommand({
  name: "inbox done",
  group: "research",
  audience: "human",
  runs: "desk",
  writes: ["inbox/"],
  summary: "mark an inbox item as done",
  examples: ["qoc inbox done 2026-07-05-fill-AAPL-BUY-41"],
  input: () => z.strictObject({ id: positional(z.string(), "NAME", "its file name or path", { completes: "path" }) }),
  output: fileReceiptSchema,
  run: async ({ id }, context) => {
    const { desk, settled } = requireDesk(context);
    await settled();
    return recordFileWrite(context, "inbox done", await desk.workspace.inbox.setStatus(id, "done"));
  },
});
