/** issues/: tasks for agents, Markdown with frontmatter. */
import { dirname } from "node:path";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/errors/error.ts";
import type { Clock } from "../domain/ports.ts";
import { quoteString } from "../lib/invisible-characters.ts";
import { blockquote } from "../lib/markdown.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { quoteForShell } from "../lib/shell.ts";
import { slugOf } from "../lib/slug.ts";
import { FileCache } from "./file-cache.ts";
import { fileProblem } from "./file-problem.ts";
import type { FileWriter, WrittenFile } from "./file-write.ts";
import { FrontmatterError, type Note, fieldText, readNote, withField, writeNote } from "./frontmatter.ts";
import { LAYOUT, type WorkspaceRoot, listMarkdown } from "./layout.ts";
import { readRegularText } from "./open-directory.ts";
import { pathSegments, resolveInWorkspace } from "./path-policy.ts";

const ISSUE_BYTES_MAX = 256 * 1024;
/** More names than this in one issue serve only to slow down its readers. */
const NAMES_MAX = 32;
const TITLE_CHARS_MAX = 300;
/** Of an id and of a single word. */
const WORD_CHARS_MAX = 100;
/** Of one list, the last by their names: agents write any number of issues, and each may have 256 KiB. */
const ISSUES_LISTED_MAX = 2_000;
/** Of the bodies in one list. A body that does not fit is cut. */
const LISTED_CHARS_MAX = 8 * 1024 * 1024;
const CUT_CHARS = 1_000;

const ISSUE_FILE = new RegExp(`^${LAYOUT.issues}/[^/]+\\.md$`);

/** The field with the agent that opened an issue. Only the desk writes it. */
const OPENED_BY = "opened_by";

/** The `assigned_to` of issues for agents. */
export const AGENT = "agent";

export const ISSUE_STATUSES = ["draft", "open", "in-progress", "blocked", "review", "done", "cancelled"] as const;
export type IssueStatus = (typeof ISSUE_STATUSES)[number];
/** The statuses that an agent may set. Only the human opens, drafts, and cancels issues. */
export const AGENT_STATUSES: readonly string[] = ["in-progress", "review", "done", "blocked"];

/** Returns whether agents must not work on the issue. Only the human sets these statuses and changes them. */
export function isShelved(status: string): boolean {
  return status === "draft" || status === "cancelled";
}

/** Returns whether an agent may change an issue's status from `from` to `to`. */
export function mayAgentSetStatus(from: string, to: string): boolean {
  return from === to || (!isShelved(from) && AGENT_STATUSES.includes(to));
}

/** Returns the status in an issue's text, or undefined if its frontmatter is unreadable. */
export function statusIn(text: string): string | undefined {
  try {
    return statusOf(readNote(text));
  } catch (error) {
    if (error instanceof FrontmatterError) return undefined;
    throw error;
  }
}

function statusOf(note: Note): string {
  return wordIn(note, "status") || "open";
}

function wordIn(note: Note, key: string): string {
  return fieldText(note, key).slice(0, WORD_CHARS_MAX);
}

/** The author that the desk wrote into an issue that an agent opened; undefined: a human's issue, or unreadable. */
export function agentWhoOpened(text: string): string | undefined {
  try {
    const author = fieldText(readNote(text), OPENED_BY);
    return author.startsWith("agent:") ? author : undefined;
  } catch (error) {
    if (error instanceof FrontmatterError) return undefined;
    throw error;
  }
}

function idOf(note: Note, stem: string): string {
  return wordIn(note, "id") || (/^\d+/.exec(stem)?.[0] ?? stem);
}

/** Marks a new issue with the agent that opens it, whatever its text says. Returns undefined if that cannot be read. */
export function markOpenedBy(text: string, author: string): string | undefined {
  const marked = withField(text, OPENED_BY, quoteString(author));
  return agentWhoOpened(marked) === author ? marked : undefined;
}

export interface Issue {
  readonly id: string;
  readonly path: string;
  readonly title: string;
  readonly status: string;
  readonly priority: string;
  readonly symbols: readonly string[];
  readonly contextFiles: readonly string[];
  /** Who works on it: `agent`, or the name of a person. */
  readonly assignedTo: string;
  readonly body: string;
  /** Why the file cannot be read; null if it can. */
  readonly problem: string | null;
}

