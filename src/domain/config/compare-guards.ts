/** Compares the guards of two desk.toml. */
import {
  type ComparedTable,
  type ConfigChange,
  type Direction,
  type FieldValues,
  changedFields,
  isSame,
  judge,
  valueText,
} from "./config-field.ts";
import type { Table } from "./config-tables.ts";
import { guardKeys, type GuardKey } from "./guard-config.ts";

/** Which value of an option blocks more orders. An option that is not here has no value that is known to. */
const GUARD_RULES = {
  "max-order-nav": { max_pct: "lower" },
  "max-position-nav": { max_pct: "lower" },
  "day-loss-limit": { max_pct: "lower" },
  "buying-power": {},
  "symbol-allowlist": { symbols: "fewer" },
  "symbol-denylist": { symbols: "more" },
  "market-hours": {},
  "max-order-notional": { max_notional: "lower" },
  "max-order-quantity": { max_quantity: "lower" },
  "price-collar": { max_pct: "lower" },
  "quote-freshness": { max_age_s: "lower" },
  "order-rate": { max_per_minute: "lower", max_per_day: "lower" },
  "duplicate-order": { window_s: "higher" },
  "no-short": {},
  "gross-exposure": { max_pct: "lower" },
  "max-open-orders": { max: "lower" },
} as const satisfies Record<GuardKey, Readonly<Record<string, Direction>>>;

/** Guards are pairs if they are equal, else by their key and their place among the guards of that key. */
export function compareGuards(before: readonly Table[], after: readonly Table[]): readonly ComparedTable[] {
  const rest = [...before];
  const take = (isPair: (guard: Table) => boolean): Table | undefined => {
    const index = rest.findIndex(isPair);
    return index < 0 ? undefined : rest.splice(index, 1)[0];
  };
  const equal = after.map((guard) => take((other) => isSame(other, guard)));
  const compared = after.map((guard, index): ComparedTable => {
    const pair = equal[index] ?? take((other) => other["key"] === guard["key"]);
    const changes = pair === undefined ? [addedGuard(guard)] : changedGuard(pair, guard);
    return { before: pair, after: guard, changes };
  });
  const all = [...compared, ...rest.map((guard) => ({ before: guard, changes: [removedGuard(guard)] }))];
  // The first guard that blocks is the stated reason.
  const isReordered = all.every(({ changes }) => changes.length === 0) && !isSame(before, after);
  return isReordered ? [...all, { changes: [reordered(before, after)] }] : all;
}

function guardChange(
  change: Pick<ConfigChange, "path" | "before" | "after">,
  effect: ConfigChange["effect"],
): ConfigChange {
  return { ...change, effect, key: effect === "loosens" ? "live" : "none", needs: "reload" };
}

function pathOf(guard: Table): string {
  return `guard.${String(guard["key"])}`;
}

/** A guard that is not enabled changes nothing. */
function addedGuard(guard: Table): ConfigChange {
  const change = { path: pathOf(guard), before: null, after: valueText(guard) };
  return guardChange(change, guard["enabled"] === false ? "neutral" : "tightens");
}

function removedGuard(guard: Table): ConfigChange {
  const change = { path: pathOf(guard), before: valueText(guard), after: null };
  return guardChange(change, guard["enabled"] === false ? "neutral" : "loosens");
}

function reordered(before: readonly Table[], after: readonly Table[]): ConfigChange {
  const keys = (guards: readonly Table[]): string => guards.map(({ key }) => String(key)).join(", ");
  return guardChange({ path: "guard", before: keys(before), after: keys(after) }, "neutral");
}

function changedGuard(before: Table, after: Table): readonly ConfigChange[] {
  const effectOf = guardEffect(before, after);
  return changedFields(before, after).map(({ field, ...values }) =>
    guardChange(
      {
        path: `${pathOf(before)}.${field}`,
        before: values.before === undefined ? null : valueText(values.before),
        after: values.after === undefined ? null : valueText(values.after),
      },
      effectOf(field, values),
    ),
  );
}

/** The effect of a change of one option. */
function guardEffect(before: Table, after: Table): (field: string, values: FieldValues) => ConfigChange["effect"] {
  const [wasEnabled, isEnabled] = [before["enabled"] !== false, after["enabled"] !== false];
  if (!wasEnabled && !isEnabled) return () => "neutral";
  if (!wasEnabled) return () => "tightens";
  if (!isEnabled) return () => "loosens";
  const key = guardKeys().find((known) => known === before["key"]);
  // The line in the file where a custom guard gets a built-in name is refused before.
  if (key === undefined || "adapter" in after || "adapter" in before) return () => "loosens";
  const rules: Readonly<Record<string, Direction>> = GUARD_RULES[key];
  if (key === "market-hours") return marketHoursEffect(before, after);
  return (field, values) => judge(rules[field] ?? "none", values);
}

/** Fewer minutes of the same zone are stricter. */
function marketHoursEffect(before: Table, after: Table): (field: string) => ConfigChange["effect"] {
  const [known, found] = [minutesOf(before), minutesOf(after)];
  const isNarrower = isSame(before["tz"], after["tz"]) && [...found].every((minute) => known.has(minute));
  return () => (isNarrower ? "tightens" : "loosens");
}

const DAY_MINUTES = 24 * 60;

/** The minutes of a day on which the market is open; a session over midnight has more than a day's. */
function minutesOf({ open, close }: Table): ReadonlySet<number> {
  const minute = (text: unknown): number => {
    const [hours = 0, minutes = 0] = String(text).split(":").map(Number);
    return hours * 60 + minutes;
  };
  const [from, to] = [minute(open), minute(close)];
  const end = from <= to ? to : to + DAY_MINUTES;
  return new Set(Array.from({ length: end - from }, (_, index) => from + index));
}
