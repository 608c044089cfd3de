/** A change to one issue: its status line and a dated note at the end. The id and every other byte stay as they were written. */
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { pathParts } from "./path-policy.ts";
import { openDirectory, openRegularFile } from "./open-directory.ts";
import { type WrittenFile, writeFile } from "./file-write.ts";
import { withField } from "./frontmatter.ts";
import { type IssueStatus, statusIn } from "./notes.ts";
import { blockquote } from "../lib/markdown.ts";

const BYTES_MAX = 256 * 1024;

export interface IssueChange {
  readonly path: string;
  /** ISO time of the note. */
  readonly at: string;
  readonly by: string;
  readonly status: IssueStatus | undefined;
  readonly note: string | undefined;
  /** Hears the status that stands, and throws where it may not be changed. */
  readonly permit?: (from: string | undefined) => void;
}

/** @throws what `permit` throws, FILE_NOT_FOUND, FILE_CHANGED where someone else wrote it meanwhile, TOO_LARGE. */
export async function updateIssue(
  disk: Disk,
  root: string,
  { path, at, by, status, note, permit }: IssueChange,
): Promise<WrittenFile> {
  const before = await issueText(root, path);
  if (before === undefined) throw new QocError("FILE_NOT_FOUND", { path });
  if (status !== undefined) permit?.(statusIn(before));
  const marked = status === undefined ? before : withField(before, "status", status);
  const text = note === undefined ? marked : `${marked.trimEnd()}\n\n## ${at}, ${by}\n\n${blockquote(note)}\n`;
  return writeFile(disk, root, { path, text, replaces: digestOf(before) });
}

/** undefined: there is no such file. @throws PATH_REFUSED, FILE_TOO_LARGE. */
export async function issueText(root: string, path: string): Promise<string | undefined> {
  const parts = pathParts(path);
  const folder = await openDirectory(root, parts.slice(0, -1));
  if (folder === undefined) return undefined;
  try {
    const opened = await openRegularFile(folder, parts.at(-1) ?? "", path, BYTES_MAX);
    return opened === undefined ? undefined : Buffer.from(opened.bytes).toString("utf8");
  } finally {
    await folder.close();
  }
}