/** The fields of an issue that `status` and `doctor` show. */
export type IssueHead = Pick<Issue, "id" | "path" | "title" | "status" | "problem">;

export interface IssueList {
  readonly issues: readonly Issue[];
  readonly older: number;
}

export interface NewIssue {
  readonly title: string;
  readonly body: string;
  readonly symbols: readonly string[];
  readonly priority: string;
  /** The date, such as `2026-07-05`. */
  readonly opened: string;
}

export interface IssueChange {
  readonly path: string;
  /** ISO time of the note. */
  readonly at: string;
  readonly by: string;
  readonly status: IssueStatus | undefined;
  readonly note: string | undefined;
  /** Receives the current status; throws if the caller may not change it. */
  readonly permit?: (from: string | undefined) => void;
  /** Called with the new text when nothing refuses the write any more, before the file has it. */
  readonly beforeWrite?: ((text: string) => Promise<void>) | undefined;
}

function cutBody({ path, body }: Pick<Issue, "path" | "body">): string {
  return `${body.slice(0, CUT_CHARS)}…\n\n(cut: ${body.length} characters in all; qoc files read ${quoteForShell(path)})\n`;
}

function stemOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1, -3);
}

function nextNumber(paths: readonly string[]): string {
  const numbers = paths.map((path) => Number(/^\d+/.exec(stemOf(path))?.[0] ?? 0));
  return String(Math.max(0, ...numbers) + 1).padStart(3, "0");
}

/** The first heading of the text, without its marks; empty without one. */
function headingOf(body: string): string {
  return /^#{1,6} (.+)$/m.exec(body)?.[1]?.trim() ?? "";
}

function listField(note: Note, key: string): readonly string[] {
  const value = note.fields[key];
  return [...new Set(typeof value === "string" ? (value === "" ? [] : [value]) : (value ?? []))].slice(0, NAMES_MAX);
}

export class IssueStore {
  readonly #workspace: WorkspaceRoot;
  readonly #writer: FileWriter;
  readonly #heads: FileCache<IssueHead>;
  readonly #creations = new SerialQueue();

