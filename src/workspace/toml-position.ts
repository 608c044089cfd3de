/** Finds where a key path stands in a TOML text, for messages with line and column. Good enough to point, not a parser. */
import type { TomlError } from "smol-toml";

/** The first line of the parser's message, without its prefix and the excerpt that follows. */
export function tomlErrorMessage(error: TomlError): string {
  return (error.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

export type KeyPath = readonly (string | number)[];

/** `connector[0].auth.api_key`. */
export function pathText(path: KeyPath): string {
  return path.reduce<string>(
    (out, part) => (typeof part === "number" ? `${out}[${part}]` : out === "" ? part : `${out}.${part}`),
    "",
  );
}

const HEADER = /^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?/;
const ASSIGN = /^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=/;

function keys(dotted: string): string[] {
  return dotted.split(".").map((part) => part.trim().replace(/^["']|["']$/g, ""));
}

/** The deepest part of the path that can be found: the key itself, else its table, else line 1. */
export function locateKey(text: string, path: KeyPath): Position {
  const wanted = path.map(String);
  const counters = new Map<string, number>();
  let table: string[] = [];
  let best: { depth: number; at: Position } = { depth: 0, at: { line: 1, column: 1 } };
  for (const [index, line] of text.split("\n").entries()) {
    const header = HEADER.exec(line);
    if (header !== null) table = enter(header[1] === "[[", keys(header[2] ?? ""), counters);
    const assign = header === null ? ASSIGN.exec(line) : null;
    const here = header !== null ? table : assign === null ? undefined : [...table, ...keys(assign[1] ?? "")];
    if (here === undefined) continue;
    const depth = here.every((part, i) => part === wanted[i]) ? here.length : 0;
    if (depth > best.depth) best = { depth, at: { line: index + 1, column: line.search(/\S/) + 1 } };
  }
  return best.at;
}

/** `[[connector]]` opens the next element; `[connector.auth]` belongs to the one that is open. */
function enter(isArray: boolean, names: readonly string[], counters: Map<string, number>): string[] {
  const out: string[] = [];
  for (const [index, name] of names.entries()) {
    out.push(name);
    const key = out.join(".");
    const isNew = isArray && index === names.length - 1;
    if (isNew) counters.set(key, (counters.get(key) ?? -1) + 1);
    const count = counters.get(key);
    if (count !== undefined) out.push(String(count));
  }
  return out;
}
