/**
 * What agents and people may read of the workspace: all of it but the desk's own state, dot-files, node_modules, key files and
 * the files that hold secrets. Listing, reading and searching know the same rule. Every answer is bounded, with a word for
 * where to go on.
 */
import { lstat, stat } from "node:fs/promises";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { escapeInvisibleInText } from "../lib/invisible-characters.ts";
import type { DeskConfig } from "./config.ts";
import { pathParts, pathProblem, refusePath } from "./path-policy.ts";
import { type OpenedFile, openDirectory, inodeKey, openRegularFile } from "./open-directory.ts";
import { globFits } from "./glob.ts";

export const ENTRIES_MAX = 200;
export const CHARACTERS_MAX = 32_000;
/** Of a stretch as it goes out: unseen characters spelled, and JSON's own signs before quotes and line ends. */
const SHOWN_CHARACTERS_MAX = 36_000;
const READ_BYTES_MAX = 8 * 1024 * 1024;
const SEARCHED_FILE_BYTES_MAX = 1024 * 1024;
const SEARCHED_BYTES_MAX = 64 * 1024 * 1024;
const VISITED_MAX = 20_000;
const EXCERPT_CHARACTERS = 200;
/** Of a hit besides its path and text. */
const HIT_CHARACTERS = 100;
const KEY_FILE = /\.(pem|key|p12|pfx|jks|keystore)$|^id_(rsa|dsa|ecdsa|ed25519)$/i;

/** The workspace as someone may read it. */
export interface ReadScope {
  readonly root: string;
  readonly disk: Disk;
  /** Which files of the disk hold secrets, by identity. */
  readonly secrets: ReadonlySet<string>;
}

export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  readonly modified: number;
}

export interface Page<T> {
  readonly entries: readonly T[];
  /** Give it back to go on; null at the end. */
  readonly next: string | null;
  /** The workspace holds more files than one look visits: narrow it down. */
  readonly partial: boolean;
}

/** Asked anew for each call: a secret's file may be put in place at any time. */
export async function openReadScope(
  disk: Disk,
  root: string,
  config: Pick<DeskConfig, "connectors">,
): Promise<ReadScope> {
  const files = config.connectors.flatMap(({ auth }) =>
    Object.values(auth).flatMap((ref) => ("file" in ref ? [ref.file] : [])),
  );
  const found = await Promise.all(files.map((file) => stat(file).then(inodeKey, () => undefined)));
  return { disk, root, secrets: new Set(found.filter((identity) => identity !== undefined)) };
}

function nameProblem(name: string): string | undefined {
  return KEY_FILE.test(name) ? "key files are not reachable" : undefined;
}

/** The file, as its descriptor has it. @throws PATH_REFUSED, FILE_NOT_FOUND, FILE_TOO_LARGE. */
export async function openReadable(reading: ReadScope, path: string, limit = READ_BYTES_MAX): Promise<OpenedFile> {
  const parts = pathParts(path);
  const name = parts.at(-1) ?? "";
  const problem = nameProblem(name);
  if (problem !== undefined) refusePath(path, problem);
  const folder = await openDirectory(reading.root, parts.slice(0, -1));
  if (folder === undefined) throw new QocError("FILE_NOT_FOUND", { path });
  try {
    const opened = await openRegularFile(folder, name, path, limit);
    if (opened === undefined) throw new QocError("FILE_NOT_FOUND", { path });
    if (reading.secrets.has(opened.identity)) refusePath(path, "it holds a secret of a connector");
    return opened;
  } finally {
    await folder.close();
  }
}

/** What may be read under one folder, by name, folders before what sorts after them; and whether that is all of it. */
async function visible(reading: ReadScope, under: string): Promise<{ files: readonly ListedFile[]; partial: boolean }> {
  const files: ListedFile[] = [];
  let visited = 0;
  const walk = async (folder: string): Promise<void> => {
    const held = await openDirectory(reading.root, folder === "" ? [] : folder.split("/"));
    if (held === undefined) return;
    const folders: string[] = [];
    try {
      for (const { name, kind } of (await reading.disk.list(held.at)).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        if (++visited > VISITED_MAX) return;
        const path = folder === "" ? name : `${folder}/${name}`;
        if (pathProblem(path) !== undefined) continue;
        if (kind === "directory") folders.push(path);
        else if (kind === "file" && nameProblem(name) === undefined) {
          const facts = await lstat(`${held.at}/${name}`).catch(() => undefined);
          if (facts === undefined || !facts.isFile() || facts.nlink !== 1 || reading.secrets.has(inodeKey(facts)))
            continue;
          files.push({ path, bytes: facts.size, modified: facts.mtimeMs });
        }
      }
    } finally {
      await held.close();
    }
    for (const inner of folders) await walk(inner);
  };
  if (under !== "") pathParts(under);
  await walk(under);
  return { files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), partial: visited > VISITED_MAX };
}

export interface ListQuery {
  readonly under: string;
  readonly glob?: string;
  /** The last path of the page before. */
  readonly after: string;
}

export async function listFiles(reading: ReadScope, { under, glob, after }: ListQuery): Promise<Page<ListedFile>> {
  const { files, partial } = await visible(reading, under);
  const wanted = files.filter(({ path }) => path > after && (glob === undefined || globFits(glob, path)));
  let characters = 0;
  const entries = wanted.slice(0, ENTRIES_MAX).filter(({ path }) => (characters += path.length + 80) <= CHARACTERS_MAX);
  return { entries, next: entries.length < wanted.length ? (entries.at(-1)?.path ?? null) : null, partial };
}

