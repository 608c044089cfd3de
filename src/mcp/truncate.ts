/**
 * What does not fit in an answer is given in part, and says so: long texts with where to read them whole, long lists with how
 * many are left and the tool that has them all. An error in its place would keep a caller from everything that stands behind it.
 */
import { toolName } from "./tools.ts";

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function sizeOf(value: unknown): number {
  return JSON.stringify(value).length;
}

/** An item with its longest texts cut until it has `room` characters of JSON; as it is where that is not enough. */
export function truncateStrings(item: unknown, room: number): unknown {
  const path = isFields(item) && typeof item["path"] === "string" ? item["path"] : undefined;
  let shown = item;
  for (let over = sizeOf(shown) - room; over > 0; over = sizeOf(shown) - room) {
    const longest = longestIn(shown);
    const mark = markOf(longest.length, path);
    // What is escaped in JSON is longer there, so that so many characters less are enough; half a pair is left off with them.
    const kept = longest.slice(0, Math.max(0, longest.length - over - sizeOf(mark))).replace(/[\ud800-\udbff]$/, "");
    if (kept.length + mark.length >= longest.length) return shown;
    shown = replaced(shown, longest, `${kept}${mark}`);
  }
  return shown;
}

function markOf(length: number, path: string | undefined): string {
  return `\n\n(cut: ${length} characters in all${path === undefined ? "" : `; ${toolName("files read")} reads ${path} whole, a stretch at a time`})`;
}

function longestIn(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return "";
  return Object.values(value)
    .map(longestIn)
    .reduce((a, b) => (b.length > a.length ? b : a), "");
}

function replaced(value: unknown, text: string, by: string): unknown {
  if (value === text) return by;
  if (Array.isArray(value)) return value.map((one) => replaced(one, text, by));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replaced(one, text, by)]));
}

/** Lists in an answer that a command of their own has whole. */
const LISTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  status: { proposals: "orders list", orders: "orders list", issues: "issues list" },
};
const SHOWN = [50, 20, 5];

/** An answer of lists, with the first of each and a count of the rest. */
export function truncateLists(answer: unknown, command: string, room: number): unknown {
  const lists = Object.entries(LISTS[command] ?? {});
  if (!isFields(answer)) return answer;
  let shown: unknown = answer;
  for (const most of SHOWN) {
    if (sizeOf(shown) <= room) break;
    const long = lists.flatMap(([name, twin]) => {
      const list = answer[name];
      return Array.isArray(list) && list.length > most
        ? [{ name, list, left: { left: list.length - most, tool: toolName(twin) } }]
        : [];
    });
    if (long.length === 0) continue;
    const cut = Object.fromEntries(long.map(({ name, list }) => [name, list.slice(0, most)]));
    shown = { ...answer, ...cut, more: Object.fromEntries(long.map(({ name, left }) => [name, left])) };
  }
  return shown;
}
