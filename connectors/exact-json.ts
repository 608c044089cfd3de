/** JSON of venues that send amounts and ids as numbers, which a JavaScript number cannot always hold. */

/** A text in quotes, or a number without them. */
const QUOTED_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Parses JSON and keeps the text of every number. @throws SyntaxError. */
export function parseJson(text: string): unknown {
  return JSON.parse(text.replace(QUOTED_OR_NUMBER, (found) => (found.startsWith('"') ? found : `"${found}"`)));
}
