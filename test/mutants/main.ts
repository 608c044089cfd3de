/**
 * `npm run mutants [-- NAME…]`: copies the project, makes one edit of `mutants.ts` at a time, and runs the test that
 * the edit must break. Without the edit the test passes. Exits 1 if a test passes with its edit or fails without.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { MUTANTS, type Mutant } from "./mutants.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface TestReport {
  readonly testResults: readonly { readonly assertionResults: readonly { title: string; status: string }[] }[];
}

/** A copy of the files that git knows, so that no edit is left behind in the project. */
function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), "qoc-mutants-"));
  const listed = execFileSync("git", ["ls-files", "-z", "-co", "--exclude-standard"], { cwd: ROOT, encoding: "utf8" });
  for (const path of listed.split("\0").filter((name) => name !== "")) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
  }
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** Returns the status of the tests with this title. */
function statusOf(copy: string, { test, fails }: Pick<Mutant, "test" | "fails">): string {
  const report = join(copy, "report.json");
  rmSync(report, { force: true });
  // The name of a test that runs for each of several values has a place for them.
  const pattern = fails.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/%[sj]/g, ".*");
  const args = ["vitest", "run", test, "-t", pattern, "--reporter=json", `--outputFile=${report}`];
  const { stderr } = spawnSync("npx", args, { cwd: copy, encoding: "utf8" });
  try {
    const { testResults } = JSON.parse(readFileSync(report, "utf8")) as TestReport;
    const named = testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ title }) => new RegExp(`^${pattern}$`).test(title)),
    );
    return [...new Set(named.map(({ status }) => status))].join(" and ") || "not there";
  } catch {
    return `not run: ${stderr.slice(0, 500)}`;
  }
}

function build(copy: string): void {
  execFileSync("node", ["build.mjs"], { cwd: copy, stdio: ["ignore", "ignore", "inherit"] });
}

const names = process.argv.slice(2);
const chosen = MUTANTS.filter(({ name }) => names.length === 0 || names.includes(name));
const copy = copyProject();
let wrong = names.length === 0 ? 0 : names.filter((name) => !MUTANTS.some((mutant) => mutant.name === name)).length;
try {
  build(copy);
  for (const mutant of chosen) {
    const { name, removes, file, search, replace, fails } = mutant;
    const whole = statusOf(copy, mutant);
    const text = readFileSync(join(copy, file), "utf8");
    writeFileSync(
      join(copy, file),
      text.replace(search, () => replace),
    );
    build(copy);
    const edited = statusOf(copy, mutant);
    writeFileSync(join(copy, file), text);
    build(copy);
    const isRight = whole === "passed" && edited === "failed";
    if (!isRight) wrong += 1;
    console.log(
      `${isRight ? "ok   " : "WRONG"} ${name.padEnd(4)} without ${removes}: ${edited}; with it: ${whole}: ${fails}`,
    );
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`${chosen.length} edits, ${wrong} wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
