/**
 * Looks places up in a source map. The runtime's own reader makes an object of each of the map's segments, which holds up the
 * whole desk for half a second where a large package is in the bundle; this one reads numbers, and remembers where lines begin.
 */

export interface SourcePosition {
  readonly source: string;
  /** From 1, as people count; the column too. */
  readonly line: number;
  readonly column: number;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Uint8Array(256);
for (const [value, digit] of [...DIGITS].entries()) VALUES[digit.codePointAt(0) ?? 0] = value;
const COMMA = 44;
const LINE_END = 59;

/** Goes through the mappings, segment by segment; each number in them is a difference to the one before. */
class Cursor {
  /** Ends with the end of a line. */
  readonly #text: Uint8Array;
  at = 0;
  /** In the bundle's own line, where that is the one it began at. */
  generated = 0;
  hasSource = false;
  source = 0;
  line = 0;
  column = 0;

  constructor(text: Uint8Array) {
    this.#text = text;
  }

  /** False at the end of a line. */
  segment(): boolean {
    const text = this.#text;
    if (text[this.at] === COMMA) this.at += 1;
    if (text[this.at] === LINE_END || this.at >= text.length) return false;
    this.generated += this.#number();
    this.hasSource = this.#isMore();
    if (!this.hasSource) return true;
    this.source += this.#number();
    this.line += this.#number();
    this.column += this.#number();
    // The fifth is a name, which nobody asks for.
    if (this.#isMore()) this.#number();
    return true;
  }

  /** False at the end of the text. */
  nextLine(): boolean {
    this.at += 1;
    return this.at < this.#text.length;
  }

  #isMore(): boolean {
    const next = this.#text[this.at];
    return next !== COMMA && next !== LINE_END;
  }

  #number(): number {
    let value = 0;
    let shift = 0;
    let digit = 32;
    while (digit >= 32) {
      digit = VALUES[this.#text[this.at] ?? 0] ?? 0;
      this.at += 1;
      value += (digit & 31) << shift;
      shift += 5;
    }
    return value & 1 ? -(value >>> 1) : value >>> 1;
  }
}

/** What stands for a line in the index: where it begins, and what its differences begin from. */
const FIELDS = 4;

/** Answers with the author's place of a place in the bundle, both from 1; undefined where there is none. */
export function openSourceMap(map: string): (line: number, column: number) => SourcePosition | undefined {
  const { mappings, sources } = JSON.parse(map) as { readonly mappings?: string; readonly sources?: readonly string[] };
  const text = Buffer.from(`${mappings ?? ""};`, "latin1");
  const index: number[] = [];
  const all = new Cursor(text);
  do {
    index.push(all.at, all.source, all.line, all.column);
    while (all.segment());
  } while (all.nextLine());
  return (line, column) => {
    const [at, source, originalLine, originalColumn] = index.slice((line - 1) * FIELDS, line * FIELDS);
    if (at === undefined) return undefined;
    const cursor = Object.assign(new Cursor(text), { at, source, line: originalLine, column: originalColumn });
    let found: SourcePosition | undefined;
    while (cursor.segment() && cursor.generated < column) {
      const name = sources?.[cursor.source];
      found =
        cursor.hasSource && name !== undefined
          ? { source: name, line: cursor.line + 1, column: cursor.column + 1 }
          : undefined;
    }
    return found;
  };
}
