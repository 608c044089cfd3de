/** The stacks of errors in log fields name the lines of the author's files. */

/** Returns the fields with `clean` applied to each member `stack` that is a text, at any depth. */
export function cleanStacks<T extends object>(fields: T, clean: (text: string) => string): T {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => {
    if (name === "stack" && typeof value === "string") return [name, clean(value)];
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [name, value];
    return [name, cleanStacks(value, clean)];
  });
  return Object.fromEntries(entries) as T;
}
