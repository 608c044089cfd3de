/** inbox/news/: one Markdown file an item, written once. What was seen is remembered apart, so that a deleted file stays deleted. */
import { z } from "zod";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { plainPath } from "./path-policy.ts";
import { FrontmatterError, fieldText, readNote, writeNote } from "./frontmatter.ts";
import { LAYOUT } from "./layout.ts";
import { slugOf } from "../lib/slug.ts";
import { tryParseJson } from "../lib/json.ts";

const ITEM_BYTES_MAX = 256 * 1024;
const STATE_BYTES_MAX = 8 * 1024 * 1024;
/** Ids remembered of each feed: more than any feed holds at once. */
const SEEN_MAX = 5_000;

export interface NewsItem {
  readonly id: string;
  readonly feed: string;
  readonly title: string;
  readonly url: string;
  /** ISO; empty: the feed does not say. */
  readonly published: string;
  readonly fetched: string;
  readonly text: string;
}

/** `2026-07-05-0830-title-1f0c….md`: by time in any listing, and its id in its name. */
function nameOf({ id, title, published, fetched }: NewsItem): string {
  const at = published === "" ? fetched : published;
  return `${at.slice(0, 10)}-${at.slice(11, 13)}${at.slice(14, 16)}-${slugOf(title)}-${id}.md`;
}

export async function writeNewsItem(disk: Disk, root: string, item: NewsItem): Promise<string> {
  const { id, feed, title, url, published, fetched, text } = item;
  const path = `${LAYOUT.news}/${nameOf(item)}`;
  const fields = { kind: "news", status: "new", title, source: feed, url, published, fetched, id };
  await disk.mkdir(`${root}/${LAYOUT.news}`);
  await disk.writeAtomic(`${root}/${path}`, writeNote({ fields, body: `${text === "" ? title : text}\n` }));
  return path;
}

const ID = /-([0-9a-f]{16})\.md$/;

/** Newest first, by their names. */
async function names(disk: Disk, root: string): Promise<readonly string[]> {
  if ((await disk.facts(`${root}/${LAYOUT.news}`))?.kind !== "directory") return [];
  const entries = await disk.list(`${root}/${LAYOUT.news}`);
  return entries
    .filter(({ kind, name }) => kind === "file" && name.endsWith(".md"))
    .map(({ name }) => name)
    .toSorted()
    .toReversed();
}

/** Of the files that stand there. */
export async function newsIds(disk: Disk, root: string): Promise<ReadonlySet<string>> {
  return new Set((await names(disk, root)).flatMap((name) => ID.exec(name)?.[1] ?? []));
}

export interface NewsEntry {
  readonly path: string;
  readonly source: string;
  readonly published: string;
  readonly title: string;
  readonly text: string;
}

/** At most this many files are looked into. */
const LOOKED_AT_MAX = 2_000;

/** The newest that fit; a file that is no news is passed over. */
export async function listNews(
  disk: Disk,
  root: string,
  limit: number,
  fits: (entry: NewsEntry) => boolean,
): Promise<readonly NewsEntry[]> {
  const found: NewsEntry[] = [];
  for (const name of (await names(disk, root)).slice(0, LOOKED_AT_MAX)) {
    if (found.length === limit) break;
    const entry = await entryOf(disk, root, `${LAYOUT.news}/${name}`);
    if (entry !== undefined && fits(entry)) found.push(entry);
  }
  return found;
}

async function entryOf(disk: Disk, root: string, path: string): Promise<NewsEntry | undefined> {
  try {
    const note = readNote(await disk.readText(`${root}/${path}`, ITEM_BYTES_MAX));
    const field = (name: string): string => fieldText(note, name);
    return {
      path: plainPath(path),
      source: field("source"),
      published: field("published"),
      title: field("title"),
      text: note.body,
    };
  } catch (error) {
    if (error instanceof FrontmatterError || error instanceof QocError) return undefined;
    throw error;
  }
}

/** What the desk remembers of its feeds over a restart. */
export interface NewsMemory {
  /** Ids of each feed, oldest first. */
  readonly seen: Map<string, readonly string[]>;
  /** How many items were filed on this day, for the daily limit. */
  day: string;
  filed: number;
}

const FORMAT = 1;
const stateShape = z.strictObject({
  format: z.literal(FORMAT),
  seen: z.record(z.string(), z.array(z.string().regex(/^[0-9a-f]{16}$/))),
  day: z.string(),
  filed: z.int().nonnegative(),
});

const STATE = `${LAYOUT.state}/news.json`;

/** One that is damaged is begun anew: the files that stand there are known by their names. */
export async function readNewsMemory(disk: Disk, root: string): Promise<NewsMemory> {
  const empty: NewsMemory = { seen: new Map(), day: "", filed: 0 };
  if ((await disk.facts(`${root}/${STATE}`)) === undefined) return empty;
  const parsed = stateShape.safeParse(tryParseJson(await disk.readText(`${root}/${STATE}`, STATE_BYTES_MAX)));
  if (!parsed.success) return empty;
  const { seen, day, filed } = parsed.data;
  return { seen: new Map(Object.entries(seen)), day, filed };
}

export async function writeNewsMemory(disk: Disk, root: string, { seen, day, filed }: NewsMemory): Promise<void> {
  const kept = Object.fromEntries([...seen].map(([feed, ids]) => [feed, ids.slice(-SEEN_MAX)]));
  await disk.mkdir(`${root}/${LAYOUT.state}`);
  await disk.writeAtomic(`${root}/${STATE}`, `${JSON.stringify({ format: FORMAT, seen: kept, day, filed })}\n`);
}
