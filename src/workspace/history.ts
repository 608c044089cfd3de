/**
 * Version history of the workspace's files, kept by the git command in a separate git dir, so that a `.git` of the user
 * is not touched. Commits are batched and never delay an order. Hooks, filters, pagers and the user's git configuration
 * are disabled.
 */
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Clock, Disk, Log } from "../domain/ports.ts";
import { SerialQueue } from "../lib/serial-queue.ts";
import { DESK, type Git, Unchanged, bytePathsOf, gitIn, listOfBytePaths, textOfBytePath } from "./history-git.ts";
import { GitRevisions, HEAD_PREFIX, type Revision, type ShownRevision, whoOf } from "./history-revisions.ts";
import {
  REVISION_LIMITS,
  type RevisionLimits,
  type StagedChanges,
  repairIndex,
  stageChanges,
} from "./history-stage.ts";
import { LAYOUT } from "./layout.ts";

export interface History {
  /** Why there is no history; undefined if there is one. */
  readonly unavailable: QocError | undefined;
  /**
   * Commits the changed files soon; requests within two seconds share one commit. A failure is logged. `by`: an actor,
   * or the desk itself.
   */
  request(reason: string, by?: string): void;
  /** A file changed: commits it soon, if no request has done so. */
  touch(): void;
  /** Commits what was requested or touched, and waits for it. Of very many changes it commits a part. */
  flush(): Promise<void>;
  /** Commits the file as it is now, whatever its size, because something is about to overwrite it. */
  keep(path: string): Promise<void>;
  /** Why some files are not in the history. Empty if all are. */
  problem(): string;
  /** The last commit: nothing is committed from then on. */
  close(reason: string): Promise<void>;
  /** The newest revisions, newest first; of one file if `path` is given. */
  list(path: string | undefined, limit: number): Promise<readonly Revision[]>;
  /** A revision with a readable diff. */
  show(revision: string): Promise<ShownRevision>;
  /** Returns the bytes of a file at a revision. */
  read(revision: string, path: string): Promise<Uint8Array>;
  /** Returns the paths of all files that any revision has in a folder, with duplicates. Empty without git. */
  paths(folder: string): Promise<readonly string[]>;
}

/** What a desk that is down can still read. */
export type HistoryReader = Pick<History, "list" | "show">;

export interface HistoryOptions {
  readonly root: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  readonly enabled: boolean;
  /** Of one revision; {@link REVISION_LIMITS} if undefined. */
  readonly limits?: RevisionLimits | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Returns the paths that the desk has written, moved or removed since the last call, relative to `root`. */
  written(): ReadonlySet<string>;
  /**
   * Returns the signed head of the journal, which each commit message contains. undefined: nothing is committed now,
   * because a commit of a desk that lacks records would hide the head that the commit before it names.
   */
  head(): string | undefined;
}

/** A folder whose history is asked about. */
export type HistoryFolder = Pick<HistoryOptions, "root" | "disk" | "env">;

const BRANCH = "refs/heads/desk";
/** The author of what the desk did not write. */
const BY_HAND = "by hand";
/** The title of changes that have no reason, such as an alert's text. */
const OF_THE_DESK = "files that the desk writes";
const BATCH_MS = 2_000;
const REASONS_MAX = 50;
const AUTHORS_MAX = 5;
/** git compares each file that a commit names with every file of the folder: more are committed without names. */
const NAMED_MAX = 1_000;
const EXCLUDED = [".qoc/", ".git", "node_modules/", "*.tmp"];
const CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n";

/** `written` is emptied: nothing else does so. */
function unavailable(reason: QocError, written: HistoryOptions["written"]): History {
  const fail = (): Promise<never> => Promise.reject(reason);
  const nothing = (): void => void written();
  const done = (): Promise<void> => Promise.resolve();
  return {
    unavailable: reason,
    request: nothing,
    touch: nothing,
    flush: done,
    keep: done,
    problem: () => "",
    close: done,
    list: fail,
    show: fail,
    read: fail,
    paths: () => Promise.resolve([]),
  };
}

