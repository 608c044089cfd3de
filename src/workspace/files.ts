/**
 * What commands may read of the workspace: everything except the desk's own state, dot files, node_modules, key files,
 * and the files of connector secrets. Listing, reading and searching apply the same rule. Every result is bounded and
 * says where the next page starts.
 */
import { lstat, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/errors/error.ts";
import { escapeInvisibleInText } from "../lib/invisible-characters.ts";
import type { DeskConfig } from "./config.ts";
import type { FileWrite, FileWriter, WrittenFile } from "./file-write.ts";
import { globMatcher } from "./glob.ts";
import type { WorkspaceRoot } from "./layout.ts";
import { type OpenedFile, inodeKey, openDirectory, openRegularFile } from "./open-directory.ts";
import { pathProblem, pathSegments, refusePath, resolveInWorkspace } from "./path-policy.ts";

export const ENTRIES_MAX = 200;
export const CHARACTERS_MAX = 32_000;
/** The limit of an excerpt as it is sent: invisible characters are escaped, and so are JSON's special characters. */
const ENCODED_CHARACTERS_MAX = 36_000;
const READ_BYTES_MAX = 8 * 1024 * 1024;
const SEARCHED_FILE_BYTES_MAX = 1024 * 1024;
const SEARCHED_BYTES_MAX = 64 * 1024 * 1024;
const MATCHES_PER_TURN = 16;
const VISITED_MAX = 20_000;
const EXCERPT_CHARACTERS = 200;
/** The size of a search match without its path and text. */
const MATCH_CHARACTERS = 100;
const KEY_FILE = /\.(pem|key|p12|pfx|jks|keystore)$|^id_(rsa|dsa|ecdsa|ed25519)$/i;

/** Returns the files that hold the secrets of the connectors. */
export function secretFilesOf({ connectors }: Pick<DeskConfig, "connectors">): readonly string[] {
  return connectors.flatMap(({ auth }) => Object.values(auth).flatMap((ref) => ("file" in ref ? [ref.file] : [])));
}

export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

export interface FilePage<T> {
  readonly entries: readonly T[];
  /** Where the next page starts; null on the last page. */
  readonly next: string | null;
  /** Whether the folder has more files than one call visits; a narrower query sees the others. */
  readonly partial: boolean;
}

export interface ListQuery {
  readonly under: string;
  readonly glob?: string | undefined;
  /** The last path of the previous page. */
  readonly after: string;
}

export interface FileText {
  readonly path: string;
  readonly text: string;
  /** Digest of the whole file; `write` requires it to replace the file. */
  readonly digest: string;
  readonly bytes: number;
  readonly lines: number;
  readonly next: string | null;
}

export interface ReadRange {
  /** LINE or LINE:COLUMN, both counted from 1. */
  readonly from?: string | undefined;
  readonly lines?: number | undefined;
}

export interface SearchMatch {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export interface SearchQuery {
  readonly text: string;
  readonly under: string;
  /** `PATH:LINE` of the last match of the previous page. */
  readonly after: string;
}

export interface WorkspaceFilesOptions extends WorkspaceRoot {
  /** Returns the absolute paths of files that no command may read. Called for each operation. */
  readonly secretFiles: () => readonly string[];
}

export class WorkspaceFiles {
  readonly #options: WorkspaceFilesOptions;
  readonly #writer: FileWriter;

  constructor(options: WorkspaceFilesOptions, writer: FileWriter) {
    this.#options = options;
    this.#writer = writer;
  }

  async list({ under, glob, after }: ListQuery): Promise<FilePage<ListedFile>> {
    const matches = glob === undefined ? () => true : globMatcher(glob);
    const { files, partial } = await this.#visibleFiles(under, await this.#secrets());
    const remaining: ListedFile[] = [];
    for (const [index, file] of files.entries()) {
      if (file.path > after && matches(file.path)) remaining.push(file);
      // A costly pattern must not block the desk while it is matched against thousands of paths.
      if (index % MATCHES_PER_TURN === 0) await setImmediate();
    }
    let characters = 0;
    const entries = remaining
      .slice(0, ENTRIES_MAX)
      .filter(({ path }) => (characters += path.length + 80) <= CHARACTERS_MAX);
    return { entries, next: entries.length < remaining.length ? (entries.at(-1)?.path ?? null) : null, partial };
  }

  /** Reads a range of a text file. @throws PATH_REFUSED, FILE_NOT_FOUND, FILE_TOO_LARGE. */
  async read(path: string, { from = "1", lines: count = Number.POSITIVE_INFINITY }: ReadRange = {}): Promise<FileText> {
    const [line, column] = parsePosition(from);
    const { bytes } = await this.open(path);
    if (bytes.includes(0)) refusePath(path, "the file is not text");
    const whole = Buffer.from(bytes).toString("utf8");
    const lines = whole.split("\n");
    const lengthOf = (part: readonly string[]): number => part.reduce((sum, text) => sum + text.length + 1, 0);
    const start = lengthOf(lines.slice(0, line - 1)) + column - 1;
    const end = Math.min(whole.length, lengthOf(lines.slice(0, line - 1 + count)));
    const text = truncateToPage(whole.slice(start, end));
    return {
      path,
      text,
      digest: digestOf(bytes),
      bytes: bytes.length,
      lines: whole.endsWith("\n") ? lines.length - 1 : lines.length,
      next: start + text.length < whole.length ? positionAt(whole, start + text.length) : null,
    };
  }

  /** Reads the whole file. @throws PATH_REFUSED, FILE_NOT_FOUND, FILE_TOO_LARGE over `limit` bytes. */
  async open(path: string, limit = READ_BYTES_MAX): Promise<OpenedFile> {
    return this.#open(path, await this.#secrets(), limit);
  }

  /**
   * Finds the lines that contain the text, ignoring case. Skips files over 1 MiB and files that are not text.
   */
  async search(query: SearchQuery): Promise<FilePage<SearchMatch>> {
    const [afterPath = "", afterLine = 0] = parseMatchPosition(query.after);
    const needle = query.text.toLowerCase();
    const secrets = await this.#secrets();
    const { files, partial } = await this.#visibleFiles(query.under, secrets);
    const entries: SearchMatch[] = [];
    let searched = 0;
    let characters = 0;
    for (const { path, bytes } of files) {
      if (path < afterPath || bytes > SEARCHED_FILE_BYTES_MAX) continue;
      if ((searched += bytes) > SEARCHED_BYTES_MAX) return { entries, next: `${path}:0`, partial };
      for (const [index, line] of (await this.#linesOf(path, secrets)).entries()) {
        const column = line.toLowerCase().indexOf(needle);
        if (column < 0 || (path === afterPath && index + 1 <= afterLine)) continue;
        const match = { path, line: index + 1, text: excerpt(line, column) };
        characters += 2 * path.length + encodedLength(match.text) + MATCH_CHARACTERS;
        if (entries.length === ENTRIES_MAX || characters > CHARACTERS_MAX)
          return { entries, next: `${path}:${index}`, partial };
        entries.push(match);
      }
    }
    return { entries, next: null, partial };
  }

  /**
   * Writes what `check` returns. No other write comes between the two. @throws as `check`, PATH_REFUSED, TOO_LARGE,
   * FILE_CHANGED.
   */
  write(check: () => Promise<FileWrite>): Promise<WrittenFile> {
    return this.#writer.writeChecked(check);
  }

  /**
   * Replaces a file by an earlier revision of it. `keep` is called before, if there is such a file. No write of a
   * command comes between the two: its text would be in no revision. @throws as `keep`, PATH_REFUSED.
   */
  restore(path: string, bytes: Uint8Array, keep: () => Promise<void>): Promise<void> {
    const { disk } = this.#options;
    return this.#writer.betweenWrites(async () => {
      const target = await resolveInWorkspace(this.#options, path);
      if ((await disk.facts(target)) !== undefined) await keep();
      await disk.mkdir(dirname(target));
      await disk.writeAtomic(target, bytes);
    });
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#options.disk.facts(`${this.#options.root}/${path}`)) !== undefined;
  }

  /** The inodes of the secret files, read for each call because such a file may be created at any time. */
  async #secrets(): Promise<ReadonlySet<string>> {
    const keys = await Promise.all(
      this.#options.secretFiles().map((file) => stat(file).then(inodeKey, () => undefined)),
    );
    return new Set(keys.filter((key) => key !== undefined));
  }

  async #open(path: string, secrets: ReadonlySet<string>, limit: number): Promise<OpenedFile> {
    const segments = pathSegments(path);
    const name = segments.at(-1) ?? "";
    const problem = nameProblem(name);
    if (problem !== undefined) refusePath(path, problem);
    const folder = await openDirectory(this.#options.root, segments.slice(0, -1));
    if (folder === undefined) throw new QocError("FILE_NOT_FOUND", { path });
    try {
      const file = await openRegularFile(folder, { name, displayPath: path, limit });
      if (file === undefined) throw new QocError("FILE_NOT_FOUND", { path });
      if (secrets.has(file.identity)) refusePath(path, "the file holds a secret of a connector");
      return file;
    } finally {
      await folder.close();
    }
  }

  /** Lists the readable files below a folder in order of their paths. */
  async #visibleFiles(
    under: string,
    secrets: ReadonlySet<string>,
  ): Promise<{ files: readonly ListedFile[]; partial: boolean }> {
    const files: ListedFile[] = [];
    let visited = 0;
    const walk = async (folder: string): Promise<void> => {
      const handle = await openDirectory(this.#options.root, folder === "" ? [] : folder.split("/"));
      if (handle === undefined) return;
      const subfolders: string[] = [];
      try {
        const entries = (await this.#options.disk.list(handle.at)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
        for (const { name, kind } of entries) {
          if (++visited > VISITED_MAX) return;
          const path = folder === "" ? name : `${folder}/${name}`;
          if (pathProblem(path) !== undefined) continue;
          if (kind === "directory") subfolders.push(path);
          else if (kind === "file" && nameProblem(name) === undefined) {
            const stats = await lstat(`${handle.at}/${name}`).catch(() => undefined);
            if (stats === undefined || !stats.isFile() || stats.nlink !== 1 || secrets.has(inodeKey(stats))) continue;
            files.push({ path, bytes: stats.size, modified: stats.mtimeMs });
          }
        }
      } finally {
        await handle.close();
      }
      for (const subfolder of subfolders) await walk(subfolder);
    };
    if (under !== "") pathSegments(under);
    await walk(under);
    return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), partial: visited > VISITED_MAX };
  }

  async #linesOf(path: string, secrets: ReadonlySet<string>): Promise<readonly string[]> {
    try {
      const { bytes } = await this.#open(path, secrets, SEARCHED_FILE_BYTES_MAX);
      return bytes.includes(0) ? [] : Buffer.from(bytes).toString("utf8").split(/\r?\n/);
    } catch (error) {
      // The file was removed or replaced after it was listed.
      if (error instanceof QocError) return [];
      throw error;
    }
  }
}

