/** The one text of a value, which digests and signatures cover. The page computes it, so this file loads nothing. */

/** JSON with sorted keys and no spaces; undefined members are absent. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  let members = "";
  // `toSorted` compares by UTF-16 code units, as `<` does.
  for (const key of Object.keys(value).toSorted()) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) members += `${members === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${members}}`;
}
