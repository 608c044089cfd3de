/**
 * inbox/news/: one Markdown file for each news item. The ids of all filed items are stored apart from the files, so
 * that an item whose file was deleted is not filed again.
 */
import * as z from "zod";
import type { Disk } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { slugOf } from "../lib/slug.ts";
import { blockquote, unquote } from "../lib/markdown.ts";
import { fileProblem } from "./file-problem.ts";
import { fieldText, readNote, writeNote } from "./frontmatter.ts";
import { LAYOUT, type WorkspaceRoot, listFolder } from "./layout.ts";
import { plainPath } from "./path-policy.ts";
import { lazy } from "../lib/lazy.ts";

const ITEM_BYTES_MAX = 256 * 1024;
const STATE_BYTES_MAX = 8 * 1024 * 1024;
/** Ids stored for each feed: more than a feed has at one time. */
const SEEN_MAX = 5_000;
/** How many files `list` reads at most. */
const FILES_READ_MAX = 2_000;

export interface NewsItem {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly feed: string;
  readonly title: string;
  readonly url: string;
  /** ISO; empty if the feed has no date for the item. */
  readonly published: string;
  readonly fetched: string;
  readonly text: string;
}

export interface NewsEntry {
  readonly path: string;
  readonly source: string;
  readonly published: string;
  /** Or what is wrong with the file. */
  readonly title: string;
  readonly text: string;
  readonly isReadable: boolean;
}

/** What the desk stores about its feeds between restarts. */
export interface NewsState {
  /** The ids of each feed, oldest first. */
  readonly seen: Map<string, readonly string[]>;
  /** The day that `filed` counts items of, for the daily limit. */
  day: string;
  filed: number;
}

const STATE_FORMAT = 1;
const stateSchema = lazy(() =>
  z.strictObject({
    format: z.literal(STATE_FORMAT),
    seen: z.record(z.string(), z.array(z.string().regex(/^[0-9a-f]{16}$/))),
    day: z.string(),
    filed: z.int().nonnegative(),
  }),
);

const STATE = `${LAYOUT.state}/news.json`;
const ID_IN_NAME = /-([0-9a-f]{16})\.md$/;

/** `2026-07-05-0830-title-1f0c….md`: listings sort by time, and the name contains the id. */
function nameOf({ id, title, published, fetched }: NewsItem): string {
  const at = published === "" ? fetched : published;
  return `${at.slice(0, 10)}-${at.slice(11, 13)}${at.slice(14, 16)}-${slugOf(title)}-${id}.md`;
}

export class NewsStore {
  readonly #disk: Disk;
  readonly #root: string;

  constructor({ disk, root }: WorkspaceRoot) {
    this.#disk = disk;
    this.#root = root;
  }

  async write(item: NewsItem): Promise<void> {
    const { id, feed, title, url, published, fetched, text } = item;
    const fields = { kind: "news", status: "new", title, source: feed, url, published, fetched, id };
    await this.#disk.mkdir(`${this.#root}/${LAYOUT.news}`);
    await this.#disk.writeAtomic(
      `${this.#root}/${LAYOUT.news}/${nameOf(item)}`,
      writeNote({ fields, body: `${blockquote(text === "" ? title : text)}\n` }),
    );
  }

  /** Returns the ids of the items whose files exist. */
  async ids(): Promise<ReadonlySet<string>> {
    return new Set((await this.#names()).flatMap((name) => ID_IN_NAME.exec(name)?.[1] ?? []));
  }

  /** Returns the newest matching items, at most `limit`. A file that cannot be read says why in place of its title. */
  async list(limit: number, matches: (entry: NewsEntry) => boolean): Promise<readonly NewsEntry[]> {
    const entries: NewsEntry[] = [];
    for (const name of (await this.#names()).slice(0, FILES_READ_MAX)) {
      if (entries.length === limit) break;
      const entry = await this.#readEntry(`${LAYOUT.news}/${name}`);
      if (matches(entry)) entries.push(entry);
    }
    return entries;
  }

  /** Returns an empty state if the file is missing or damaged: the names of existing items still have their ids. */
  async readState(): Promise<NewsState> {
    const empty: NewsState = { seen: new Map(), day: "", filed: 0 };
    const file = `${this.#root}/${STATE}`;
    if ((await this.#disk.facts(file)) === undefined) return empty;
    const parsed = stateSchema().safeParse(tryParseJson(await this.#disk.readText(file, STATE_BYTES_MAX)));
    if (!parsed.success) return empty;
    const { seen, day, filed } = parsed.data;
    return { seen: new Map(Object.entries(seen)), day, filed };
  }

  async writeState({ seen, day, filed }: NewsState): Promise<void> {
    const recent = Object.fromEntries([...seen].map(([feed, ids]) => [feed, ids.slice(-SEEN_MAX)]));
    const json = JSON.stringify({ format: STATE_FORMAT, seen: recent, day, filed });
    await this.#disk.mkdir(`${this.#root}/${LAYOUT.state}`);
    await this.#disk.writeAtomic(`${this.#root}/${STATE}`, `${json}\n`);
  }

  /** Newest first, according to the names. */
  async #names(): Promise<readonly string[]> {
    return (await listFolder({ disk: this.#disk, root: this.#root }, LAYOUT.news))
      .filter(({ kind, name }) => kind === "file" && name.endsWith(".md"))
      .map(({ name }) => name)
      .toSorted()
      .toReversed();
  }

  async #readEntry(path: string): Promise<NewsEntry> {
    try {
      const note = readNote(await this.#disk.readText(`${this.#root}/${path}`, ITEM_BYTES_MAX));
      return {
        path: plainPath(path),
        source: fieldText(note, "source"),
        published: fieldText(note, "published"),
        title: fieldText(note, "title"),
        text: unquote(note.body),
        isReadable: true,
      };
    } catch (error) {
      const title = fileProblem(error);
      return { path: plainPath(path), source: "", published: "", title, text: "", isReadable: false };
    }
  }
}
