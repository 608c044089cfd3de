/** A change of one key of desk.toml, and how the values of a key compare. */
import type { SigningRole } from "../authority/authority.ts";
import type { Table, TableValue } from "./config-tables.ts";
import { decimal } from "../decimal.ts";
import { canonicalJson } from "../canonical-json.ts";

export interface ConfigChange {
  /** For example `connector.broker.hosts` or `guard.max-order-nav.max_pct`. */
  readonly path: string;
  /** As in desk.toml; null: not set. */
  readonly before: string | null;
  readonly after: string | null;
  readonly effect: "tightens" | "loosens" | "neutral";
  /** The key that signs a change that loosens; `none` for the others. */
  readonly key: SigningRole | "none";
  /** What puts the change in force. */
  readonly needs: "reload" | "restart";
}

/** A change in a record: values are shortened, because the tables themselves are in the journal. */
export type RecordedChange = Pick<ConfigChange, "path" | "before" | "after" | "effect">;

/** One table, or one element of a list of tables, with its changes. */
export interface ComparedTable {
  readonly before?: Table | undefined;
  readonly after?: Table | undefined;
  readonly changes: readonly ConfigChange[];
}

/**
 * Which values are stricter. `lower`, `higher`: of a number; no number is the loosest. `fewer`, `more`: of the elements
 * of a list; no list is the loosest. `off`, `on`: of a switch. `none`: no change is known to tighten.
 */
export type Direction =
  | "lower"
  | "higher"
  | "fewer"
  | "more"
  | "off"
  | "on"
  | "none"
  | { readonly stricter: TableValue };

export interface FieldRule {
  /** Absent: the key has no effect on what is allowed. */
  readonly stricter?: Direction;
  /** The key that signs a change that loosens. */
  readonly key?: SigningRole;
}

/** The two values of one key; undefined: not set. */
export interface FieldValues {
  readonly before?: TableValue | undefined;
  readonly after?: TableValue | undefined;
}

/** The keys with different values, in one order for every reader of the same tables. */
export function changedFields(before: Table, after: Table): readonly ({ readonly field: string } & FieldValues)[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return fields
    .map((field) => ({ field, before: before[field], after: after[field] }))
    .filter((change) => !isSame(change.before, change.after));
}

export function isSame(before: TableValue | undefined, after: TableValue | undefined): boolean {
  if (before === undefined || after === undefined) return before === after;
  return canonicalJson(before) === canonicalJson(after);
}

/** The effect of a change from one value to another that is different. */
export function judge(stricter: Direction, { before, after }: FieldValues): "tightens" | "loosens" {
  return isStricter(stricter, before, after) ? "tightens" : "loosens";
}

function isStricter(direction: Direction, before: TableValue | undefined, after: TableValue | undefined): boolean {
  if (typeof direction === "object") return isSame(after, direction.stricter);
  switch (direction) {
    case "lower":
      return after !== undefined && (before === undefined || numberOf(after).lt(numberOf(before)));
    case "higher":
      return after !== undefined && (before === undefined || numberOf(after).gt(numberOf(before)));
    case "fewer":
      return after !== undefined && (before === undefined || isSubset(after, before));
    case "more":
      return before !== undefined && after !== undefined && isSubset(before, after);
    case "off":
      return after === false;
    case "on":
      return after === true;
    case "none":
      return false;
  }
}

function numberOf(value: TableValue): ReturnType<typeof decimal> {
  return decimal(String(value));
}

function isSubset(part: TableValue, whole: TableValue): boolean {
  if (!Array.isArray(part) || !Array.isArray(whole)) return false;
  const elements = new Set(whole.map(canonicalJson));
  return part.every((element) => elements.has(canonicalJson(element)));
}

const BARE_KEY = /^[A-Za-z0-9_-]+$/;

/** The value as desk.toml writes it in one line. */
export function valueText(value: TableValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((element: TableValue) => valueText(element)).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  const members = Object.entries(value).flatMap(([name, member]: [string, TableValue | undefined]) =>
    member === undefined ? [] : [`${BARE_KEY.test(name) ? name : JSON.stringify(name)} = ${valueText(member)}`],
  );
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