function nameProblem(name: string): string | undefined {
  return KEY_FILE.test(name) ? "key files are not accessible" : undefined;
}

const POSITION = /^([1-9]\d{0,8})(?::([1-9]\d{0,8}))?$/;

/** @throws INVALID_INPUT. */
function parsePosition(from: string): readonly [line: number, column: number] {
  const [, line, column = "1"] = POSITION.exec(from) ?? [];
  if (line === undefined) {
    const message = "--from must be a line number or the previous `next` value";
    throw new QocError("INVALID_INPUT", { command: "files read", message });
  }
  return [Number(line), Number(column)];
}

function positionAt(whole: string, offset: number): string {
  const line = whole.slice(0, offset).split("\n").length;
  const column = offset - (whole.lastIndexOf("\n", offset - 1) + 1) + 1;
  return column === 1 ? String(line) : `${line}:${column}`;
}

function parseMatchPosition(after: string): readonly [path: string, line: number] | readonly [] {
  const [, path, line] = /^(.+):(\d{1,9})$/.exec(after) ?? [];
  return path === undefined ? [] : [path, Number(line)];
}

function encodedLength(text: string): number {
  return JSON.stringify(escapeInvisibleInText(text)).length;
}

/** Truncates the text to what fits on one page. */
function truncateToPage(text: string): string {
  let page = truncate(text, CHARACTERS_MAX);
  for (let length = encodedLength(page); length > ENCODED_CHARACTERS_MAX; length = encodedLength(page)) {
    page = truncate(page, Math.floor((page.length * ENCODED_CHARACTERS_MAX) / length));
  }
  return page;
}

/** Truncates at the end of a line if possible, and never inside a surrogate pair. */
function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const lastLine = text.lastIndexOf("\n", limit - 1);
  if (lastLine > 0) return text.slice(0, lastLine + 1);
  return text.slice(0, /[\uD800-\uDBFF]/.test(text[limit - 1] ?? "") ? limit - 1 : limit);
}

function excerpt(line: string, column: number): string {
  const start = Math.max(0, column - EXCERPT_CHARACTERS / 4);
  return line.slice(start, start + EXCERPT_CHARACTERS);
}
