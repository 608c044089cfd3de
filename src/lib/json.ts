/** Returns the value of a JSON text, or undefined if the text is not JSON. */
export function tryParseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}
