/** inbox/: fills and alerts that the desk writes, and messages from people and agents. Markdown with frontmatter. */
import { dirname } from "node:path";
import { QocError } from "../domain/errors/error.ts";
import { suggestion } from "../domain/ids.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { hasCode } from "../lib/error-code.ts";
import { isInside } from "../lib/path-containment.ts";
import { escapeInvisible, escapeInvisibleInText, quoteString } from "../lib/invisible-characters.ts";
import { blockquote } from "../lib/markdown.ts";
import { slugOf } from "../lib/slug.ts";
import { FileCache } from "./file-cache.ts";
import { fileProblem } from "./file-problem.ts";
import { FrontmatterError, fieldText, readNote, withField, writeNote } from "./frontmatter.ts";
import { LAYOUT, type WorkspaceRoot, listFolder } from "./layout.ts";
import { resolveInWorkspace } from "./path-policy.ts";

const ITEM_BYTES_MAX = 256 * 1024;
/** Of one topic: older items are not read. */
const RETITLED_MAX = 50;
const TITLE_CHARS_MAX = 300;
/** Of a kind and a status. */
const WORD_CHARS_MAX = 100;
/** `2026-07-05` */
const DATE_CHARS = 10;

export interface InboxEntry {
  readonly path: string;
  readonly kind: string;
  readonly status: string;
  readonly title: string;
}

/** An item that the desk writes. */
export interface HostItem {
  /** Without `.md`. Two items with the same name are the same item. */
  readonly name: string;
  readonly frontmatter: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A new title of an item, as far as its title asks for one. */
export interface TitleChange {
  /** undefined: the item stays as it is. */
  readonly titleAfter: (title: string) => string | undefined;
  /** The line that is added at the end. */
  readonly note: string;
}

/** The texts of an item before and after a {@link TitleChange}. */
export interface RetitledItem {
  readonly before: string;
  readonly after: string;
}

/** A message for the human. */
export interface InboxMessage {
  readonly title: string;
  readonly text: string;
  readonly kind: string;
  /** ISO, UTC. */
  readonly at: string;
  readonly from: string;
}

/** The names of the desk's items, such as `2026-07-05-fill-SPX-BUY-7`. Commands cannot write files of these names. */
const HOST_NAME = /^\d{4}-\d{2}-\d{2}-(fill|alert)\b/i;

/** Returns whether only the desk may write this file. */
export function isHostItem(path: string): boolean {
  return isInside(LAYOUT.inbox, path) && HOST_NAME.test(path.slice(path.lastIndexOf("/") + 1));
}

export function isArchived(path: string): boolean {
  return isInside(LAYOUT.inboxArchive, path.toLowerCase());
}

function plainName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, "_");
}

function fileNameOf(item: string): string {
  return `${plainName(item)}.md`;
}

/** undefined if the text is no note. */
function titleOf(text: string): string | undefined {
  try {
    return fieldText(readNote(text), "title");
  } catch (error) {
    if (error instanceof FrontmatterError) return undefined;
    throw error;
  }
}

function pathOf(name: string): string {
  return `${LAYOUT.inbox}/${name}`;
}

/** Only the desk writes fills and alerts: a file under any other name that claims to be one is a message. */
function kindOf(path: string, kind: string): string {
  return kind === "" || ((kind === "fill" || kind === "alert") && !isHostItem(path)) ? "message" : kind;
}

export class Inbox {
  readonly #disk: Disk;
  readonly #root: string;
  readonly #statuses: FileCache<string>;

  constructor(workspace: WorkspaceRoot & { readonly clock: Pick<Clock, "now"> }) {
    this.#disk = workspace.disk;
    this.#root = workspace.root;
    this.#statuses = new FileCache(workspace, async (path) => (await this.#readEntry(path)).status);
  }

