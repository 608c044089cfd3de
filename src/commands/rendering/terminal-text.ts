/** Text from agents, venues and files, made safe for a terminal: it cannot move the cursor or reverse the line. */
import { escapeInvisible } from "../../lib/invisible-characters.ts";

/** More combining marks than this on one letter cover the lines above and below. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;

/** One line: each invisible character, line ends and tabs included, is written as `\u{202e}`. */
export function oneLine(text: string): string {
  return escapeInvisible(text.replace(STACKED_MARKS, "$1\\u{…}"));
}

/** Several lines, each as in `oneLine`; a tab becomes two spaces. CR LF is one line end. */
export function linesOf(text: string): readonly string[] {
  return text
    .replaceAll("\r\n", "\n")
    .split("\n")
    .map((line) => oneLine(line.replaceAll("\t", "  ")));
}

/** Text of others as a quotation: each line is marked, so that it cannot pass for a line of the desk. */
export function quoted(text: string, width: number): readonly string[] {
  return linesOf(text.trimEnd()).flatMap((line) => wrap(line, width - 2).map((part) => `│ ${part}`));
}

/** Made at its first use: making a segmenter takes longer than the rest of a short command. */
let segmenter: Intl.Segmenter | undefined;
function graphemes(text: string): Iterable<{ readonly segment: string }> {
  return (segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })).segment(text);
}
/** ASCII and the signs of the desk: one column each, without a segmenter. */
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

/**
 * Terminals draw signs such as ✓ narrow although Unicode calls them pictographic; only the supplementary planes are
 * wide.
 */
function isWide(segment: string): boolean {
  return WIDE.test(segment) && ((segment.codePointAt(0) ?? 0) > 0xffff || !/\p{Extended_Pictographic}/u.test(segment));
}

/** Cuts to `width` columns; the last is `…` if text was cut. */
export function clip(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let clipped = "";
  let used = 0;
  for (const { segment } of graphemes(text)) {
    used += isWide(segment) ? 2 : 1;
    if (used > width - 1) break;
    clipped += segment;
  }
  return `${clipped}…`;
}

/** Breaks at spaces; a word longer than a line is broken inside. Returns at least one line. */
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

/** A text that is too long is broken between its parts only: a command stays whole, so that it can be copied. */
export function labelledParts(label: string, text: string, width: number): readonly string[] {
  if (widthOf(label) + widthOf(text) <= width) return [label + text];
  return text.split(/(?<=[;,]) /).map((part, index) => (index === 0 ? label : " ".repeat(label.length)) + part);
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

/** The text of a file, line by line. */
export function renderText(text: string): readonly string[] {
  return linesOf(text.trimEnd());
}
