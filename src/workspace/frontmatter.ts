/** Markdown with YAML frontmatter: read with every value as text, written with every value quoted. */
import { parseDocument } from "yaml";
import { z } from "zod";
import { isTooDeep } from "./depth.ts";

export interface Note {
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string;
}

export class FrontmatterError extends Error {}

const FENCE = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/;
const shape = z.record(z.string(), z.union([z.string(), z.array(z.string()), z.null()]));

/** YAML where `TRUE` and `005930` stay text; aliases, merges and duplicate keys are refused. @throws FrontmatterError. */
export const parseYaml = (text: string): unknown => {
  if (isTooDeep(text)) throw new FrontmatterError("is nested too deeply");
  const document = parseDocument(text, { schema: "failsafe", uniqueKeys: true, merge: false, strict: true, prettyErrors: false, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) throw new FrontmatterError(error.message.split("\n")[0] ?? "is not YAML");
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new FrontmatterError(cause instanceof Error ? cause.message : "is not YAML", { cause });
  }
};

/** A file without a fence is all body. @throws FrontmatterError. */
export const readNote = (text: string): Note => {
  const fence = FENCE.exec(text);
  if (fence === null) return { fields: {}, body: text };
  const parsed = shape.safeParse(parseYaml(fence[1] ?? "") ?? {});
  if (!parsed.success) throw new FrontmatterError("frontmatter holds plain fields and lists of text only");
  const fields = Object.fromEntries(Object.entries(parsed.data).map(([key, value]) => [key, value ?? ""]));
  return { fields, body: text.slice(fence[0].length) };
};

/** JSON strings are YAML strings, so that no value can end its line or the fence. */
export const writeNote = ({ fields, body }: Note): string => {
  const lines = Object.entries(fields).map(([key, value]) =>
    typeof value === "string" ? `${key}: ${JSON.stringify(value)}` : `${key}: [${value.map((item) => JSON.stringify(item)).join(", ")}]`,
  );
  return `---\n${lines.join("\n")}\n---\n${body}`;
};

/** Replaces one field's line and leaves every other byte as its author wrote it; adds it where it is missing. */
export const withField = (text: string, key: string, value: string): string => {
  const fence = FENCE.exec(text);
  if (fence === null) return writeNote({ fields: { [key]: value }, body: text });
  const inside = fence[1] ?? "";
  const line = new RegExp(`^${key}:.*$`, "m");
  const changed = line.test(inside) ? inside.replace(line, () => `${key}: ${value}`) : `${inside}\n${key}: ${value}`;
  return `---\n${changed}\n---\n${text.slice(fence[0].length)}`;
};

export const fieldText = (note: Note, key: string): string => {
  const value = note.fields[key];
  return typeof value === "string" ? value : (value?.join(", ") ?? "");
};