  /**
   * Writes the item unless the inbox or the archive already has it: people may have edited it. With `written`, the text
   * that this item had, replaces exactly that text. Returns the new text, or undefined if nothing was written.
   */
  async writeHostItem(item: HostItem, written?: string): Promise<string | undefined> {
    const name = fileNameOf(item.name);
    const path = `${this.#root}/${pathOf(name)}`;
    if ((await this.#disk.facts(`${this.#root}/${LAYOUT.inboxArchive}/${name}`)) !== undefined) return undefined;
    const isThere = (await this.#disk.facts(path)) !== undefined;
    if (isThere !== (written !== undefined)) return undefined;
    if (written !== undefined && (await this.#textOf(path)) !== written) return undefined;
    const text = writeNote({ fields: item.frontmatter, body: item.body });
    await this.#disk.mkdir(dirname(path));
    await this.#disk.writeAtomic(path, text);
    return text;
  }

  /** The names of the desk's items of a topic such as `alert-position`, at most the newest {@link RETITLED_MAX}. */
  async hostItemNames(topic: string): Promise<readonly string[]> {
    const part = `-${plainName(topic)}-`;
    const isOfTopic = (name: string): boolean =>
      name.startsWith(part, DATE_CHARS) && /^\d+\.md$/.test(name.slice(DATE_CHARS + part.length));
    const names = (await this.#names()).filter(isOfTopic);
    return names.map((name) => name.slice(0, -3)).slice(-RETITLED_MAX);
  }

  /**
   * Gives items of the desk a new title, in the frontmatter and in the first heading, and leaves every other byte as it
   * is: a person may have set the status or written below. Returns the texts by the names of the items.
   */
  async retitle(
    names: readonly string[],
    { titleAfter, note }: TitleChange,
  ): Promise<ReadonlyMap<string, RetitledItem>> {
    const changed = new Map<string, RetitledItem>();
    for (const name of names) {
      const path = `${this.#root}/${pathOf(fileNameOf(name))}`;
      const text = (await this.#disk.facts(path)) === undefined ? undefined : await this.#textOf(path);
      const title = text === undefined ? undefined : titleOf(text);
      const next = title === undefined ? undefined : titleAfter(title);
      if (text === undefined || title === undefined || next === undefined) continue;
      const head = text.replace(`\ntitle: ${quoteString(title)}\n`, () => `\ntitle: ${quoteString(next)}\n`);
      const whole = head.replace(`\n## ${escapeInvisible(title)}\n`, () => `\n## ${escapeInvisible(next)}\n`);
      const after = `${whole.trimEnd()}\n\n${note}\n`;
      await this.#disk.writeAtomic(path, after);
      changed.set(name, { before: text, after });
    }
    return changed;
  }

  /** undefined if the file is too large to be an item of the desk. */
  async #textOf(path: string): Promise<string | undefined> {
    try {
      return await this.#disk.readText(path, ITEM_BYTES_MAX);
    } catch (error) {
      if (error instanceof QocError) return undefined;
      throw error;
    }
  }

  /** Lists the entries, or those with the given status. An unreadable file has the kind `unreadable`. */
  async list(status?: string): Promise<readonly InboxEntry[]> {
    const entries: InboxEntry[] = [];
    for (const name of await this.#names()) {
      const entry = await this.#readEntry(pathOf(name));
      // As texts of their own, which do not keep the file in memory.
      if (status === undefined || entry.status === status) entries.push(structuredClone(entry));
    }
    return entries;
  }

  /** Returns how many entries have the status `new`. Reads only the files that changed since the last call. */
  async countNew(): Promise<number> {
    const statuses = await this.#statuses.all((await this.#names()).map(pathOf));
    return statuses.filter((status) => status === "new").length;
  }

  /** Reads an item by its name or path, with or without `.md`. @throws FILE_NOT_FOUND, PATH_REFUSED. */
  async read(ref: string): Promise<{ path: string; text: string }> {
    const name = `${(ref.split("/").at(-1) ?? ref).replace(/\.md$/, "")}.md`;
    const names = await this.#names();
    if (!names.includes(name)) throw new QocError("FILE_NOT_FOUND", { path: `${ref}${suggestion(name, names)}` });
    const path = pathOf(name);
    return { path, text: await this.#disk.readText(await this.#resolve(path), ITEM_BYTES_MAX) };
  }

  /**
   * Sets the status in the frontmatter and leaves every other byte as it is; a text without frontmatter gets it above
   * its first line. @throws FILE_NOT_FOUND, PATH_REFUSED, TOO_LARGE.
   */
  async setStatus(ref: string, status: "done" | "snoozed"): Promise<{ path: string; text: string }> {
    const { path, text } = await this.read(ref);
    const next = withField(text, "status", status);
    await this.#disk.writeAtomic(await this.#resolve(path), next);
    return { path, text: next };
  }

  /** Writes a message under a new name; the name never matches one of the desk's items. */
  async writeMessage(message: InboxMessage): Promise<{ path: string; text: string }> {
    const { kind, title, from, at } = message;
    const text = writeNote({
      fields: { kind, status: "new", title, from, at },
      // The frontmatter is the desk's; the text of another author is quoted below it.
      body: `${from === "human" ? escapeInvisibleInText(message.text.trimEnd()) : blockquote(message.text)}\n`,
    });
    const stem = `${at.slice(0, 10)}-message-${slugOf(title)}`;
    for (let n = 1; ; n++) {
      const path = pathOf(`${stem}${n === 1 ? "" : `-${n}`}.md`);
      const target = await this.#resolve(path);
      if ((await this.#disk.facts(target)) !== undefined) continue;
      try {
        await this.#disk.mkdir(dirname(target));
        await this.#disk.create(target, text);
      } catch (error) {
        // Another message with this title was written first.
        if (hasCode(error, "EEXIST")) continue;
        throw error;
      }
      return { path, text };
    }
  }

  #resolve(path: string): Promise<string> {
    return resolveInWorkspace({ disk: this.#disk, root: this.#root }, path, [LAYOUT.inbox]);
  }

  async #names(): Promise<readonly string[]> {
    return (await listFolder({ disk: this.#disk, root: this.#root }, LAYOUT.inbox))
      .filter((entry) => entry.kind === "file" && entry.name.endsWith(".md"))
      .map((entry) => entry.name)
      .toSorted();
  }

  async #readEntry(path: string): Promise<InboxEntry> {
    try {
      const note = readNote(await this.#disk.readText(`${this.#root}/${path}`, ITEM_BYTES_MAX));
      const heading = /^#+\s*(.+)$/m.exec(note.body)?.[1] ?? path.slice(LAYOUT.inbox.length + 1, -3);
      return {
        path,
        kind: kindOf(path, fieldText(note, "kind").slice(0, WORD_CHARS_MAX)),
        status: fieldText(note, "status").slice(0, WORD_CHARS_MAX) || "new",
        title: (fieldText(note, "title") || heading).slice(0, TITLE_CHARS_MAX),
      };
    } catch (error) {
      return { path, kind: "unreadable", status: "new", title: fileProblem(error) };
    }
  }
}
