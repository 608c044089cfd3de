/**
 * Built-in version history: the git command on a git dir of its own with the workspace as work tree, so that a user's own
 * `.git` stays theirs. Batched, off the order path, and hardened: no hook, filter, pager or user configuration runs.
 */
import { execFile } from "node:child_process";
import { QocError } from "../domain/error.ts";
import type { Clock, Disk, Log } from "../domain/ports.ts";
import { LAYOUT } from "./layout.ts";
import { SerialQueue } from "../lib/serial-queue.ts";

export interface History {
  /** false: no git, or switched off. */
  readonly available: boolean;
  /** Asks for a commit soon; requests within two seconds share one. Never fails: a failure is logged and alerts once. */
  request(why: string): void;
  /** Commits what was asked for and waits. */
  flush(): Promise<void>;
  show(revision: string): Promise<string>;
  /** A file's text at a revision. */
  read(revision: string, path: string): Promise<string>;
}

export interface HistoryOptions {
  readonly root: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly enabled: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the journal stands: each commit names it. */
  head(): string;
}

const BATCH_MS = 2_000;
const REVISION = /^[A-Za-z0-9_][A-Za-z0-9_./~^@{}-]{0,80}$/;
const HARDENED = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.attributesFile=/dev/null",
  "core.pager=cat",
  "core.fsync=all",
  "core.autocrlf=false",
  "commit.gpgSign=false",
  "gc.auto=0",
  "protocol.allow=never",
  "user.name=qoc",
  "user.email=qoc@localhost",
].flatMap((setting) => ["-c", setting]);
const EXCLUDED = [".qoc/", ".git", "node_modules/", "*.tmp"];

function unavailable(): History {
  const missing = (): Promise<never> => Promise.reject(new QocError("GIT_MISSING"));
  return { available: false, request: () => undefined, flush: () => Promise.resolve(), show: missing, read: missing };
}

export async function openHistory(options: HistoryOptions): Promise<History> {
  const gitDir = `${options.root}/${LAYOUT.history}`;
  const git = gitIn(options, gitDir);
  if (!options.enabled) return unavailable();
  try {
    await git(["--version"]);
  } catch {
    options.log.warn("git is not installed; the desk trades without file history");
    return unavailable();
  }
  await prepare(options, gitDir, git);
  return new GitHistory(options, git);
}

type Git = (args: readonly string[]) => Promise<string>;

function gitIn({ root, env }: HistoryOptions, gitDir: string): Git {
  return (args) =>
    new Promise((resolve, reject) => {
      const clean = {
        PATH: env["PATH"] ?? "/usr/bin:/bin",
        HOME: gitDir,
        GIT_DIR: gitDir,
        GIT_WORK_TREE: root,
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_TERMINAL_PROMPT: "0",
        GIT_ATTR_NOSYSTEM: "1",
        GIT_OPTIONAL_LOCKS: "0",
        LC_ALL: "C",
      };
      execFile(
        "git",
        [...HARDENED, ...args],
        { cwd: root, env: clean, maxBuffer: 16 * 1024 * 1024, timeout: 60_000 },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else
            reject(
              new QocError(
                "HISTORY_FAILED",
                { message: (stderr.split("\n")[0] ?? "") || error.message },
                { cause: error },
              ),
            );
        },
      );
    });
}

/** Makes the git dir where it is absent, removes locks of a killed git, and writes our own configuration over any other. */
async function prepare({ disk, log }: HistoryOptions, gitDir: string, git: Git): Promise<void> {
  if ((await disk.facts(`${gitDir}/HEAD`)) === undefined) await git(["init", "--quiet", "--initial-branch=desk"]);
  for (const name of ["index.lock", "HEAD.lock", "refs/heads/desk.lock"]) {
    if ((await disk.facts(`${gitDir}/${name}`)) === undefined) continue;
    log.warn(`history: removed a stale ${name}`);
    await disk.remove(`${gitDir}/${name}`);
  }
  await disk.writeAtomic(
    `${gitDir}/config`,
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n",
  );
  await disk.mkdir(`${gitDir}/info`);
  await disk.writeAtomic(`${gitDir}/info/exclude`, `${EXCLUDED.join("\n")}\n`);
  // Attributes of the work tree could name filters; ours outrank them and name none.
  await disk.writeAtomic(`${gitDir}/info/attributes`, "* -text -filter -diff -merge -ident\n");
}

class GitHistory implements History {
  readonly available = true;
  readonly #options: HistoryOptions;
  readonly #git: Git;
  #wanted: string[] = [];
  #cancel: (() => void) | undefined;
  readonly #commits = new SerialQueue();

  constructor(options: HistoryOptions, git: Git) {
    this.#options = options;
    this.#git = git;
  }

  request(why: string): void {
    if (this.#wanted.length < 50) this.#wanted.push(why);
    this.#cancel ??= this.#options.clock.after(BATCH_MS, () => void this.flush());
  }

  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    return this.#commits.run(() => this.#commit());
  }

  async #commit(): Promise<void> {
    const reasons = this.#wanted;
    if (reasons.length === 0) return;
    this.#wanted = [];
    const title = reasons.length === 1 ? (reasons[0] ?? "") : `${reasons[0] ?? ""} and ${reasons.length - 1} more`;
    const message = `${title}\n\n${reasons.join("\n")}\n\nJournal-Head: ${this.#options.head()}\n`;
    try {
      await this.#git(["add", "--all", "--", "."]);
      await this.#git(["commit", "--quiet", "--no-verify", "--allow-empty-message", "--message", message]);
    } catch (error) {
      if (error instanceof QocError && (await this.#isClean())) return;
      this.#options.log.error(`history: a commit failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #isClean(): Promise<boolean> {
    try {
      return (await this.#git(["status", "--porcelain"])).trim() === "";
    } catch {
      return false;
    }
  }

  async show(revision: string): Promise<string> {
    return this.#git(["show", "--stat", "--patch", "--no-ext-diff", "--no-textconv", this.#checked(revision), "--"]);
  }

  async read(revision: string, path: string): Promise<string> {
    if (path.startsWith("-") || path.includes("..") || path.includes("\0"))
      throw new QocError("PATH_REFUSED", { path, reason: "it must not climb" });
    return this.#git(["cat-file", "blob", `${this.#checked(revision)}:${path}`]);
  }

  #checked(revision: string): string {
    if (!REVISION.test(revision))
      throw new QocError("HISTORY_FAILED", { message: `${JSON.stringify(revision)} is not a revision` });
    return revision;
  }
}
