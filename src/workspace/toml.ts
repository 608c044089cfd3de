/** Parses the TOML files of a desk, and finds the line and column of a key for messages. */
import { TomlError, parse } from "smol-toml";
import { QocError } from "../domain/errors/error.ts";

export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export type TomlTable = Readonly<Record<string, unknown>>;
export type KeyPath = readonly (string | number)[];

/** `file` is for the message. @throws CONFIG_SYNTAX. */
export function parseToml(text: string, file: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    throw new QocError("CONFIG_SYNTAX", { file, line, column, message: tomlErrorMessage(error) }, { cause: error });
  }
}

/** The parser stops at the line end of a text that is not closed. */
const UNCLOSED_TEXT = "control characters are not allowed in strings";

/** Returns the first line of the parser's message, without its prefix and the excerpt that follows. */
export function tomlErrorMessage(error: TomlError): string {
  const message = (error.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
  return message === UNCLOSED_TEXT ? "a text has no closing quote, or contains a control character" : message;
}

/** Formats a path as `connector[0].auth.api_key`. */
export function formatKeyPath(path: KeyPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

const HEADER = /^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?/;
const ASSIGNMENT = /^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=/;

function splitKeys(dotted: string): string[] {
  return dotted.split(".").map((part) => part.trim().replace(/^["']|["']$/g, ""));
}

/**
 * Returns the position of the longest part of the path that the text has: the key, else its table, else line 1. A path
 * that names a list of tables, or a table with sub-tables alone, is at the first of them. Looks at each line alone,
 * which is enough to point at a key but misses keys in inline tables and multi-line strings.
 */
export function locateKey(text: string, path: KeyPath): TextPosition {
  const keys = path.map(String);
  const counters = new Map<string, number>();
  let table: string[] = [];
  let best: { depth: number; position: TextPosition } = { depth: 0, position: { line: 1, column: 1 } };
  for (const [index, line] of text.split("\n").entries()) {
    const header = HEADER.exec(line);
    if (header !== null) table = enterTable(header[1] === "[[", splitKeys(header[2] ?? ""), counters);
    const assignment = header === null ? ASSIGNMENT.exec(line) : null;
    if (header === null && assignment === null) continue;
    const current = assignment === null ? table : [...table, ...splitKeys(assignment[1] ?? "")];
    // The tables below a key, and the elements of a list of tables, are found by the key as well.
    const isOnPath = current.every((part, n) => n >= keys.length || part === keys[n]);
    const depth = isOnPath ? Math.min(current.length, keys.length) : 0;
    if (depth > best.depth) best = { depth, position: { line: index + 1, column: line.search(/\S/) + 1 } };
  }
  return best.position;
}

/** `[[connector]]` starts the next element; `[connector.auth]` belongs to the current one. */
function enterTable(isArray: boolean, names: readonly string[], counters: Map<string, number>): string[] {
  const path: string[] = [];
  for (const [index, name] of names.entries()) {
    path.push(name);
    const key = path.join(".");
    if (isArray && index === names.length - 1) counters.set(key, (counters.get(key) ?? -1) + 1);
    const count = counters.get(key);
    if (count !== undefined) path.push(String(count));
  }
  return path;
}
