/** The inbox: fills and alerts the desk files, messages that people and agents leave. Markdown with frontmatter. */
import { QocError } from "../domain/error.ts";
import { suggestion } from "../domain/ids.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { confine } from "./path-policy.ts";
import { FrontmatterError, fieldText, readNote, writeNote } from "./frontmatter.ts";
import { LAYOUT } from "./layout.ts";
import { FileCache } from "./file-cache.ts";
import { slugOf } from "../lib/slug.ts";
import { isInside } from "../lib/path-containment.ts";

const ITEM_BYTES_MAX = 256 * 1024;

export interface InboxEntry {
  readonly path: string;
  readonly kind: string;
  readonly status: string;
  readonly title: string;
}

export interface HostItem {
  /** Without .md. The same name is the same item. */
  readonly name: string;
  readonly frontmatter: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The names of what the desk files: `2026-07-05-fill-SPX-BUY-7`. Nobody writes one of them through the desk. */
const HOST_NAME = /^\d{4}-\d{2}-\d{2}-(fill|alert)\b/i;
/** Would this file stand where the desk looks whether it has filed an item already? */
export function isHostItem(path: string): boolean {
  return isInside(LAYOUT.inbox, path) && HOST_NAME.test(path.slice(path.lastIndexOf("/") + 1));
}
export function isArchived(path: string): boolean {
  return isInside(LAYOUT.inboxArchive, path.toLowerCase());
}

/** Writes a host's item once: one that stands here or in the archive is left as people changed it. */
export async function writeHostItem(disk: Disk, root: string, item: HostItem): Promise<void> {
  const name = `${item.name.replaceAll(/[^A-Za-z0-9._-]/g, "_")}.md`;
  for (const folder of [LAYOUT.inbox, LAYOUT.inboxArchive])
    if ((await disk.facts(`${root}/${folder}/${name}`)) !== undefined) return;
  await disk.writeAtomic(`${root}/${LAYOUT.inbox}/${name}`, writeNote({ fields: item.frontmatter, body: item.body }));
}

function pathOf(name: string): string {
  return `${LAYOUT.inbox}/${name}`;
}

async function names(disk: Disk, root: string): Promise<readonly string[]> {
  if ((await disk.facts(`${root}/${LAYOUT.inbox}`))?.kind !== "directory") return [];
  return (await disk.list(`${root}/${LAYOUT.inbox}`))
    .filter((entry) => entry.kind === "file" && entry.name.endsWith(".md"))
    .map((entry) => entry.name)
    .toSorted();
}

/** What cannot be read is listed all the same, with kind `unreadable`. */
export async function listInbox(disk: Disk, root: string, status?: string): Promise<readonly InboxEntry[]> {
  const entries: InboxEntry[] = [];
  for (const name of await names(disk, root)) {
    const entry = await readEntry(disk, root, pathOf(name));
    if (status === undefined || entry.status === status) entries.push(entry);
  }
  return entries;
}

/** How many entries are new; reads again only what has changed since it was asked last. */
export function newInInbox(disk: Disk, root: string, clock: Pick<Clock, "now">): () => Promise<number> {
  const states = new FileCache(disk, clock, async (path) => (await readEntry(disk, root, path)).status);
  return async () =>
    (await states.all(root, (await names(disk, root)).map(pathOf))).filter((status) => status === "new").length;
}

/** A fill or an alert is the desk's word: under any other name than the desk's own it is a message, whatever it says of itself. */
function kindOf(path: string, told: string): string {
  return told === "" || ((told === "fill" || told === "alert") && !isHostItem(path)) ? "message" : told;
}

async function readEntry(disk: Disk, root: string, path: string): Promise<InboxEntry> {
  try {
    const note = readNote(await disk.readText(`${root}/${path}`, ITEM_BYTES_MAX));
    const heading = /^#+\s*(.+)$/m.exec(note.body)?.[1] ?? path.slice(LAYOUT.inbox.length + 1, -3);
    return {
      path,
      kind: kindOf(path, fieldText(note, "kind")),
      status: fieldText(note, "status") || "new",
      title: fieldText(note, "title") || heading,
    };
  } catch (error) {
    if (error instanceof FrontmatterError || error instanceof QocError)
      return { path, kind: "unreadable", status: "new", title: error.message };
    throw error;
  }
}

export async function readInboxItem(disk: Disk, root: string, words: string): Promise<{ path: string; text: string }> {
  const name = `${(words.split("/").at(-1) ?? words).replace(/\.md$/, "")}.md`;
  const known = await names(disk, root);
  if (!known.includes(name)) throw new QocError("FILE_NOT_FOUND", { path: `${words}${suggestion(name, known)}` });
  const path = pathOf(name);
  return { path, text: await disk.readText(await confine(disk, root, path, [LAYOUT.inbox]), ITEM_BYTES_MAX) };
}

/** A message for the human, under a name that no item of the desk has. Never replaces one. */
export async function writeInboxItem(
  disk: Disk,
  root: string,
  item: { title: string; text: string; kind: string; at: string; from: string },
): Promise<{ path: string; text: string }> {
  const text = writeNote({
    fields: { kind: item.kind, status: "new", title: item.title, from: item.from, at: item.at },
    body: `${item.text.trimEnd()}\n`,
  });
  const stem = `${item.at.slice(0, 10)}-message-${slugOf(item.title)}`;
  for (let n = 1; ; n++) {
    const path = pathOf(`${stem}${n === 1 ? "" : `-${n}`}.md`);
    const target = await confine(disk, root, path, [LAYOUT.inbox]);
    if ((await disk.facts(target)) !== undefined) continue;
    try {
      await disk.create(target, text);
    } catch (error) {
      // Another message of this title came first.
      if (error instanceof Error && "code" in error && error.code === "EEXIST") continue;
      throw error;
    }
    return { path, text };
  }
}
