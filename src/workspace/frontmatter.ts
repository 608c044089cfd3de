/** Markdown with YAML frontmatter. Every value is read as text and written as a quoted string. */
import {
  type Document,
  type ErrorCode,
  Lexer,
  type Scalar,
  type YAMLParseError,
  isScalar,
  parseDocument,
  visit,
} from "yaml";
import * as z from "zod";
import { isTooDeep } from "../lib/nesting-limit.ts";
import { quoteString } from "../lib/invisible-characters.ts";
import { lazy } from "../lib/lazy.ts";

export interface Note {
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

export class FrontmatterError extends Error {
  /** The line of the YAML, from 1; undefined if it is not known. */
  readonly line: number | undefined;

  constructor(message: string, { line, ...options }: ErrorOptions & { readonly line?: number } = {}) {
    super(message, options);
    this.line = line;
  }
}

/** By the code of the library, whose own words name parts of the grammar. */
const YAML_WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  BAD_DQ_ESCAPE: "an escape in a quoted text is unknown; \\\\ is a backslash",
  BAD_INDENT: "the indentation is wrong, or a bracket is not closed",
  BAD_SCALAR_START: "a text that begins with a special character needs quotes",
  BLOCK_AS_IMPLICIT_KEY: 'a text that contains ": " needs quotes, and the next field may not be indented',
  MULTILINE_IMPLICIT_KEY: 'it is no field; write "key: value"',
  MULTIPLE_DOCS: "a second document begins with ---; keep one",
  TAB_AS_INDENT: "it is indented with a tab; use spaces",
  UNEXPECTED_TOKEN: "it has something that does not belong there; a text may need quotes",
};

function yamlWords({ code, message }: YAMLParseError): string {
  const words = YAML_WORDS[code];
  if (words !== undefined) return words;
  if (code !== "MISSING_CHAR") return "it is malformed; a text may need quotes";
  if (message.startsWith("Implicit")) return 'it is no field; write "key: value"';
  return message.includes("quote") ? "a quote before it is not closed" : "a bracket before it is not closed";
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

/** Editors of Windows put a byte order mark before the first line. */
const FENCE = /^(\uFEFF?---\r?\n)([\s\S]*?)(\r?\n---[ \t]*(?:\r?\n|$))/;
/** Real frontmatter is much shorter; the limit bounds the cost of listing a folder, which parses every changed note. */
const FRONTMATTER_BYTES_MAX = 16 * 1024;
/** The cost of parsing depends on the number of YAML tokens. A proposal or frontmatter has at most some hundreds. */
const YAML_TOKENS_MAX = 4_000;
const fieldsSchema = lazy(() => z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()])));

/**
 * Parses YAML in which every scalar is text, such as `TRUE` and `005930`. @throws FrontmatterError, also for aliases,
 * merges and duplicate keys.
 */
export function parseYaml(text: string): unknown {
  if (isTooDeep(text)) throw new FrontmatterError("is nested too deeply");
  if (hasTooManyTokens(text)) throw new FrontmatterError(`has more than ${YAML_TOKENS_MAX} parts`);
  // `uniqueKeys` compares each key with every other one: a file of a few KiB would block the desk for seconds.
  const document = parseDocument(text, {
    schema: "failsafe",
    uniqueKeys: false,
    merge: false,
    strict: true,
    prettyErrors: false,
    // "silent" would also hide the error about a second document.
    logLevel: "error",
  });
  const [error] = document.errors;
  if (error !== undefined) throw new FrontmatterError(yamlWords(error), { line: lineAt(text, error.pos[0]) });
  const duplicate = duplicateKey(document);
  if (duplicate !== undefined)
    throw new FrontmatterError("a field is there twice; keep one", { line: lineAt(text, duplicate.range?.[0] ?? 0) });
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new FrontmatterError("has an alias; a text that begins with * needs quotes", { cause });
  }
}

function hasTooManyTokens(text: string): boolean {
  let tokens = 0;
  for (const _token of new Lexer().lex(text)) if (++tokens > YAML_TOKENS_MAX) return true;
  return false;
}

/** The first key that its map has already. */
function duplicateKey(document: Document.Parsed): Scalar | undefined {
  let duplicate: Scalar | undefined;
  visit(document, {
    Map: (_key, { items }) => {
      const seen = new Set<unknown>();
      duplicate = items
        .map(({ key }) => key)
        .filter((key): key is Scalar => isScalar(key))
        .find(({ value }) => seen.size === seen.add(value).size);
      return duplicate === undefined ? undefined : visit.BREAK;
    },
  });
  return duplicate;
}

/** Returns the YAML between the fences, undefined without fences, and the text below them. */
export function splitFrontmatter(text: string): { readonly yaml: string | undefined; readonly body: string } {
  const fence = FENCE.exec(text);
  return fence === null
    ? { yaml: undefined, body: withoutByteOrderMark(text) }
    : { yaml: fence[2] ?? "", body: text.slice(fence[0].length) };
}

/** A file without frontmatter is all body. @throws FrontmatterError. */
export function readNote(text: string): Note {
  const { yaml, body } = splitFrontmatter(text);
  if (yaml === undefined) return { fields: {}, body };
  const size = Buffer.byteLength(yaml);
  if (size > FRONTMATTER_BYTES_MAX)
    throw new FrontmatterError(`frontmatter has ${size} bytes; the limit is ${FRONTMATTER_BYTES_MAX}`);
  const parsed = fieldsSchema().safeParse(parseYaml(yaml) ?? {});
  if (!parsed.success) throw new FrontmatterError("frontmatter may contain only text fields and lists of text");
  const fields = Object.fromEntries(Object.entries(parsed.data).map(([key, value]) => [key, value ?? ""]));
  return { fields, body };
}

/**
 * Values are written in double quotes with escapes, so that no value can end its line or the frontmatter, and none
 * contains an invisible character.
 */
export function writeNote({ fields, body }: Note): string {
  const lines = Object.entries(fields).map(([key, value]) =>
    typeof value === "string"
      ? `${key}: ${quoteString(value)}`
      : `${key}: [${value.map((item) => quoteString(item)).join(", ")}]`,
  );
  return `---\n${lines.join("\n")}\n---\n${body}`;
}

/** Replaces the line of one field, or adds the line; all other bytes stay as their author wrote them. */
export function withField(text: string, key: string, value: string): string {
  const fence = FENCE.exec(text);
  if (fence === null) return writeNote({ fields: { [key]: value }, body: withoutByteOrderMark(text) });
  const [whole, head = "", yaml = "", tail = ""] = fence;
  const line = new RegExp(`^${key}:.*$`, "m");
  const lineEnd = head.endsWith("\r\n") ? "\r\n" : "\n";
  const changed = line.test(yaml) ? yaml.replace(line, () => `${key}: ${value}`) : `${yaml}${lineEnd}${key}: ${value}`;
  return `${head}${changed}${tail}${text.slice(whole.length)}`;
}

function withoutByteOrderMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

export function fieldText(note: Note, key: string): string {
  const value = note.fields[key];
  return typeof value === "string" ? value : (value?.join(", ") ?? "");
}
