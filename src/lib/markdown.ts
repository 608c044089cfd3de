/** The text as a Markdown block quote, so that no line of it can pass for a heading of the document around it. */
export function blockquote(text: string): string {
  return text
    .trim()
    .split(/\r\n?|\n/)
    .map((line) => `> ${line}`.trimEnd())
    .join("\n");
}
