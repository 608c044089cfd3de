/** Reads the revisions of the file history. */
import { QocError } from "../domain/errors/error.ts";
import { DESK, type Git } from "./history-git.ts";

export interface Revision {
  readonly rev: string;
  /** ISO. */
  readonly at: string;
  /** The actors, the desk itself, or "by hand". */
  readonly who: string;
  readonly title: string;
  readonly files: number;
}

export interface ShownRevision extends Omit<Revision, "files"> {
  /** Each change, if the title names the first of several. */
  readonly changes: readonly string[];
  /** The changed files with their numbers of lines, and the difference. */
  readonly text: string;
}

const HEAD_FORMAT = "%h%x02%cI%x02%an%x02%s%x02%b";
/** In the message of each commit, before the signed head of the journal. */
export const HEAD_PREFIX = "Journal-Head: ";
const TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/;
const REVISION = /^[A-Za-z0-9_][A-Za-z0-9_./~^@{}-]{0,80}$/;

export function whoOf(author: string): string {
  return author === DESK ? "desk" : author;
}

/** The revisions of a git dir. */
export class GitRevisions {
  readonly #git: Git;

  constructor(git: Git) {
    this.#git = git;
  }

  async show(revision: string): Promise<ShownRevision> {
    const found = await this.#resolve(revision);
    const format = `--format=%x01${HEAD_FORMAT}%x01`;
    const args = ["show", format, "--stat", "--patch", "--no-ext-diff", "--no-textconv", found, "--"];
    const [, head = "", ...rest] = (await this.#git(args)).toString("utf8").split("\u0001");
    const [rev = "", at = "", author = "", title = "", body = ""] = head.split("\u0002");
    const changes = body.split("\n").filter((line) => line !== "" && !line.startsWith(HEAD_PREFIX));
    const text = rest.join("\u0001").replace(/^\n+(?:---\n)?/, "");
    return { rev, at: new Date(at).toISOString(), who: whoOf(author), title, changes, text };
  }

  async list(path: string | undefined, limit: number): Promise<readonly Revision[]> {
    const format = "--format=%x01%h%x02%cI%x02%an%x02%s";
    const args = ["log", format, "--name-only", "--no-ext-diff", `--max-count=${limit}`, "desk", "--"];
    if (path !== undefined) args.push(`:(literal)${this.checkPath(path)}`);
    const text = (await this.#git(args)).toString("utf8");
    return text
      .split("\u0001")
      .slice(1)
      .map((record) => {
        const [head = "", ...files] = record.split("\n").filter((line) => line !== "");
        const [rev = "", at = "", author = "", title = ""] = head.split("\u0002");
        return { rev, at: new Date(at).toISOString(), who: whoOf(author), title, files: files.length };
      });
  }

  async read(revision: string, path: string): Promise<Uint8Array> {
    return this.#git(["cat-file", "blob", `${await this.#resolve(revision)}:${this.checkPath(path)}`]);
  }

  protected checkPath(path: string): string {
    if (path.startsWith("-") || path.includes("..") || path.includes("\0"))
      throw new QocError("PATH_REFUSED", { path, reason: "not a path inside the workspace" });
    return path;
  }

  async paths(folder: string): Promise<readonly string[]> {
    const args = ["log", "--format=", "--name-only", "--no-renames", "--diff-filter=A", "-z", "--", folder];
    const text = (await this.#git(args)).toString("utf8");
    return text
      .split("\0")
      .map((path) => path.trim())
      .filter((path) => path !== "");
  }

  /** A time, by the clock of the machine unless it states a zone, names the last revision that is not after it. */
  async #resolve(revision: string): Promise<string> {
    if (!TIME.test(revision)) return this.#checkRevision(revision);
    const time = revision.length === "2026-01-31".length ? `${revision} 00:00` : revision;
    const at = Date.parse(time.replace(" ", "T"));
    if (Number.isNaN(at)) throw new QocError("HISTORY_FAILED", { message: `${revision} is not a date` });
    const args = ["rev-list", "--max-count=1", `--before=@${Math.floor(at / 1_000)}`, "desk"];
    const found = (await this.#git(args)).toString("utf8").trim();
    if (found === "") throw new QocError("HISTORY_FAILED", { message: `there is no revision of ${time} or before` });
    return found;
  }

  #checkRevision(revision: string): string {
    if (!REVISION.test(revision))
      throw new QocError("HISTORY_FAILED", { message: `${JSON.stringify(revision)} is not a revision` });
    return revision;
  }
}
