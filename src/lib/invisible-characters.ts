/**
 * The one definition of the characters that a reader cannot see, or that change how the text around them is drawn. Text
 * from outside the desk passes through one of these functions before a person, a terminal or a model reads it, because
 * such characters can hide instructions: variation selectors alone encode any bytes, invisibly.
 */
import { lazy } from "./lazy.ts";

/**
 * - `Cc`, `Cf`: controls; format characters such as bidirectional marks, zero width, tags, soft hyphen, annotations
 * - `Zl`, `Zp`: line and paragraph separators
 * - `Co`, `Cs`, `Cn`: private use, lone surrogates, unassigned
 * - `Default_Ignorable_Code_Point`: variation selectors (after an emoji, too), Hangul and Khmer fillers, the grapheme
 * joiner
 * - U+2800: a Braille pattern without dots, which is drawn as nothing
 */
const invisible = lazy(() => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/u);
// Each takes as long to make as a short command needs for its files, and most text is ASCII.
const eachInvisible = lazy(() => new RegExp(invisible().source, "gu"));
const eachInvisibleInText = lazy(() => new RegExp(`(?![\\n\\t])${invisible().source}`, "gu"));
const eachInvisibleInJson = lazy(() => new RegExp(`(?!\\n)${invisible().source}`, "gu"));
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const PRINTABLE_ASCII_TEXT = /^[\x20-\x7e\n\t]*$/;
const PRINTABLE_ASCII_JSON = /^[\x20-\x7e\n]*$/;

/** Returns whether the line holds an invisible character; line ends and tabs count. */
export function hasInvisible(line: string): boolean {
  return !PRINTABLE_ASCII.test(line) && invisible().test(line);
}

/** Writes every invisible character as `\u{202e}`, line ends and tabs too, so that the result is one visible line. */
export function escapeInvisible(line: string): string {
  return PRINTABLE_ASCII.test(line) ? line : line.replace(eachInvisible(), escapeCharacter);
}

/** As `escapeInvisible`, but keeps line feeds and tabs, and turns CR LF into a line feed. */
export function escapeInvisibleInText(text: string): string {
  if (PRINTABLE_ASCII_TEXT.test(text)) return text;
  return text.replaceAll("\r\n", "\n").replace(eachInvisibleInText(), escapeCharacter);
}

/** Writes invisible characters of a JSON text as `\uXXXX`: the text parses to the same value. */
export function escapeInvisibleInJson(json: string): string {
  if (PRINTABLE_ASCII_JSON.test(json)) return json;
  return json.replace(eachInvisibleInJson(), (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/**
 * Writes a text as a string of YAML and of TOML, in double quotes, with every invisible character as `\u202e` or
 * `\U000e0041`: it parses to the same value. A lone surrogate, which TOML cannot hold, becomes U+FFFD.
 */
export function quoteString(text: string): string {
  return JSON.stringify(text.replace(/\p{Cs}/gu, "\ufffd")).replace(eachInvisible(), (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length <= 4 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
  });
}

/** Applies `escapeInvisibleInText` to every string and every key of plain JSON data. */
export function escapeInvisibleInValue(value: unknown): unknown {
  if (typeof value === "string") return escapeInvisibleInText(value);
  if (Array.isArray(value)) return value.map(escapeInvisibleInValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [escapeInvisible(key), escapeInvisibleInValue(member)]),
  );
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
