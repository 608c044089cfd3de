/**
 * File patterns: `*`, `?`, `[ab]`, `{a,b}`, and `**` for any number of folders. A pattern without a slash, such as
 * `*.md`, matches file names in every folder; a pattern with a slash matches whole paths.
 */
import picomatch from "picomatch";
import { QocError } from "../domain/errors/error.ts";

const PATTERN_CHARACTERS_MAX = 200;
/**
 * The characters of the paths that commands accept, and the operators. Others, such as `(`, would build costlier
 * regexes.
 */
const PATTERN = /^[A-Za-z0-9._ /*?[\]{},!^-]+$/;
/**
 * Each `*` lets the regular expression retry every position of a name, and each alternative in braces doubles such
 * work. These limits keep the worst case for one path at a few milliseconds.
 */
const STARS_PER_NAME_MAX = 3;
const GLOBSTARS_MAX = 3;
const COST_MAX = 10_000;
const STAR_COST = 10;

/** Returns a function that matches paths. @throws INVALID_INPUT if the pattern is invalid or too costly. */
export function globMatcher(pattern: string): (path: string) => boolean {
  const problem = patternProblem(pattern);
  if (problem !== undefined) throw invalidPattern(problem);
  try {
    return picomatch(pattern, {
      basename: !pattern.includes("/"),
      dot: true,
      noextglob: true,
      nonegate: true,
      // Enables [!a] besides [^a].
      posix: true,
      strictBrackets: true,
    });
  } catch (error) {
    throw invalidPattern("unbalanced brackets", error);
  }
}

function patternProblem(pattern: string): string | undefined {
  if (pattern.length > PATTERN_CHARACTERS_MAX) return `more than ${PATTERN_CHARACTERS_MAX} characters`;
  if (!PATTERN.test(pattern)) return "only letters, digits, spaces and . _ - / * ? [ ] { } , ! ^ are allowed";
  if (pattern.startsWith("!")) return "a pattern cannot start with !";
  const isTooCostly =
    pattern.split("/").some((name) => starsIn(name) > STARS_PER_NAME_MAX) ||
    (pattern.match(/\*\*/g) ?? []).length > GLOBSTARS_MAX ||
    worstCaseCost(pattern) > COST_MAX;
  return isTooCostly ? "too many * or alternatives; use a more specific pattern" : undefined;
}

function starsIn(text: string): number {
  return (text.match(/\*+/g) ?? []).length;
}

function worstCaseCost(pattern: string): number {
  const alternatives = pattern
    .split("{")
    .slice(1)
    .map((group) => group.split(",").length);
  return alternatives.reduce((cost, count) => cost * count, STAR_COST ** starsIn(pattern));
}

function invalidPattern(problem: string, cause?: unknown): QocError {
  return new QocError("INVALID_INPUT", { command: "files list", message: `invalid glob: ${problem}` }, { cause });
}
