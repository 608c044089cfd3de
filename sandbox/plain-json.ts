/** JSON of what an adapter passes to the host. */

/** NaN and Infinity as text, which the host refuses with the name of the member. JSON would make null of them. */
function withNonFinite(_name: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** undefined for a value that has no JSON. */
export function plainJson(value: unknown): string | undefined {
  const json = JSON.stringify(value) as string | undefined;
  // A replacer is slow, and few answers have a null.
  return json?.includes("null") === true ? JSON.stringify(value, withNonFinite) : json;
}
