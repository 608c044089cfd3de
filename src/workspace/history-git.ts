/** Runs git on the desk's own git dir, without hooks, filters, pagers and the user's configuration. */
import { execFile } from "node:child_process";
import { isAbsolute } from "node:path";
import { quoteForShell } from "../lib/shell.ts";
import { QocError } from "../domain/errors/error.ts";
import { LAYOUT } from "./layout.ts";

/** The author of revisions that are the desk's own, also of those that earlier versions made. */
export const DESK = "qoc";
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const TIMEOUT_MS = 60_000;
/** git opens these files without a look at what they are. */
const TIMED_OUT = `git did not end within ${TIMEOUT_MS / 1000} s; a pipe named .gitignore, .gitattributes or .git/HEAD makes it wait`;
const HARDENED = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.attributesFile=/dev/null",
  "core.pager=cat",
  "core.fsync=all",
  // The modes of new files and folders, whatever the umask: 0600 and 0700.
  "core.sharedRepository=0600",
  "core.autocrlf=false",
  // A planted graph of commits, or a list of files that are not tracked, would hide revisions or files.
  "core.commitGraph=false",
  "core.untrackedCache=false",
  "commit.gpgSign=false",
  "gc.auto=0",
  // Each commit would start a program that then finds nothing to do.
  "maintenance.auto=false",
  "advice.addEmbeddedRepo=false",
  "advice.graftFileDeprecated=false",
  "protocol.allow=never",
  `user.name=${DESK}`,
  "user.email=qoc@localhost",
].flatMap((setting) => ["-c", setting]);

/** `input`: what git reads from its standard input. */
export type Git = (args: readonly string[], input?: Uint8Array) => Promise<Buffer>;

/**
 * The paths of a list that git ends each with a zero byte, as texts of which each character is one byte: a name need
 * not be UTF-8, and git must get it back as it is.
 */
export function bytePathsOf(list: Buffer): readonly string[] {
  return list
    .toString("latin1")
    .split("\0")
    .filter((path) => path !== "");
}

/** The inverse of {@link bytePathsOf}. */
export function listOfBytePaths(paths: readonly string[]): Uint8Array {
  return Buffer.from(paths.join("\0"), "latin1");
}

/** The path as the desk names it. Bytes that are not UTF-8 become U+FFFD: such a name opens no file. */
export function textOfBytePath(path: string): string {
  return Buffer.from(path, "latin1").toString("utf8");
}

/** git runs in the workspace: a PATH with a folder as `.` or `bin` would make a program there the desk's git. */
function absoluteFolders(path: string): string {
  return path.split(":").filter(isAbsolute).join(":");
}

export interface GitPlace {
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function gitIn({ root, env }: GitPlace, gitDir: string): Git {
  return (args, input) =>
    new Promise((resolve, reject) => {
      const gitEnv = {
        PATH: absoluteFolders(env["PATH"] ?? "/usr/bin:/bin"),
        HOME: gitDir,
        GIT_DIR: gitDir,
        // Otherwise a file `commondir` would name another folder, with a configuration and attributes of its own.
        GIT_COMMON_DIR: gitDir,
        GIT_WORK_TREE: root,
        // A planted replacement or graft would show other revisions than those that were committed.
        GIT_NO_REPLACE_OBJECTS: "1",
        GIT_GRAFT_FILE: "/dev/null",
        // The same by a file `shallow`, which would hide the revisions before those that it names.
        GIT_SHALLOW_FILE: "",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_CONFIG_NOSYSTEM: "1",
        // git would fetch an object that is missing, by the program that a planted configuration names.
        GIT_ALLOW_PROTOCOL: "none",
        GIT_TERMINAL_PROMPT: "0",
        GIT_ATTR_NOSYSTEM: "1",
        GIT_OPTIONAL_LOCKS: "0",
        // git reads a .gitignore of any size into its memory.
        GIT_ALLOC_LIMIT: "512m",
        LC_ALL: "C",
      };
      const child = execFile(
        "git",
        [...HARDENED, ...args],
        { cwd: root, env: gitEnv, maxBuffer: OUTPUT_BYTES_MAX, timeout: TIMEOUT_MS, encoding: "buffer" },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else if (error.code === 1 && stderr.length === 0)
            reject(new Unchanged("HISTORY_FAILED", { message: error.message }, { cause: error }));
          else if (error.code === "ENOENT") reject(new QocError("GIT_MISSING", {}, { cause: error }));
          else
            reject(
              new QocError(
                "HISTORY_FAILED",
                { message: problemOf(stderr.toString("utf8"), error.killed === true ? TIMED_OUT : error.message) },
                { cause: error },
              ),
            );
        },
      );
      // A git that ended early has its exit code for an answer.
      child.stdin?.on("error", () => undefined).end(input);
    });
}

/** git answers 1 without a message, for example to a commit without a change. */
export class Unchanged extends QocError {}

const DAMAGE =
  /is corrupt|is empty|inflate|unable to (?:read|unpack)|could not read|failed to (?:read|traverse)|not a git repository/i;

/** A whole commit id as lists show it. */
function shortened(revision: string): string {
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision;
}

/** git's own message, in words without its prefix. */
function problemOf(stderr: string, fallback: string): string {
  const lines = stderr.split("\n").filter((text) => text !== "" && !/^(warning|hint): /.test(text));
  const line = (lines[0] ?? fallback).replace(/^(fatal|error): /, "");
  const revision = /(?:invalid object name|bad revision|ambiguous argument|bad object) '?([^'\s:]+)/i.exec(line)?.[1];
  if (revision !== undefined) return `there is no revision ${revision.replace(/\.$/, "")}`;
  const file = /path '([^']+)' .*(?:not in|does not exist in) '([^']+)'/.exec(line);
  if (file !== null) {
    const [, path = "", found = ""] = file;
    return `${path} is not in revision ${shortened(found)}; qoc history list ${quoteForShell(path)} names those that have it`;
  }
  const folder = /^git cat-file ([^:]+):(.+): bad file$/.exec(line);
  if (folder !== null) return `${folder[2]} is a folder in revision ${folder[1]}, or its text is lost`;
  if (!DAMAGE.test(line)) return line;
  return `the files of the history are damaged (${line}); move ${LAYOUT.history} away, and qoc up begins a new history`;
}
