/**
 * Stages the changed files of the workspace for a revision: at once no more than what git takes within seconds, so that
 * a stop and a restore do not wait long, whatever lies in the folder.
 */
import { messageOf } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { escapeInvisible } from "../lib/invisible-characters.ts";
import { type Git, bytePathsOf, listOfBytePaths, textOfBytePath } from "./history-git.ts";

export interface StagedChanges {
  /** Whether nothing differs from what is staged. */
  readonly isEmpty: boolean;
  /** false: there are more changes than one revision takes. */
  readonly isComplete: boolean;
  /** Why some files are not in the history. Empty if all are. */
  readonly problem: string;
}

export interface StagePlace {
  readonly root: string;
  readonly disk: Pick<Disk, "facts">;
  readonly git: Git;
  readonly limits: RevisionLimits;
}

export interface RevisionLimits {
  /** A larger file is left out. A sparse file of terabytes would end each revision at git's time limit. */
  readonly fileMib: number;
  /** Of the files of one revision. */
  readonly mib: number;
  /** git compares each named file with every file of the folder, and each file of a new pack with those before it. */
  readonly files: number;
}

export const REVISION_LIMITS: RevisionLimits = { fileMib: 64, mib: 256, files: 2_000 };
const MIB = 1024 * 1024;
/** So many new files go into one pack: git would sync each of them alone, which takes a millisecond a file. */
const PACKED_MIN = 100;
const PACK = ["-c", "core.bigFileThreshold=1"];
/** Files whose sizes are read together. */
const SLICE = 64;
const NAMES_MAX = 3;
/** The mode of an entry that names a commit of another repository. */
const REPOSITORY_MODE = "160000 ";
/** An entry of the index begins with its mark, if git lists them: so do those that have none. */
const PLAIN = "H ";
const UNWANTED_ENTRY = /(?:^|\0)(?:[^H]|H 160000 )/;

/**
 * Takes the repositories of others out of the index: git would start itself in each of them, with the filters that its
 * own configuration names, and so the programs of who made it. And takes the marks away by which git does not look at a
 * file, so that a later edit would be in no revision.
 */
export async function repairIndex(git: Git): Promise<void> {
  const listed = await git(["ls-files", "-v", "--stage", "-z"]);
  if (!UNWANTED_ENTRY.test(listed.toString("latin1"))) return;
  const entries = bytePathsOf(listed);
  const pathsOf = (found: readonly string[]): Uint8Array =>
    listOfBytePaths(found.map((entry) => entry.slice(entry.indexOf("\t") + 1)));
  const repositories = entries.filter((entry) => entry.startsWith(REPOSITORY_MODE, PLAIN.length));
  if (repositories.length > 0) await git(["update-index", "--force-remove", "-z", "--stdin"], pathsOf(repositories));
  const marked = entries.filter((entry) => !entry.startsWith(PLAIN) && !repositories.includes(entry));
  if (marked.length === 0) return;
  await git(["update-index", "--no-assume-unchanged", "-z", "--stdin"], pathsOf(marked));
  await git(["update-index", "--no-skip-worktree", "-z", "--stdin"], pathsOf(marked));
}

/** `first`: the paths that come first if there are more changes than one revision takes. */
export async function stageChanges(place: StagePlace, first: ReadonlySet<string>): Promise<StagedChanges> {
  await repairIndex(place.git);
  const changed = await changedPaths(place.git);
  const isRepository = (path: string): boolean => path.endsWith("/");
  const repositories = changed.filter(isRepository).map((path) => path.slice(0, -1));
  const files = changed.filter((path) => !isRepository(path));
  const { taken, tooLarge, unnamed, isComplete } = await takeBatch(place, inTurn(files, first));
  const problems = [
    ...(repositories.length === 0 ? [] : [`a repository of its own: ${namesOf(repositories)}`]),
    ...(tooLarge.length === 0 ? [] : [`more than ${place.limits.fileMib} MiB: ${namesOf(tooLarge)}`]),
    ...(unnamed.length === 0 ? [] : [`a name that is not UTF-8: ${namesOf(unnamed)}`]),
  ];
  if (taken.length > 0) {
    const pack = taken.length >= PACKED_MIN ? PACK : [];
    // Everything but these files: names that vanish meanwhile are no error, as they are if git gets their list.
    const rest = [".", ...[...repositories, ...tooLarge, ...unnamed].map((path) => `:(exclude,literal)${path}`)];
    const literal = isComplete ? [] : ["--literal-pathspecs"];
    const args = ["add", "--all", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul"];
    try {
      await place.git([...pack, ...literal, ...args], listOfBytePaths(isComplete ? rest : taken));
    } catch (error) {
      // A file that git cannot take does not stop the others.
      problems.push(messageOf(error));
    }
  }
  return { isEmpty: taken.length === 0, isComplete, problem: problems.join("; ") };
}

/** The paths that differ from the index, also those that are gone. A repository of its own ends in "/". */
async function changedPaths(git: Git): Promise<readonly string[]> {
  return bytePathsOf(await git(["ls-files", "--others", "--modified", "--exclude-standard", "-z"]));
}

function inTurn(paths: readonly string[], first: ReadonlySet<string>): readonly string[] {
  const isFirst = (path: string): boolean => first.has(textOfBytePath(path));
  return [...paths.filter(isFirst), ...paths.filter((path) => !isFirst(path))];
}

interface TakenPaths {
  readonly taken: readonly string[];
  readonly tooLarge: readonly string[];
  /** Their names are not UTF-8, so that no file of the desk can have them. */
  readonly unnamed: readonly string[];
  readonly isComplete: boolean;
}

async function takeBatch({ root, disk, limits }: StagePlace, paths: readonly string[]): Promise<TakenPaths> {
  const taken: string[] = [];
  const tooLarge: string[] = [];
  const unnamed: string[] = [];
  let bytes = 0;
  for (let at = 0; at < paths.length; at += SLICE) {
    const slice = paths.slice(at, at + SLICE);
    const facts = await Promise.all(
      slice.map((path) => disk.facts(`${root}/${textOfBytePath(path)}`).catch(() => undefined)),
    );
    for (const [index, path] of slice.entries()) {
      if (textOfBytePath(path).includes("\ufffd")) {
        unnamed.push(path);
        continue;
      }
      const size = facts[index]?.kind === "file" ? facts[index].size : 0;
      if (size > limits.fileMib * MIB) {
        tooLarge.push(path);
        continue;
      }
      if (taken.length === limits.files || bytes + size > limits.mib * MIB)
        return { taken, tooLarge, unnamed, isComplete: false };
      taken.push(path);
      bytes += size;
    }
  }
  return { taken, tooLarge, unnamed, isComplete: true };
}

function namesOf(paths: readonly string[]): string {
  const names = paths.slice(0, NAMES_MAX).map((path) => escapeInvisible(textOfBytePath(path)));
  const more = paths.length > NAMES_MAX ? ` and ${paths.length - NAMES_MAX} more` : "";
  return `${names.join(", ")}${more}`;
}
