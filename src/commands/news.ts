/** news list, news fetch: what the feeds of desk.toml brought into inbox/news/. */
import { z } from "zod";
import { QocError } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import { UNNAMED, plainName } from "../domain/untrusted.ts";
import { listEntities } from "../workspace/entities.ts";
import { openReadScope } from "../workspace/files.ts";
import { type NewsEntry, listNews } from "../workspace/news.ts";
import { type CommandContext, body, requireDesk } from "./command.ts";
import { untrustedSchemaFor, outsideText } from "./outside.ts";

const feed = z.object({
  name: z.string(),
  status: z.enum(["waiting", "ready", "failing"]),
  failures: z.number(),
  filed: z.number(),
  fetchedAt: z.string().nullable(),
  nextAt: z.string().nullable(),
  untrusted: untrustedSchemaFor("why it failed").nullable(),
});

export const newsList = body({
  input: z.strictObject({
    symbol: z.string().min(1).max(40).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(30),
  }),
  output: z.object({
    items: z.array(
      z.object({
        path: z.string(),
        source: z.string(),
        published: z.string(),
        untrusted: untrustedSchemaFor("its title"),
      }),
    ),
    feeds: z.array(feed),
  }),
  run: async ({ symbol, limit }, call) => {
    const { desk, news } = requireDesk(call);
    const fits = symbol === undefined ? () => true : await about(call, symbol);
    const entries = await listNews(desk.disk, desk.root, limit, fits);
    call.sources?.add("news list");
    return { items: entries.map((entry) => shown(call, entry)), feeds: news?.feeds() ?? [] };
  },
});

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function shown(call: CommandContext, { path, source, published, title }: NewsEntry) {
  return {
    path,
    source: plainName(source) ?? UNNAMED,
    published: ISO.test(published) ? published : "",
    untrusted: outsideText(call, path, title),
  };
}

/** Its symbol as a word, or its entity's name. */
async function about(call: CommandContext, symbol: string): Promise<(entry: NewsEntry) => boolean> {
  const name = (await nameOf(call, symbol)).toLowerCase();
  const literal = symbol.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const word = new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, "u");
  return ({ title, text }) =>
    word.test(`${title}\n${text}`) || (name !== "" && `${title}\n${text}`.toLowerCase().includes(name));
}

async function nameOf(call: CommandContext, symbol: string): Promise<string> {
  const { desk } = requireDesk(call);
  const reading = await openReadScope(desk.disk, desk.root, desk.config);
  for (let after: string | null = ""; after !== null;) {
    const page: Awaited<ReturnType<typeof listEntities>> = await listEntities(reading, after);
    const entity = page.entries.find((entry) => entry.symbol === symbol);
    if (entity !== undefined) return entity.name;
    after = page.next;
  }
  return "";
}

export const newsFetch = body({
  input: z.strictObject({ feed: z.string().optional() }),
  output: z.array(feed),
  run: async ({ feed: name }, call) => {
    const { desk, news } = requireDesk(call);
    const names = desk.config.news.map((configured) => configured.name);
    const invalid = (message: string): QocError => new QocError("INVALID_INPUT", { command: "news fetch", message });
    if (news === undefined || names.length === 0) throw invalid("desk.toml names no feed ([[news]] name, url)");
    if (name !== undefined && !names.includes(name)) throw invalid(`no feed ${name}${suggestion(name, names)}`);
    return news.fetchNow(name);
  },
});
