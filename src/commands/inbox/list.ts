import * as z from "zod";
import { plainPath } from "../../workspace/path-policy.ts";
import { flag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { knownWord } from "../known-word.ts";
import { type Column, type OutputStyle, tableOr } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { untrustedSchemaFor, untrustedText } from "../untrusted-text.ts";
import { lazy } from "../../lib/lazy.ts";

const KINDS = ["fill", "alert", "message", "news", "unreadable"];
const STATUSES = ["new", "open", "done", "snoozed", "blocked"];

const itemSchema = lazy(() =>
  z.object({
    path: z.string(),
    kind: z.string(),
    status: z.string(),
    untrusted: untrustedSchemaFor("its title"),
  }),
);

export const command = defineCommand({
  name: "inbox list",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list fills, alerts and messages",
  examples: ["qoc inbox list", "qoc inbox list --status new"],
  input: () =>
    z.strictObject({
      status: flag(z.string().optional(), "STATUS", "new, open, done, snoozed or blocked"),
    }),
  output: () => z.array(itemSchema()),
  run: async ({ status: wantedStatus }, context) => {
    await context.desk?.settled();
    const desk = await readableDesk(context);
    const entries = await desk.workspace.inbox.list(wantedStatus);
    context.sources?.add("inbox list");
    return entries.map(({ path, kind, status, title }) => ({
      path: plainPath(path),
      kind: knownWord(kind, KINDS),
      status: knownWord(status, STATUSES),
      untrusted: untrustedText(context, plainPath(path), title),
    }));
  },
  render: (items, style) => (style.isTty ? renderForPerson(items, style) : tableOr(style, COLUMNS, items, "")),
});

type InboxItem = z.output<ReturnType<typeof itemSchema>>;

const COLUMNS: readonly Column<InboxItem>[] = [
  { title: "status", cell: ({ status }) => status },
  { title: "kind", cell: ({ kind }) => kind },
  { title: "title", cell: ({ untrusted }) => untrusted.text },
  { title: "path", cell: ({ path }) => path },
];

/** The title says what happened, so it has the line; what the other commands of the inbox take is below it. */
function renderForPerson(items: readonly InboxItem[], style: OutputStyle): readonly string[] {
  const shown = COLUMNS.slice(0, -1).map((column) => ({ ...column, shrinks: column.title === "title" }));
  const [header = "", ...rows] = tableOr(style, shown, items, "the inbox is empty");
  return [header, ...rows.flatMap((row, index) => [row, style.paint("dim", `  ${oneLine(items[index]?.path ?? "")}`)])];
}