function switchedOff(): QocError {
  return new QocError("HISTORY_FAILED", { message: "history_enabled = false in desk.toml: no revisions are kept" });
}

export async function openHistory(options: HistoryOptions): Promise<History> {
  const gitDir = `${options.root}/${LAYOUT.history}`;
  const git = gitIn(options, gitDir);
  if (!options.enabled) return unavailable(switchedOff(), options.written);
  const problem = await historyProblem(options);
  if (problem !== undefined) {
    options.log.warn(problem.message);
    return unavailable(problem, options.written);
  }
  await prepare(options, gitDir, git);
  return new GitHistory(options, git);
}

/** Why no history can be kept of the folder; undefined: it can. */
export async function historyProblem(options: HistoryFolder): Promise<QocError | undefined> {
  const gitDir = `${options.root}/${LAYOUT.history}`;
  // The desk would overwrite the configuration and the branch of a repository elsewhere.
  if ((await options.disk.facts(gitDir))?.kind === "symlink") return new QocError("HISTORY_LINKED", { path: gitDir });
  try {
    // The file may exist and fail: the git of macOS does without the developer tools.
    await gitIn(options, gitDir)(["--version"]);
    return undefined;
  } catch {
    return new QocError("GIT_MISSING");
  }
}

/** The commits that are searched for a signed head. */
const HEAD_COMMITS = 100;
const HEAD_LINE = /^Journal-Head: (.*)$/gm;

/** The heads that the newest commits name, newest first. Empty without git or without a history. */
export async function historyHeads(options: HistoryFolder): Promise<readonly string[]> {
  const gitDir = `${options.root}/${LAYOUT.history}`;
  if ((await options.disk.facts(`${gitDir}/HEAD`)) === undefined) return [];
  try {
    // rev-list reads no setting that starts a program; the configuration of the git dir may be another user's.
    const args = ["rev-list", `--max-count=${HEAD_COMMITS}`, "--format=%B", BRANCH];
    const text = (await gitIn(options, gitDir)(args)).toString("utf8");
    return [...text.matchAll(HEAD_LINE)].map(([, head = ""]) => head);
  } catch {
    return [];
  }
}

/** Creates the git dir if missing, removes the locks of a killed git, and overwrites the configuration. */
async function prepare({ disk, log }: HistoryOptions, gitDir: string, git: Git): Promise<void> {
  if ((await disk.facts(`${gitDir}/HEAD`)) === undefined) await git(["init", "--quiet", "--initial-branch=desk"]);
  const locks = ["index.lock", "HEAD.lock", "refs/heads/desk.lock"];
  await Promise.all(locks.map((name) => removeLock(disk, log, gitDir, name)));
  await removeUnfinishedPacks(disk, gitDir);
  await disk.mkdir(`${gitDir}/info`);
  // Attributes of the work tree could enable filters and conversions; these have precedence and disable them.
  const attributes = "* -text -filter !diff -merge -ident !working-tree-encoding\n";
  await Promise.all([
    disk.writeAtomic(`${gitDir}/config`, CONFIG),
    // Revisions on another branch would be in no list, and their heads would be compared with nothing.
    disk.writeAtomic(`${gitDir}/HEAD`, `ref: ${BRANCH}\n`),
    // git makes this file by the umask alone; a file that exists keeps its mode.
    disk.writeAtomic(`${gitDir}/COMMIT_EDITMSG`, ""),
    disk.writeAtomic(`${gitDir}/info/exclude`, `${EXCLUDED.join("\n")}\n`),
    disk.writeAtomic(`${gitDir}/info/attributes`, attributes),
  ]);
}

async function removeLock(disk: Disk, log: Log, gitDir: string, name: string): Promise<void> {
  if ((await disk.facts(`${gitDir}/${name}`)) === undefined) return;
  log.warn(`history: removed a stale ${name}`);
  await disk.remove(`${gitDir}/${name}`);
}

