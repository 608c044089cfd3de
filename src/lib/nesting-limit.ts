/** Parsers recurse, so text that nests deeper is refused before it is parsed. */
const DEPTH_MAX = 64;

/** Counts all brackets, also those inside strings, and YAML's compact `- - -`. An order needs a depth of two. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === "[" || char === "{") depth += 1;
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1);
    if (depth > DEPTH_MAX) return true;
  }
  return /(?:[-?][ \t]+){64}/.test(text);
}
