import * as z from "zod";
import { UNNAMED, plainName } from "../../domain/untrusted.ts";
import type { NewsEntry } from "../../workspace/news.ts";
import { flag } from "../arguments.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { type ReadableDesk, readableDesk } from "../readable-desk.ts";
import { localMinute } from "../rendering/local-time.ts";
import { type OutputStyle, tableOr } from "../rendering/table-text.ts";
import { oneLine } from "../rendering/terminal-text.ts";
import { untrustedSchemaFor, untrustedText } from "../untrusted-text.ts";
import { feedStatusSchema } from "./feed-status.ts";
import { lazy } from "../../lib/lazy.ts";

const outputSchema = lazy(() =>
  z.object({
    items: z.array(
      z.object({
        path: z.string(),
        source: z.string(),
        published: z.string(),
        isReadable: z.boolean(),
        untrusted: untrustedSchemaFor("its title, or what is wrong with its file"),
      }),
    ),
    feeds: z.array(feedStatusSchema()),
  }),
);

export const command = defineCommand({
  name: "news list",
  group: "research",
  audience: "both",
  runs: "local-if-down",
  writes: [],
  summary: "list news of the feeds in desk.toml, newest first",
  description: "With the status of each feed.",
  examples: ["qoc news list", "qoc news list --symbol AAPL --limit 10"],
  input: () =>
    z.strictObject({
      symbol: flag(z.string().min(1).max(40).optional(), "SYMBOL", "only items that name it, or its entity's name"),
      limit: flag(z.coerce.number().int().min(1).max(100).default(30), "N", "at most N items; 30 by default"),
    }),
  output: outputSchema,
  run: async ({ symbol, limit }, context) => {
    const desk = await readableDesk(context);
    const matches = symbol === undefined ? () => true : await mentions(desk, symbol);
    const entries = await desk.workspace.news.list(limit, matches);
    context.sources?.add("news list");
    return { items: entries.map((entry) => itemView(context, entry)), feeds: [...(context.desk?.news?.feeds() ?? [])] };
  },
  render: renderNews,
});

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function itemView(context: CommandContext, { path, source, published, title, isReadable }: NewsEntry) {
  return {
    path,
    source: isReadable ? (plainName(source) ?? UNNAMED) : "unreadable",
    published: ISO.test(published) ? published : "",
    isReadable,
    untrusted: untrustedText(context, path, title),
  };
}

/** Matches an item that contains the symbol as a word, or the name of the symbol's entity. */
async function mentions(desk: ReadableDesk, symbol: string): Promise<(entry: NewsEntry) => boolean> {
  const name = (await entityName(desk, symbol)).toLowerCase();
  const literal = symbol.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const word = new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, "u");
  return ({ title, text }) =>
    word.test(`${title}\n${text}`) || (name !== "" && `${title}\n${text}`.toLowerCase().includes(name));
}

async function entityName({ workspace }: ReadableDesk, symbol: string): Promise<string> {
  for await (const entity of workspace.entities.all()) if (entity.symbol === symbol) return entity.name;
  return "";
}

/** The items, and on a terminal the feeds that fail. */
function renderNews(
  { items, feeds }: z.output<ReturnType<typeof outputSchema>>,
  style: OutputStyle,
): readonly string[] {
  const failures = feeds.flatMap(({ name, status, untrusted }) =>
    status === "failing" ? [`! ${oneLine(`${name}: ${untrusted?.text ?? ""}`)}`] : [],
  );
  return [
    ...tableOr(
      style,
      [
        { title: "published", cell: ({ published }) => (style.isTty ? localMinute(published) : published) },
        { title: "source", cell: ({ source }) => source },
        { title: "title", cell: ({ untrusted }) => untrusted.text, shrinks: true },
        { title: "path", cell: ({ path }) => path },
      ],
      items,
      "no news",
    ),
    ...(style.isTty ? failures : []),
  ];
}
