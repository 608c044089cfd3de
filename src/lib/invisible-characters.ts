/** Characters that a reader cannot see, or that change how their neighbours are drawn: spelled out, they act on nothing. */

/**
 * Controls, format characters (bidi overrides and isolates, zero-width, tags, BOM), line and paragraph separators, private use,
 * lone surrogates, variation selectors, fillers, and what no letter uses.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Cn}\u115f\u1160\u3164\uffa0\u034f\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;
const UNSEEN_IN_TEXT = new RegExp(`(?![\\n\\t])(?:${UNSEEN.source})`, "gu");

function spelled(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}

/** Every unseen character as `\u{202e}`, line ends and tabs too. */
export function spellLine(line: string): string {
  return line.replace(UNSEEN, spelled);
}

/** Line feeds and tabs stay; CR LF is one line end. */
export function spellText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(UNSEEN_IN_TEXT, spelled);
}
