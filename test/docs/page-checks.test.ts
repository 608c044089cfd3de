/** Each check of the page, W01 to W75, is in the name of a test of the files that docs/page.md names. */
import { readFileSync } from "node:fs";
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

const ALL = Array.from({ length: 75 }, (_, index) => `W${String(index + 1).padStart(2, "0")}`);

function idsIn(path: string): ReadonlySet<string> {
  return idsOf(readFileSync(`${ROOT}/${path}`, "utf8").replaceAll(COMMENT, ""));
}

/** The rows of the table of docs/page.md: the checks, and the files that are said to have them. */
function rowsOfTable(): readonly { readonly ids: readonly string[]; readonly files: readonly string[] }[] {
  const rows = readFileSync(`${ROOT}/docs/page.md`, "utf8").matchAll(/^\| (W\d\d)–(W\d\d) \|.*$/gm);
  return [...rows].map(([row, first = "", last = ""]) => ({
    ids: ALL.slice(ALL.indexOf(first), ALL.indexOf(last) + 1).filter((id) => !UNUSED.includes(id)),
    files: [...row.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path = ""]) => path),
  }));
}

it("docs/page.md has each check in one row, whose files have it in the name of a test", () => {
  const rows = rowsOfTable();
  expect(rows.flatMap(({ ids }) => ids)).toEqual(ALL.filter((id) => !UNUSED.includes(id)));
  for (const { ids, files } of rows) {
    const found = files.map(idsIn);
    expect(ids.filter((id) => !found.some((tested) => tested.has(id)))).toEqual([]);
    const idle = files.filter((_, index) => !ids.some((id) => found[index]?.has(id) === true));
    expect(idle).toEqual([]);
  }
});