export interface FileText {
  readonly path: string;
  readonly text: string;
  /** Of the whole file: what `write` must be given to replace it. */
  readonly digest: string;
  readonly bytes: number;
  readonly lines: number;
  readonly next: string | null;
}

/** LINE or LINE:COLUMN, both from 1. */
const CURSOR = /^([1-9]\d{0,8})(?::([1-9]\d{0,8}))?$/;

/** A stretch of a text file. @throws PATH_REFUSED, FILE_NOT_FOUND, FILE_TOO_LARGE. */
export async function readFile(
  reading: ReadScope,
  path: string,
  from = "1",
  count = Number.POSITIVE_INFINITY,
): Promise<FileText> {
  const [, line = "", column = "1"] = CURSOR.exec(from) ?? [];
  if (line === "")
    throw new QocError("INVALID_INPUT", {
      command: "files read",
      message: "--from takes a line (12), or what next said",
    });
  const { bytes } = await openReadable(reading, path);
  if (bytes.includes(0)) refusePath(path, "it is not text");
  const whole = Buffer.from(bytes).toString("utf8");
  const lines = whole.split("\n");
  const start = lines.slice(0, Number(line) - 1).reduce((sum, text) => sum + text.length + 1, Number(column) - 1);
  const end = Math.min(
    whole.length,
    lines.slice(0, Number(line) - 1 + count).reduce((sum, text) => sum + text.length + 1, 0),
  );
  const text = cutToShow(whole.slice(start, end));
  return {
    path,
    text,
    digest: digestOf(bytes),
    bytes: bytes.length,
    lines: whole.endsWith("\n") ? lines.length - 1 : lines.length,
    next: start + text.length < whole.length ? cursorAt(whole, start + text.length) : null,
  };
}

function shownLength(text: string): number {
  return JSON.stringify(escapeInvisibleInText(text)).length;
}

/** What fits in one answer. */
function cutToShow(text: string): string {
  let stretch = cut(text, CHARACTERS_MAX);
  for (let shown = shownLength(stretch); shown > SHOWN_CHARACTERS_MAX; shown = shownLength(stretch)) {
    stretch = cut(stretch, Math.floor((stretch.length * SHOWN_CHARACTERS_MAX) / shown));
  }
  return stretch;
}

/** At most so many characters: to the end of a line where there is one, never between the halves of a character. */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const lastLine = text.lastIndexOf("\n", limit - 1);
  if (lastLine > 0) return text.slice(0, lastLine + 1);
  return text.slice(0, /[\uD800-\uDBFF]/.test(text[limit - 1] ?? "") ? limit - 1 : limit);
}

function cursorAt(whole: string, at: number): string {
  const line = whole.slice(0, at).split("\n").length;
  const column = at - (whole.lastIndexOf("\n", at - 1) + 1) + 1;
  return column === 1 ? String(line) : `${line}:${column}`;
}

export interface SearchMatch {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export interface SearchQuery {
  readonly text: string;
  readonly under: string;
  /** `PATH:LINE` of the last hit of the page before. */
  readonly after: string;
}

/** Lines that hold these very characters, in either case. Files over 1 MiB and files that are not text are passed over. */
export async function searchFiles(reading: ReadScope, query: SearchQuery): Promise<Page<SearchMatch>> {
  const [afterPath = "", afterLine = 0] = splitAfter(query.after);
  const needle = query.text.toLowerCase();
  const { files, partial } = await visible(reading, query.under);
  const entries: SearchMatch[] = [];
  let searched = 0;
  let characters = 0;
  for (const { path, bytes } of files) {
    if (path < afterPath || bytes > SEARCHED_FILE_BYTES_MAX) continue;
    if ((searched += bytes) > SEARCHED_BYTES_MAX) return { entries, next: `${path}:0`, partial };
    for (const [index, line] of (await linesOf(reading, path)).entries()) {
      const found = line.toLowerCase().indexOf(needle);
      if (found < 0 || (path === afterPath && index + 1 <= afterLine)) continue;
      const hit = { path, line: index + 1, text: excerpt(line, found) };
      characters += 2 * path.length + shownLength(hit.text) + HIT_CHARACTERS;
      if (entries.length === ENTRIES_MAX || characters > CHARACTERS_MAX)
        return { entries, next: `${path}:${index}`, partial };
      entries.push(hit);
    }
  }
  return { entries, next: null, partial };
}

function splitAfter(after: string): readonly [string, number] | readonly [] {
  const [, path, line] = /^(.+):(\d{1,9})$/.exec(after) ?? [];
  return path === undefined ? [] : [path, Number(line)];
}

async function linesOf(reading: ReadScope, path: string): Promise<readonly string[]> {
  try {
    const { bytes } = await openReadable(reading, path, SEARCHED_FILE_BYTES_MAX);
    return bytes.includes(0) ? [] : Buffer.from(bytes).toString("utf8").split(/\r?\n/);
  } catch (error) {
    // It went, or became something else, since it was listed.
    if (error instanceof QocError) return [];
    throw error;
  }
}

function excerpt(line: string, found: number): string {
  const start = Math.max(0, found - EXCERPT_CHARACTERS / 4);
  return line.slice(start, start + EXCERPT_CHARACTERS);
}
