import * as z from "zod";
import { UNNAMED, plainName, shownSymbol } from "../../domain/untrusted.ts";
import { ISSUE_STATUSES, type Issue } from "../../workspace/issues.ts";
import { pathProblem, plainPath } from "../../workspace/path-policy.ts";
import { flag } from "../arguments.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { knownWord } from "../known-word.ts";
import { type OutputStyle, tableOr } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { untrustedSchema, untrustedText } from "../untrusted-text.ts";

export const command = defineCommand({
  name: "issues list",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list the issues of the desk",
  description: "The last 2,000 by their names, with a status of those that have it; of very long ones the beginning.",
  examples: ["qoc issues list", "qoc issues list --status open"],
  input: () =>
    z.strictObject({
      status: flag(z.string().optional(), "STATUS", "draft, open, in-progress, blocked, review, done or cancelled"),
    }),
  output: () =>
    z.array(
      z.object({
        id: z.string(),
        path: z.string(),
        status: z.string(),
        priority: z.string(),
        symbols: z.array(z.string()),
        contextFiles: z.array(z.string()),
        untrusted: z.object({ title: untrustedSchema(), body: untrustedSchema() }),
      }),
    ),
  run: async ({ status }, context) => {
    const { workspace } = await readableDesk(context);
    const { issues, older } = await workspace.issues.list(
      status === undefined ? undefined : (issue) => issue.status === status,
    );
    context.sources?.add("issues list");
    if (older > 0)
      context.progress.line(`not listed: ${older} with names before these (qoc files list --under issues)`);
    return issues.map((issue) => issueView(context, issue));
  },
  render: (issues, style) => [
    ...tableOr(
      style,
      [
        { title: "id", cell: ({ id }) => id },
        { title: "status", cell: ({ status }) => status },
        { title: "priority", cell: ({ priority }) => priority },
        { title: "symbols", cell: ({ symbols }) => symbols.join(",") },
        { title: "title", cell: ({ untrusted }) => untrusted.title.text, shrinks: true },
        { title: "path", cell: ({ path }) => path },
      ],
      issues,
      "no issues",
    ),
    ...twinLines(issues, style),
  ],
});

/** An id that several files have names none of them. */
function twinLines(issues: readonly { readonly id: string; readonly path: string }[], style: OutputStyle) {
  if (!style.isTty) return [];
  const paths = new Map<string, string[]>();
  for (const { id, path } of issues) paths.set(id, [...(paths.get(id) ?? []), path]);
  return [...paths]
    .filter(([, named]) => named.length > 1)
    .map(([id, named]) =>
      oneLine(`! ${named.length} issues have the id ${id}: name the file, such as ${named[0] ?? ""}`),
    );
}

function issueView(context: CommandContext, { id, path, status, priority, symbols, contextFiles, title, body }: Issue) {
  return {
    id: plainName(id) ?? UNNAMED,
    path: plainPath(path),
    status: knownWord(status, ISSUE_STATUSES),
    priority: knownWord(priority, ["low", "normal", "high", ""]),
    symbols: symbols.filter((symbol) => shownSymbol(symbol) !== UNNAMED),
    contextFiles: contextFiles.filter((file) => pathProblem(file) === undefined),
    untrusted: {
      title: untrustedText(context, plainPath(path), title),
      body: untrustedText(context, plainPath(path), body),
    },
  };
}
