/** research/ and issues/: notes and tasks, Markdown with frontmatter. A note is replaced only by who has read it. */
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import type { Clock, Disk } from "../domain/ports.ts";
import { confine } from "./path-policy.ts";
import { type WrittenFile, writeFile } from "./file-write.ts";
import { FrontmatterError, type Note, fieldText, readNote, withField, writeNote } from "./frontmatter.ts";
import { LAYOUT } from "./layout.ts";
import { FileCache } from "./file-cache.ts";
import { slugOf } from "../lib/slug.ts";

const NOTE_BYTES_MAX = 256 * 1024;
export const ISSUE_STATUSES = ["draft", "open", "in-progress", "blocked", "review", "done", "cancelled"] as const;
export type IssueStatus = (typeof ISSUE_STATUSES)[number];

/** Not, or no longer, to be worked on: only the human says so, and only the human takes it up again. */
export function isShelved(status: string): boolean {
  return status === "draft" || status === "cancelled";
}
/** What an agent may make of a task that stands; opening, drafting and calling one off are the human's. */
export const AGENT_STATUSES: readonly string[] = ["in-progress", "review", "done", "blocked"];
/** May an agent leave a task of the first status with the second? */
export function isAgentsChange(from: string, to: string): boolean {
  return from === to || (!isShelved(from) && AGENT_STATUSES.includes(to));
}

/** What an issue's text says; undefined: its frontmatter cannot be read. */
export function statusIn(text: string): string | undefined {
  try {
    return statusOf(readNote(text));
  } catch (error) {
    if (error instanceof FrontmatterError) return undefined;
    throw error;
  }
}
function statusOf(note: Note): string {
  return fieldText(note, "status") || "open";
}

export interface Issue {
  readonly id: string;
  readonly path: string;
  readonly title: string;
  readonly status: string;
  readonly priority: string;
  readonly symbols: readonly string[];
  readonly contextFiles: readonly string[];
  readonly body: string;
}

async function markdown(disk: Disk, root: string, folder: string): Promise<readonly string[]> {
  if ((await disk.facts(`${root}/${folder}`))?.kind !== "directory") return [];
  return (await disk.list(`${root}/${folder}`))
    .filter((entry) => entry.kind === "file" && entry.name.endsWith(".md") && !entry.name.startsWith("."))
    .map((entry) => `${folder}/${entry.name}`)
    .toSorted();
}

/** Every issue that can be read; one that cannot is listed as `blocked` with what is wrong as its title. */
export async function listIssues(disk: Disk, root: string): Promise<readonly Issue[]> {
  const issues: Issue[] = [];
  for (const path of await markdown(disk, root, LAYOUT.issues)) issues.push(await issueAt(disk, root, path));
  return issues;
}

async function issueAt(disk: Disk, root: string, path: string): Promise<Issue> {
  try {
    return await readIssue(disk, root, path);
  } catch (error) {
    if (!(error instanceof QocError)) throw error;
    return {
      id: stemOf(path),
      path,
      title: error.message,
      status: "blocked",
      priority: "",
      symbols: [],
      contextFiles: [],
      body: "",
    };
  }
}

/** What a list of issues shows of one. */
export type IssueHead = Pick<Issue, "id" | "path" | "title" | "status">;

/** As `listIssues`, and reads again only what has changed since it was asked last. */
export function issueHeads(disk: Disk, root: string, clock: Pick<Clock, "now">): () => Promise<readonly IssueHead[]> {
  const heads = new FileCache(disk, clock, async (path): Promise<IssueHead> => {
    const { id, title, status } = await issueAt(disk, root, path);
    return { id, path, title, status };
  });
  return async () => heads.all(root, await markdown(disk, root, LAYOUT.issues));
}

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1, -3);
}
/** An issue names a few things; one that names thousands is there to keep somebody busy. */
const NAMES_MAX = 32;
function listOf(note: Note, key: string): readonly string[] {
  const value = note.fields[key];
  return [...new Set(typeof value === "string" ? (value === "" ? [] : [value]) : (value ?? []))].slice(0, NAMES_MAX);
}

