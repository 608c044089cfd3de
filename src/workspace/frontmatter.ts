/** Markdown with YAML frontmatter: read with every value as text, written with every value quoted. */
import { type Document, Lexer, type Scalar, isScalar, parseDocument, visit } from "yaml";
import { z } from "zod";
import { isTooDeep } from "../lib/nesting-limit.ts";

export interface Note {
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

export class FrontmatterError extends Error {}

const FENCE = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;
/** A head of fields, not a text: nobody writes one this long, and each look at a folder of notes parses those that changed. */
const FRONTMATTER_BYTES_MAX = 16 * 1024;
/** What parsing costs goes by the signs and words of YAML, not by bytes: a proposal or a head of fields holds some hundreds. */
const YAML_PARTS_MAX = 4_000;
const shape = z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()]));

/** YAML where `TRUE` and `005930` stay text; aliases, merges and duplicate keys are refused. @throws FrontmatterError. */
export function parseYaml(text: string): unknown {
  if (isTooDeep(text)) throw new FrontmatterError("is nested too deeply");
  if (hasTooManyParts(text)) throw new FrontmatterError(`has more than ${YAML_PARTS_MAX} parts`);
  // The library compares each key with every other one: a file of a few KiB would hold the desk up for seconds.
  const document = parseDocument(text, {
    schema: "failsafe",
    uniqueKeys: false,
    merge: false,
    strict: true,
    prettyErrors: false,
    logLevel: "silent",
  });
  const [error] = document.errors;
  if (error !== undefined) throw new FrontmatterError(error.message.split("\n")[0] ?? "is not YAML");
  if (hasKeyTwice(document)) throw new FrontmatterError("Map keys must be unique");
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new FrontmatterError(cause instanceof Error ? cause.message : "is not YAML", { cause });
  }
}

function hasTooManyParts(text: string): boolean {
  let parts = 0;
  for (const _part of new Lexer().lex(text)) if (++parts > YAML_PARTS_MAX) return true;
  return false;
}

function hasKeyTwice(document: Document.Parsed): boolean {
  let isFound = false;
  visit(document, {
    Map: (_key, { items }) => {
      const keys = items.map(({ key }) => key).filter((key): key is Scalar => isScalar(key));
      isFound = new Set(keys.map(({ value }) => value)).size < keys.length;
      return isFound ? visit.BREAK : undefined;
    },
  });
  return isFound;
}

/** A file without a fence is all body. @throws FrontmatterError. */
export function readNote(text: string): Note {
  const fence = FENCE.exec(text);
  if (fence === null) return { fields: {}, body: text };
  const inside = fence[1] ?? "";
  const size = Buffer.byteLength(inside);
  if (size > FRONTMATTER_BYTES_MAX)
    throw new FrontmatterError(`frontmatter has ${size} bytes; the limit is ${FRONTMATTER_BYTES_MAX}`);
  const parsed = shape.safeParse(parseYaml(inside) ?? {});
  if (!parsed.success) throw new FrontmatterError("frontmatter holds plain fields and lists of text only");
  const fields = Object.fromEntries(Object.entries(parsed.data).map(([key, value]) => [key, value ?? ""]));
  return { fields, body: text.slice(fence[0].length) };
}

/** JSON strings are YAML strings, so that no value can end its line or the fence. */
export function writeNote({ fields, body }: Note): string {
  const lines = Object.entries(fields).map(([key, value]) =>
    typeof value === "string"
      ? `${key}: ${JSON.stringify(value)}`
      : `${key}: [${value.map((item) => JSON.stringify(item)).join(", ")}]`,
  );
  return `---\n${lines.join("\n")}\n---\n${body}`;
}

/** Replaces one field's line and leaves every other byte as its author wrote it; adds it where it is missing. */
export function withField(text: string, key: string, value: string): string {
  const fence = FENCE.exec(text);
  if (fence === null) return writeNote({ fields: { [key]: value }, body: text });
  const inside = fence[1] ?? "";
  const line = new RegExp(`^${key}:.*$`, "m");
  const changed = line.test(inside) ? inside.replace(line, () => `${key}: ${value}`) : `${inside}\n${key}: ${value}`;
  return `---\n${changed}\n---\n${text.slice(fence[0].length)}`;
}

export function fieldText(note: Note, key: string): string {
  const value = note.fields[key];
  return typeof value === "string" ? value : (value?.join(", ") ?? "");
}