/** What a git that was killed has written of a pack: up to the size of the files, at each attempt. */
async function removeUnfinishedPacks(disk: Disk, gitDir: string): Promise<void> {
  const folder = `${gitDir}/objects/pack`;
  if ((await disk.facts(folder)) === undefined) return;
  for (const { name } of await disk.list(folder)) if (name.startsWith("tmp_")) await disk.remove(`${folder}/${name}`);
}

/** Reads the history of a desk that is down. Nothing is written, so a configuration that others planted is refused. */
export function recordedHistory(options: Pick<HistoryOptions, "root" | "disk" | "env" | "enabled">): HistoryReader {
  if (!options.enabled) {
    const fail = (): Promise<never> => Promise.reject(switchedOff());
    return { list: fail, show: fail };
  }
  const { root, disk } = options;
  const gitDir = `${root}/${LAYOUT.history}`;
  const git = gitIn(options, gitDir);
  return new GitRevisions(async (args) => {
    if ((await disk.facts(`${gitDir}/HEAD`)) === undefined)
      throw new QocError("HISTORY_FAILED", { message: "this desk has no revision yet; its first start makes one" });
    const config = new TextDecoder().decode(await disk.read(`${gitDir}/config`));
    if (config === CONFIG) return git(args);
    const message = `${LAYOUT.history}/config is not the desk's, and could start a program; qoc up writes it again`;
    throw new QocError("HISTORY_FAILED", { message });
  });
}

interface NewRevision {
  readonly reasons: readonly string[];
  readonly author: string;
  readonly head: string;
}

class GitHistory extends GitRevisions implements History {
  readonly unavailable = undefined;
  readonly #options: HistoryOptions;
  readonly #git: Git;
  #reasons: string[] = [];
  /** Who made the changes of the next commit. */
  readonly #authors = new Set<string>();
  #isTouched = false;
  #isClosed = false;
  /** Whether the index may differ from the last commit, though the files do not differ from the index. */
  #isStaged = true;
  /** What the desk wrote and the last commit may lack. */
  #own: ReadonlySet<string> = new Set();
  #problem = "";
  #cancel: (() => void) | undefined;
  readonly #commits = new SerialQueue();

  constructor(options: HistoryOptions, git: Git) {
    super(git);
    this.#options = options;
    this.#git = git;
  }

