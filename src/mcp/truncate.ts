/**
 * Truncates a result that is too long. A long text gets a note with the tool that reads it whole, a long list a note
 * with the number of missing items and the tool that returns all. An error would hide everything else in the result.
 */
import { toolName } from "./tools.ts";

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function sizeOf(value: unknown): number {
  return JSON.stringify(value).length;
}

/**
 * The item with its longest texts cut until it fits in `limit` characters of JSON; unchanged if cutting cannot do that.
 */
export function truncateStrings(item: unknown, limit: number): unknown {
  const path = isFields(item) && typeof item["path"] === "string" ? item["path"] : undefined;
  let truncated = item;
  for (let excess = sizeOf(truncated) - limit; excess > 0; excess = sizeOf(truncated) - limit) {
    const longest = longestIn(truncated);
    const mark = markOf(longest.length, path);
    // JSON escapes make the text longer, so removing `excess` characters of the text is enough. Half a surrogate pair
    // is removed.
    const head = longest.slice(0, Math.max(0, longest.length - excess - sizeOf(mark))).replace(/[\ud800-\udbff]$/, "");
    if (head.length + mark.length >= longest.length) return truncated;
    truncated = replaceText(truncated, longest, `${head}${mark}`);
  }
  return truncated;
}

function markOf(length: number, path: string | undefined): string {
  const tool = path === undefined ? "" : `; ${toolName("files read")} reads ${path} whole, part by part`;
  return `\n\n(cut: ${length} characters in all${tool})`;
}

function longestIn(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  return Object.values(value)
    .map(longestIn)
    .reduce((a, b) => (b.length > a.length ? b : a), "");
}

function replaceText(value: unknown, text: string, replacement: string): unknown {
  if (value === text) return replacement;
  if (Array.isArray(value)) return value.map((item) => replaceText(item, text, replacement));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, replaceText(field, text, replacement)]),
  );
}

/** Items of a long list that are sent, tried in this order. */
const LIST_LENGTHS = [50, 20, 5];

/** The result with the first items of its long lists. `lists` names the command that returns the whole of each list. */
export function truncateLists(result: unknown, lists: Readonly<Record<string, string>>, limit: number): unknown {
  if (!isFields(result)) return result;
  let truncated: unknown = result;
  for (const length of LIST_LENGTHS) {
    if (sizeOf(truncated) <= limit) break;
    const long = Object.entries(lists).flatMap(([name, command]) => {
      const items = result[name];
      return Array.isArray(items) && items.length > length
        ? [{ name, items, omission: { left: items.length - length, tool: toolName(command) } }]
        : [];
    });
    if (long.length === 0) continue;
    const cut = Object.fromEntries(long.map(({ name, items }) => [name, items.slice(0, length)]));
    truncated = { ...result, ...cut, more: Object.fromEntries(long.map(({ name, omission }) => [name, omission])) };
  }
  return truncated;
}
