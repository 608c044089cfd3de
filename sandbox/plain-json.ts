/** JSON of what an adapter passes to the host. */

/** NaN and Infinity as text, which the host refuses with the name of the member. JSON would make null of them. */
function withNonFinite(_name: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** undefined for a value that has no JSON. @throws TypeError that names the member which has none. */
export function plainJson(value: unknown): string | undefined {
  const json = stringified(value);
  // A replacer is slow, and few answers have a null.
  return json?.includes("null") === true ? JSON.stringify(value, withNonFinite) : json;
}

function stringified(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined;
  } catch (error) {
    throw unsendable(value, []) ?? error;
  }
}

interface Holder {
  readonly value: object;
  readonly name: string;
}

/** Finds the first member that JSON cannot hold: a big integer, or an object that is one of those around it. */
function unsendable(value: unknown, around: readonly Holder[], name = ""): TypeError | undefined {
  const path = [...around.map((holder) => holder.name), name].filter((part) => part !== "").join(".");
  const what = path === "" ? "the value" : path;
  if (typeof value === "bigint") return new TypeError(`${what} is a big integer: pass it as text`);
  if (typeof value !== "object" || value === null) return undefined;
  if (around.some((holder) => holder.value === value))
    return new TypeError(`${what} is an object that contains itself: pass plain data`);
  for (const [member, content] of Object.entries(value)) {
    const found = unsendable(content, [...around, { value, name }], member);
    if (found !== undefined) return found;
  }
  return undefined;
}