  constructor(workspace: WorkspaceRoot & { readonly clock: Pick<Clock, "now"> }, writer: FileWriter) {
    this.#workspace = workspace;
    this.#writer = writer;
    this.#heads = new FileCache(workspace, async (path): Promise<IssueHead> => {
      const { id, title, status, problem } = await this.#readOrBlocked(path);
      return { id, path, title, status, problem };
    });
  }

  /**
   * Lists the last {@link ISSUES_LISTED_MAX} issues of those that are asked for; of very long ones the beginning. An
   * unreadable one is listed as `blocked`, with the problem as its title. `older` is how many others there are.
   */
  async list(isAsked?: (head: IssueHead) => boolean): Promise<IssueList> {
    const asked =
      isAsked === undefined
        ? await listMarkdown(this.#workspace, LAYOUT.issues)
        : (await this.heads()).filter(isAsked).map(({ path }) => path);
    const issues: Issue[] = [];
    let left = LISTED_CHARS_MAX;
    for (const path of asked.slice(-ISSUES_LISTED_MAX).toReversed()) {
      const issue = await this.#readOrBlocked(path);
      const isWhole = issue.body.length <= Math.max(left, CUT_CHARS);
      if (isWhole) left -= issue.body.length;
      // As texts of their own, which do not keep the file in memory.
      issues.push(structuredClone(isWhole ? issue : { ...issue, body: cutBody(issue) }));
    }
    return { issues: issues.toReversed(), older: asked.length - issues.length };
  }

  /** Lists every issue without its body. Reads only the files that changed since the last call. */
  async heads(): Promise<readonly IssueHead[]> {
    return this.#heads.all(await listMarkdown(this.#workspace, LAYOUT.issues));
  }

  /** @throws NOTE_INVALID, FILE_NOT_FOUND, PATH_REFUSED. */
  async read(path: string): Promise<Issue> {
    const note = await this.#readNote(path);
    const stem = stemOf(path);
    return {
      id: idOf(note, stem),
      path,
      title: (fieldText(note, "title") || headingOf(note.body) || stem).slice(0, TITLE_CHARS_MAX),
      status: statusOf(note),
      priority: wordIn(note, "priority") || "normal",
      symbols: listField(note, "symbols"),
      contextFiles: listField(note, "context_files"),
      assignedTo: wordIn(note, "assigned_to") || AGENT,
      body: note.body,
      problem: null,
    };
  }

  /**
   * Another issue that has the id which `text` newly gives the issue at `path`, and the next number that no issue has;
   * undefined: none has it. @throws FrontmatterError if the text cannot be read.
   */
  async twinOf(path: string, text: string): Promise<{ readonly path: string; readonly free: string } | undefined> {
    const id = idOf(readNote(text), stemOf(path));
    const paths = await listMarkdown(this.#workspace, LAYOUT.issues);
    const heads = (await this.#heads.all(paths)).filter((head) => head.id === id);
    if (ISSUE_FILE.test(path) && !heads.some((head) => head.path === path) && heads[0] !== undefined)
      return { path: heads[0].path, free: nextNumber(paths) };
    return undefined;
  }

  /** Reads the text of the file; returns undefined if there is no such file. @throws PATH_REFUSED, FILE_TOO_LARGE. */
  async readText(path: string): Promise<string | undefined> {
    pathSegments(path);
    return readRegularText(this.#workspace.root, path, ISSUE_BYTES_MAX);
  }

  /** Creates `issues/NNN-slug.md` with the next free number. Two issues that are made at once get two numbers. */
  create(issue: NewIssue): Promise<WrittenFile> {
    return this.#creations.run(() => this.#create(issue));
  }

  async #create(issue: NewIssue): Promise<WrittenFile> {
    const paths = await listMarkdown(this.#workspace, LAYOUT.issues);
    const id = nextNumber(paths);
    const path = `${LAYOUT.issues}/${id}-${slugOf(issue.title)}.md`;
    const { title, priority, symbols, opened } = issue;
    const text = writeNote({
      fields: { id, title, status: "open", priority, symbols, opened, assigned_to: AGENT },
      body:
        issue.body.trim() === ""
          ? "## Goal\n\n## Constraints\n\n## Acceptance\n\n- [ ]\n"
          : `${issue.body.trimEnd()}\n`,
    });
    const target = await resolveInWorkspace(this.#workspace, path, [LAYOUT.issues]);
    await this.#workspace.disk.mkdir(dirname(target));
    await this.#workspace.disk.create(target, text);
    return { path, text };
  }

  /** Changes only the status line. */
  async setStatus(path: string, status: IssueStatus): Promise<void> {
    const { disk } = this.#workspace;
    const target = await resolveInWorkspace(this.#workspace, path, [LAYOUT.issues]);
    await disk.writeAtomic(target, withField(await disk.readText(target, ISSUE_BYTES_MAX), "status", status));
  }

  /**
   * Changes the status line and appends a dated note; every other byte stays as its author wrote it.
   * @throws what `permit` throws, FILE_NOT_FOUND, FILE_CHANGED if the file was changed meanwhile, TOO_LARGE.
   */
  async update({ path, at, by, status, note, permit, beforeWrite }: IssueChange): Promise<WrittenFile> {
    const before = await this.readText(path);
    if (before === undefined) throw new QocError("FILE_NOT_FOUND", { path });
    if (status !== undefined) permit?.(statusIn(before));
    const marked = status === undefined ? before : withField(before, "status", status);
    const text = note === undefined ? marked : `${marked.trimEnd()}\n\n## ${at}, ${by}\n\n${blockquote(note)}\n`;
    const announce = beforeWrite === undefined ? undefined : () => beforeWrite(text);
    return this.#writer.write({ path, text, replaces: digestOf(before), beforeWrite: announce });
  }

  async #readOrBlocked(path: string): Promise<Issue> {
    try {
      return await this.read(path);
    } catch (error) {
      const blank = { priority: "", symbols: [], contextFiles: [], assignedTo: "", body: "" };
      const problem = fileProblem(error);
      return { id: stemOf(path), path, title: problem, status: "blocked", problem, ...blank };
    }
  }

  async #readNote(path: string): Promise<Note> {
    const { disk } = this.#workspace;
    const target = await resolveInWorkspace(this.#workspace, path);
    if ((await disk.facts(target)) === undefined) throw new QocError("FILE_NOT_FOUND", { path });
    try {
      return readNote(await disk.readText(target, ISSUE_BYTES_MAX));
    } catch (error) {
      if (error instanceof FrontmatterError)
        throw new QocError("NOTE_INVALID", { path, message: error.message }, { cause: error });
      throw error;
    }
  }
}