/** @throws NOTE_INVALID, FILE_NOT_FOUND, PATH_REFUSED. */
export async function readIssue(disk: Disk, root: string, path: string): Promise<Issue> {
  const note = await readChecked(disk, root, path);
  const stem = stemOf(path);
  return {
    id: fieldText(note, "id") || (/^\d+/.exec(stem)?.[0] ?? stem),
    path,
    title: fieldText(note, "title") || stem,
    status: statusOf(note),
    priority: fieldText(note, "priority") || "normal",
    symbols: listOf(note, "symbols"),
    contextFiles: listOf(note, "context_files"),
    body: note.body,
  };
}

async function readChecked(disk: Disk, root: string, path: string): Promise<Note> {
  const target = await confine(disk, root, path);
  if ((await disk.facts(target)) === undefined) throw new QocError("FILE_NOT_FOUND", { path });
  try {
    return readNote(await disk.readText(target, NOTE_BYTES_MAX));
  } catch (error) {
    if (error instanceof FrontmatterError)
      throw new QocError("NOTE_INVALID", { path, message: error.message }, { cause: error });
    throw error;
  }
}

/** Changes the status line alone; the rest stays as its author wrote it. */
export async function setIssueStatus(disk: Disk, root: string, path: string, status: IssueStatus): Promise<void> {
  const target = await confine(disk, root, path, [LAYOUT.issues]);
  await disk.writeAtomic(target, withField(await disk.readText(target, NOTE_BYTES_MAX), "status", status));
}

export interface NewIssue {
  readonly title: string;
  readonly body: string;
  readonly symbols: readonly string[];
  readonly priority: string;
  readonly opened: string;
}

/** `issues/NNN-slug.md`, NNN the next number. */
export async function createIssue(disk: Disk, root: string, issue: NewIssue): Promise<{ path: string; text: string }> {
  const numbers = (await markdown(disk, root, LAYOUT.issues)).map((path) =>
    Number(/^\d+/.exec(stemOf(path))?.[0] ?? 0),
  );
  const id = String(Math.max(0, ...numbers) + 1).padStart(3, "0");
  const path = `${LAYOUT.issues}/${id}-${slugOf(issue.title)}.md`;
  const text = writeNote({
    fields: {
      id,
      title: issue.title,
      status: "open",
      priority: issue.priority,
      symbols: issue.symbols,
      opened: issue.opened,
      assigned_to: "agent",
    },
    body:
      issue.body.trim() === "" ? "## Goal\n\n## Constraints\n\n## Acceptance\n\n- [ ]\n" : `${issue.body.trimEnd()}\n`,
  });
  await disk.create(await confine(disk, root, path, [LAYOUT.issues]), text);
  return { path, text };
}

/** One that cannot be read has no digest. */
export async function listResearch(
  disk: Disk,
  root: string,
): Promise<readonly { path: string; digest: string; bytes: number }[]> {
  const notes: { path: string; digest: string; bytes: number }[] = [];
  for (const path of await markdown(disk, root, LAYOUT.research)) {
    const bytes = (await disk.facts(`${root}/${path}`))?.size ?? 0;
    try {
      const read = await disk.read(`${root}/${path}`, NOTE_BYTES_MAX);
      notes.push({ path, digest: digestOf(read), bytes: read.length });
    } catch {
      // Too large, or swapped for a link meanwhile: the others are still to be seen.
      notes.push({ path, digest: "", bytes });
    }
  }
  return notes;
}

/** A new note, or one that replaces exactly the text whose digest was read. @throws FILE_CHANGED, PATH_REFUSED, TOO_LARGE. */
export function writeResearch(
  disk: Disk,
  root: string,
  name: string,
  text: string,
  replaces: string | undefined,
): Promise<WrittenFile> {
  const bare = name.replace(/^research\//, "").replace(/\.md$/, "");
  const file = { path: `${LAYOUT.research}/${bare}.md`, text: `${text.trimEnd()}\n` };
  return writeFile(disk, root, replaces === undefined ? file : { ...file, replaces });
}
