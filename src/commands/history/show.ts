import * as z from "zod";
import { showEntry } from "../../trading/projections/decision-log.ts";
import type { ShownRevision } from "../../workspace/history-revisions.ts";
import { positional } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { renderOrder } from "../rendering/order.ts";
import { type OutputStyle, keyValueLines } from "../rendering/table-text.ts";
import { renderText } from "../rendering/terminal-text.ts";

export const command = defineCommand({
  name: "history show",
  hiddenAliases: ["show"],
  group: "record",
  audience: "human",
  runs: "local-if-down",
  writes: [],
  summary: "show a revision of the file history, or an order",
  examples: ["qoc history show HEAD~1", "qoc history show 2026-11-27", "qoc history show 20260705-001"],
  input: () =>
    z.strictObject({
      id: positional(z.string(), "ID|REV|TIME", "an order, a revision, or the last revision not after a time", {
        completes: "order",
      }),
    }),
  output: () => z.looseObject({ kind: z.enum(["order", "revision"]) }),
  run: async ({ id }, context) => showEntry(await readableDesk(context), id),
  render: (entry, style) => (entry.kind === "revision" ? renderRevision(entry, style) : renderOrder(entry, style)),
});

function renderRevision({ rev, at, who, title, changes, text }: ShownRevision, style: OutputStyle): readonly string[] {
  const what = (changes.length === 0 ? [title] : changes).map((change) => ["what", change] as const);
  const head = keyValueLines(style, [["revision", rev], ["when", at], ["who", who], ...what]);
  return [...head, "", ...renderText(text)];
}
