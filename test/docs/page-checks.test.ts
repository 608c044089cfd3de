/** Each check of the page, W01 to W75, is in the name of a test, or docs/page.md says why it is in none. */
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Numbers that no check has. */
const UNUSED = ["W39", "W48", "W49"];

/** A check in a comment is in no name of a test. */
const COMMENT = /\/\*[^]*?\*\/|^\s*\/\/.*$/gm;

function idsOf(text: string): ReadonlySet<string> {
  return new Set(text.match(/\bW\d{2}\b/g));
}

it("the checks of the page are tested, or docs/page.md names them with the reason", () => {
  const tests = readdirSync(`${ROOT}/test`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts") && !path.endsWith("page-checks.test.ts"))
    .map((path) => readFileSync(`${ROOT}/test/${path}`, "utf8").replaceAll(COMMENT, ""));
  const tested = idsOf(tests.join("\n"));
  const [, missing = ""] = readFileSync(`${ROOT}/docs/page.md`, "utf8").split("but for these:");
  const explained = idsOf(missing);
  const all = Array.from({ length: 75 }, (_, index) => `W${String(index + 1).padStart(2, "0")}`);
  const untested = all.filter((id) => !tested.has(id) && !UNUSED.includes(id));
  expect(untested).toEqual([...explained]);
});