  request(reason: string, by: string = DESK): void {
    if (this.#reasons.length < REASONS_MAX && !this.#reasons.includes(reason)) this.#reasons.push(reason);
    if (this.#authors.size < AUTHORS_MAX) this.#authors.add(by);
    this.touch();
  }

  touch(): void {
    this.#isTouched = true;
    if (!this.#isClosed) this.#cancel ??= this.#options.clock.after(BATCH_MS, () => void this.flush());
  }

  flush(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#cancel?.();
    this.#cancel = undefined;
    return this.#commits.run(() => this.#commit());
  }

  close(reason: string): Promise<void> {
    this.request(reason);
    const last = this.flush();
    this.#isClosed = true;
    return last;
  }

  problem(): string {
    return this.#problem;
  }

  keep(path: string): Promise<void> {
    return this.#commits.run(async () => {
      const head = this.#options.head();
      if (head === undefined) throw new QocError("DESK_READ_ONLY");
      this.#noteWritten();
      this.#isStaged = true;
      await repairIndex(this.#git);
      // git reads a file again that the index does not have.
      await this.#git(["update-index", "--force-remove", "--", this.checkPath(path)]);
      await this.#git(["--literal-pathspecs", "add", "--force", "--", path]);
      const staged = (await this.#staged()).find((each) => textOfBytePath(each) === path);
      if (staged === undefined) return;
      const isOwn = this.#own.has(path);
      const reason = isOwn ? OF_THE_DESK : await this.#titleOfOthers();
      await this.#commitPaths([staged], { reasons: [reason], author: isOwn ? whoOf(DESK) : BY_HAND, head });
    });
  }

  async #commit(): Promise<void> {
    const head = this.#options.head();
    if (!this.#isTouched || head === undefined) return;
    const reasons = this.#reasons;
    const author = [...this.#authors].map(whoOf).join(", ") || whoOf(DESK);
    this.#isTouched = false;
    this.#reasons = [];
    this.#authors.clear();
    this.#noteWritten();
    try {
      const { isComplete } = await this.#stage();
      const changed = this.#isStaged ? await this.#staged() : [];
      // Written since: these may be staged, or belong to the next commit.
      const written = this.#noteWritten();
      await this.#commitStaged(changed, { reasons: reasons.length > 0 ? reasons : [OF_THE_DESK], author, head });
      this.#isStaged = false;
      if (isComplete) this.#own = written;
      else this.touch();
    } catch (error) {
      this.#problem = messageOf(error);
      this.#options.log.error(`history: a commit failed: ${this.#problem}`);
    }
  }

  #noteWritten(): ReadonlySet<string> {
    const written = this.#options.written();
    this.#own = new Set([...this.#own, ...written]);
    return written;
  }

  /** Two revisions: what the desk and its callers wrote is not the work of who edits files meanwhile. */
  async #commitStaged(changed: readonly string[], ofDesk: NewRevision): Promise<void> {
    const isOwn = (path: string): boolean => this.#own.has(textOfBytePath(path));
    const own = { paths: changed.filter(isOwn), revision: ofDesk };
    const others = { paths: changed.filter((path) => !isOwn(path)), revision: await this.#byHand(ofDesk.head) };
    const [first, second] = others.paths.length > NAMED_MAX ? [own, others] : [others, own];
    if (first.paths.length > 0)
      await this.#commitPaths(second.paths.length > 0 ? first.paths : undefined, first.revision);
    if (second.paths.length > 0) await this.#commitPaths(undefined, second.revision);
  }

  async #byHand(head: string): Promise<NewRevision> {
    return { reasons: [await this.#titleOfOthers()], author: BY_HAND, head };
  }

  /** The paths that differ from the last revision, in bytes. */
  async #staged(): Promise<readonly string[]> {
    return bytePathsOf(await this.#git(["diff", "--cached", "--name-only", "--no-renames", "-z"]));
  }

  async #titleOfOthers(): Promise<string> {
    const isFirst = await this.#git(["rev-parse", "--verify", "--quiet", BRANCH]).then(
      () => false,
      () => true,
    );
    return isFirst ? "the files when the history began" : "files changed by hand";
  }

  /** `paths`: undefined for all that is staged. */
  async #commitPaths(paths: readonly string[] | undefined, { reasons, author, head }: NewRevision): Promise<void> {
    const [first = ""] = reasons;
    const title = reasons.length === 1 ? first : `${first} and ${reasons.length - 1} more`;
    const body = reasons.length === 1 ? "" : `${reasons.join("\n")}\n\n`;
    const message = `${title}\n\n${body}${HEAD_PREFIX}${head}\n`;
    const flags = ["--quiet", "--no-verify", "--allow-empty-message", "--untracked-files=no"];
    const args = ["commit", ...flags, `--author=${author} <qoc@localhost>`, "--message", message];
    const some = ["--only", "--pathspec-from-file=-", "--pathspec-file-nul"];
    try {
      if (paths === undefined) await this.#git(args);
      else await this.#git(["--literal-pathspecs", ...args, ...some], listOfBytePaths(paths));
    } catch (error) {
      if (!(error instanceof Unchanged)) throw error;
    }
  }

  async #stage(): Promise<StagedChanges> {
    const { root, disk, log, limits = REVISION_LIMITS } = this.#options;
    const staged = await stageChanges({ root, disk, git: this.#git, limits }, this.#own);
    if (!staged.isEmpty) this.#isStaged = true;
    const { problem } = staged;
    if (problem !== "") await removeUnfinishedPacks(disk, `${root}/${LAYOUT.history}`);
    // The same problem is not logged again.
    if (problem !== "" && problem !== this.#problem) log.warn(`some files are not in the history: ${problem}`);
    this.#problem = problem;
    return staged;
  }
}
