/** Tests that a table of a document names, by file and title. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { splitSource } from "./source-text.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface NamedTest {
  readonly path: string;
  readonly title: string;
}

/** The tests of a cell: a file, then the titles of its tests in quotation marks, and so on. */
export function testsOf(cell: string): readonly NamedTest[] {
  return cell.split(/; (?=`)/).flatMap((part) => {
    const path = /^`(test\/[^`]+)`/.exec(part)?.[1] ?? "";
    const titles = [...part.matchAll(/(?:^|[\s,])(?:"([^"]+)"|'([^']+)')(?=,|$)/g)].map(([, a, b]) => a ?? b ?? "");
    return titles.length === 0 ? [{ path, title: "" }] : titles.map((title) => ({ path, title }));
  });
}

/** The quoted texts of a program. */
function textsOf(source: string): readonly string[] {
  const quoted = splitSource(source).code.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/g);
  return [...quoted].map(([, a, b]) => (a ?? b ?? "").replaceAll(/\\(["'\\])/g, "$1"));
}

const PLACEHOLDER = /%[sjdio]|\$\w+/;
/** A title with fewer letters of its own says little: then its first value must be in the file, too. */
const LETTERS_MIN = 10;

/** Whether a test of the file has this title: one of its texts, with the values of a table in its places. */
function hasTitle(source: string, title: string): boolean {
  return textsOf(source).some((text) => {
    if (text === title) return true;
    const parts = text.split(PLACEHOLDER);
    if (parts.length === 1) return false;
    const pattern = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join("(.*)");
    const values = new RegExp(`^${pattern}$`).exec(title)?.slice(1);
    if (values === undefined) return false;
    const first = (values[0] ?? "").replaceAll(/^"|"$/g, "");
    return parts.join("").replaceAll(/\W/g, "").length >= LETTERS_MIN || (first !== "" && source.includes(first));
  });
}

const SOURCES = new Map<string, string>();
export function sourceOf(path: string): string {
  const known = SOURCES.get(path) ?? readFileSync(`${ROOT}${path}`, "utf8");
  SOURCES.set(path, known);
  return known;
}

/** Whether the file is there and has a test of this title; any title if it is empty. */
export function hasTest({ path, title }: NamedTest): boolean {
  return existsSync(`${ROOT}${path}`) && (title === "" || hasTitle(sourceOf(path), title));
}
