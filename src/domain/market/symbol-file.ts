/** The file name of a symbol: one mapping for entities, bars and whatever else is filed by symbol. */
import { createHash } from "node:crypto";

/** Longer names are cut and get a hash: with a suffix and a folder they fit the limits of paths. */
const CHARACTERS_MAX = 90;
const KEPT_OF_LONG_NAMES = 60;
const HASH_DIGITS = 16;
const PLAIN = /[A-Za-z0-9.^=-]/;
const ALPHANUMERIC = /[A-Za-z0-9]/;
const ENCODED = /_-([0-9a-f]{1,6})-|(__)|(_)/g;

/**
 * Returns the name of the symbol's file without a suffix. No two symbols have the same: a slash between letters or
 * digits is `_`, an underscore `__`, and another special character `_-26-` with its code point: `BTC/USD` is `BTC_USD`,
 * `EUR_USD` is `EUR__USD`, `M&M` is `M_-26-M`.
 */
export function symbolFileStem(symbol: string): string {
  const characters = [...symbol];
  const parts = characters.map((character, index) => encode(character, characters, index));
  const stem = parts.join("");
  if (stem.length <= CHARACTERS_MAX) return stem;
  const hash = createHash("sha256").update(symbol).digest("hex").slice(0, HASH_DIGITS);
  // Cut between two characters, and not after the `_` of a slash: `__` would be an underscore.
  const kept = parts
    .slice(0, KEPT_OF_LONG_NAMES)
    .filter((_part, n) => parts.slice(0, n + 1).join("").length <= KEPT_OF_LONG_NAMES);
  while (kept.at(-1) === "_") kept.pop();
  return `${kept.join("")}_-x${hash}-`;
}

function encode(character: string, characters: readonly string[], index: number): string {
  const isFirst = index === 0;
  // A first dot hides a file, and Windows drops a last dot.
  const isDotAtEdge = character === "." && (isFirst || index === characters.length - 1);
  // Paths that commands accept begin with neither.
  const isRefusedFirst = isFirst && (character === "-" || character === "=");
  if (PLAIN.test(character) && !isDotAtEdge && !isRefusedFirst) return character;
  if (character === "_") return "__";
  const isBetween = ALPHANUMERIC.test(characters[index - 1] ?? "") && ALPHANUMERIC.test(characters[index + 1] ?? "");
  if (character === "/" && isBetween) return "_";
  return `_-${(character.codePointAt(0) ?? 0).toString(16)}-`;
}

/** Returns the symbol of a file's stem, or undefined if the stem is the name of no symbol, or of a cut one. */
export function symbolOfFileStem(stem: string): string | undefined {
  const symbol = stem.replace(ENCODED, (_match, hex: string | undefined, underscore: string | undefined) => {
    if (hex !== undefined)
      return Number.parseInt(hex, 16) <= 0x10ffff ? String.fromCodePoint(Number.parseInt(hex, 16)) : "";
    return underscore === undefined ? "/" : "_";
  });
  return symbolFileStem(symbol) === stem ? symbol : undefined;
}
