/** Text from agents, venues and files, made safe to show: nothing in it can move the cursor or turn the line around. */
import { escapeInvisible } from "../../lib/invisible-characters.ts";

/** More marks than this on one letter spill over the lines above and below. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;

/** One line: every unseen character, line ends and tabs too, is spelled out as `\u{202e}`. */
export function oneLine(text: string): string {
  return escapeInvisible(text.replace(STACKED_MARKS, "$1\\u{…}"));
}

/** Several lines: as `oneLine`, with line feeds kept and tabs as two spaces. CR LF is one line end. */
export function linesOf(text: string): readonly string[] {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => oneLine(line.replaceAll("\t", "  ")));
}

/** Words of somebody else, as a quotation that cannot be taken for the desk's own lines. */
export function quoted(text: string, width: number): readonly string[] {
  return linesOf(text.trimEnd()).flatMap((line) => wrap(line, width - 2).map((part) => `│ ${part}`));
}

/** Made at its first use: making one takes longer than the rest of a short command. */
let segmenter: Intl.Segmenter | undefined;
function graphemes(text: string): Iterable<{ readonly segment: string }> {
  return (segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })).segment(text);
}
/** Plain text and our own signs: one column each, no segmenter needed. */
const PLAIN = /^[ -~✓✗●○→…│┤–]*$/;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;

/** Columns that escaped text takes on a terminal. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += isWide(segment) ? 2 : 1;
  return width;
}

/** Signs such as ✓ are drawn narrow although Unicode lists them as pictures; only the supplementary planes are wide. */
function isWide(segment: string): boolean {
  return WIDE.test(segment) && ((segment.codePointAt(0) ?? 0) > 0xffff || !/\p{Extended_Pictographic}/u.test(segment));
}

/** Cuts to `width` columns, the last of them `…` where something was cut. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes(text)) {
    used += isWide(segment) ? 2 : 1;
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Breaks at spaces; a word longer than a line is broken inside. Never answers with no line. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((whole) => pieces(whole, width))) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word];
  const parts: string[] = [];
  let part = "";
  for (const { segment } of graphemes(word)) {
    if (widthOf(part + segment) > width) {
      parts.push(part);
      part = "";
    }
    part += segment;
  }
  return [...parts, part];
}
