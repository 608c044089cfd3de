/** Characters that a reader cannot see, or that change how their neighbours are drawn: spelled out, they act on nothing. */

/**
 * Controls, format characters (bidi overrides and isolates, zero-width, tags, BOM), line and paragraph separators, private use,
 * lone surrogates, variation selectors, fillers, and what no letter uses.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}\u115f\u1160\u3164\uffa0\u034f\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;
const INVISIBLE_IN_TEXT = new RegExp(`(?![\\n\\t])(?:${INVISIBLE.source})`, "gu");

function escaped(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

/** Every unseen character as `\u{202e}`, line ends and tabs too. */
export function escapeInvisible(line: string): string {
  return line.replace(INVISIBLE, escaped);
}

/** Line feeds and tabs stay; CR LF is one line end. */
export function escapeInvisibleInText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(INVISIBLE_IN_TEXT, escaped);
}
