import { escapeInvisibleInText } from "./invisible-characters.ts";

/**
 * The text of others as a Markdown block quote, so that no line of it can pass for a heading of the document around it.
 * Invisible characters are written as `\u{202e}`: the file is safe to print on a terminal.
 */
export function blockquote(text: string): string {
  return escapeInvisibleInText(text.trim())
    .split("\n")
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}

/** Returns the text of a document that is one block quote as a whole, and any other text as it is. */
export function unquote(text: string): string {
  const lines = text.trimEnd().split("\n");
  if (!lines.every((line) => line.startsWith(">"))) return text;
  return `${lines.map((line) => line.replace(/^> ?/, "")).join("\n")}\n`;
}
