import * as z from "zod";
import { plainName, shownSymbol } from "../../domain/untrusted.ts";
import { defineCommand } from "../command.ts";
import { readableDesk } from "../readable-desk.ts";
import { afterFlag } from "../files/file-arguments.ts";
import { tableOr } from "../rendering/table-text.ts";
import { untrustedSchemaFor, untrustedText } from "../untrusted-text.ts";

export const command = defineCommand({
  name: "entities list",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list the companies, funds and coins of the desk",
  examples: ["qoc entities list", "qoc entities list --json"],
  input: () => z.strictObject({ after: afterFlag() }),
  output: () =>
    z.object({
      entries: z.array(
        z.object({
          symbol: z.string(),
          kind: z.string(),
          path: z.string(),
          isReadable: z.boolean(),
          untrusted: untrustedSchemaFor("its name, or what is wrong with its file"),
        }),
      ),
      next: z.string().nullable(),
    }),
  run: async ({ after }, context) => {
    const { workspace } = await readableDesk(context);
    const { entries, next } = await workspace.entities.list(after);
    context.sources?.add("entities list");
    return {
      entries: entries.map(({ symbol, name, kind, path, problem }) => ({
        symbol: shownSymbol(symbol),
        kind: plainName(kind) ?? "",
        path,
        isReadable: problem === null,
        untrusted: untrustedText(context, path, problem ?? name),
      })),
      next,
    };
  },
  render: ({ entries }, style) =>
    tableOr(
      style,
      [
        { title: "symbol", cell: ({ symbol }) => symbol },
        { title: "kind", cell: ({ kind }) => kind },
        { title: "name", cell: ({ untrusted }) => untrusted.text, shrinks: true },
        { title: "path", cell: ({ path }) => path },
      ],
      entries,
      "no entities",
    ),
});
