/**
 * Compares two desk.toml: what changed, and whether a change allows more than before. Whatever is not known to tighten
 * a guard or a connector that is not paper counts as loosening it.
 */
import { canonicalJson } from "../canonical-json.ts";
import { digestOf } from "../digest.ts";
import type { Digest } from "../ids.ts";
import { compareGuards } from "./compare-guards.ts";
import {
  type ConfigTables,
  FIRST_ORDER_NOTIONAL,
  SETTINGS,
  type SettingsTable,
  type Table,
  type TableValue,
  nameOf,
  settingsOf,
  statedMode,
} from "./config-tables.ts";
import {
  type ComparedTable,
  type ConfigChange,
  type Direction,
  type FieldRule,
  type FieldValues,
  changedFields,
  isSame,
  judge,
  valueText,
} from "./config-field.ts";

/**
 * The connectors that are live until the live key signs otherwise, by name, also those that desk.toml does not name any
 * more. The value is the connector's table as it was accepted last. To compare two files, those that stated no mode
 * count, too.
 */
export type LivePins = ReadonlyMap<string, Table>;

const NO_PINS: LivePins = new Map();

/** The changes from one file to the other; empty if they are equal. */
export function compareConfig(before: ConfigTables, after: ConfigTables, pins = NO_PINS): readonly ConfigChange[] {
  return [
    ...compareConnectors(before, after, pins).flatMap(({ changes }) => changes),
    ...compareGuards(before.guard, after.guard).flatMap(({ changes }) => changes),
    ...SETTINGS.flatMap((name) => compareSettings(name, settingsOf(before, name), settingsOf(after, name))),
    ...compareNews(before.news, after.news),
    ...compareSchedules(before.schedule, after.schedule).flatMap(({ changes }) => changes),
  ];
}

/**
 * The strictest tables of two files: each table of `after`, unless it loosens the one of `before`, which then stays. A
 * connector that is new and must be signed is absent.
 */
export function strictestConfig(before: ConfigTables, after: ConfigTables, pins = NO_PINS): ConfigTables {
  const strictest = (compared: readonly ComparedTable[]): readonly Table[] =>
    compared
      .map((table) => (table.changes.some(loosens) ? table.before : table.after))
      .filter((table) => table !== undefined);
  const settings = SETTINGS.map((name) => {
    const kept = compareSettings(name, settingsOf(before, name), settingsOf(after, name)).filter(loosens);
    const fields = kept.map(({ path }) => path.slice(name.length + 1));
    return [
      name,
      { ...after[name], ...Object.fromEntries(fields.map((field) => [field, settingsOf(before, name)[field]])) },
    ];
  });
  return {
    ...(Object.fromEntries(settings) as Record<SettingsTable, Table>),
    connector: strictest(compareConnectors(before, after, pins)),
    guard: keepOrder(before.guard, strictest(compareGuards(before.guard, after.guard)), after.guard),
    news: after.news,
    schedule: strictest(compareSchedules(before.schedule, after.schedule)),
  };
}

/** The accepted guards keep their order while the file waits, or each start would find another order of them. */
function keepOrder(before: readonly Table[], strictest: readonly Table[], after: readonly Table[]): readonly Table[] {
  const changes = compareGuards(before, strictest).flatMap((compared) => compared.changes);
  const isReordered = changes.every(({ path }) => path === "guard");
  return isReordered && !isSame(strictest, after) ? before : strictest;
}

/** What a human signs of the changes that were displayed. */
export function digestChanges(changes: readonly ConfigChange[]): Digest {
  return digestOf(canonicalJson(changes));
}

export function loosens({ effect }: Pick<ConfigChange, "effect">): boolean {
  return effect === "loosens";
}

/** What a connector that is not paper may change without a signature. `isolation`: `process` is the stricter value. */
const CONNECTOR_RULES: Readonly<Record<string, Direction>> = {
  enabled: "off",
  orders: "off",
  venues: "fewer",
  grant: "fewer",
  memory_mb: "lower",
  first_order_notional: "lower",
  isolation: { stricter: "process" },
};

function compareConnectors(before: ConfigTables, after: ConfigTables, pins: LivePins): readonly ComparedTable[] {
  const known = new Map(before.connector.map((table) => [nameOf(table), table]));
  const found = new Set(after.connector.map(nameOf));
  const live = new Map(pins);
  for (const table of before.connector) if (statedMode(table) !== "paper") live.set(nameOf(table), table);
  return [
    ...after.connector.map((table): ComparedTable => {
      const earlier = known.get(nameOf(table));
      if (earlier === undefined) return { after: table, changes: [addedConnector(table, live)] };
      return { before: earlier, after: table, changes: changedConnector(earlier, table, live) };
    }),
    ...before.connector
      .filter((table) => !found.has(nameOf(table)))
      .map((table): ComparedTable => {
        const effect = isPaper(table, live) ? "neutral" : "tightens";
        const path = `connector.${nameOf(table)}`;
        return { before: table, changes: [connectorChange({ path, before: valueText(table), after: null }, effect)] };
      }),
  ];
}

function isPaper(table: Table, live: LivePins): boolean {
  return statedMode(table) === "paper" && !live.has(nameOf(table));
}

function connectorChange(
  change: Pick<ConfigChange, "path" | "before" | "after">,
  effect: ConfigChange["effect"],
): ConfigChange {
  return { ...change, effect, key: effect === "loosens" ? "live" : "none", needs: "restart" };
}

/**
 * A connector that states no mode starts without a signature, because each of its orders needs the live key. A live
 * connector that was removed comes back as it was, or is signed.
 */
function addedConnector(table: Table, live: LivePins): ConfigChange {
  const pinned = live.get(nameOf(table));
  const isLoose =
    pinned === undefined
      ? statedMode(table) === "live" || liveTwin(table, live) !== undefined
      : changedConnector(pinned, table, live).some(loosens);
  const path = `connector.${nameOf(table)}`;
  return connectorChange({ path, before: null, after: valueText(table) }, isLoose ? "loosens" : "neutral");
}

function changedConnector(before: Table, after: Table, live: LivePins): readonly ConfigChange[] {
  const name = nameOf(before);
  const path = `connector.${name}`;
  const staysPaper = isPaper(before, live) && statedMode(after) === "paper";
  const twin = staysPaper ? liveTwin(after, live) : undefined;
  const changes = changedFields(before, after).map(({ field, ...values }) => {
    const text = { path: `${path}.${field}`, before: textOrNull(values.before), after: textOrNull(values.after) };
    if (staysPaper) return connectorChange(text, twin === undefined ? "neutral" : "loosens");
    // `qoc connectors restart` loads the file that was signed.
    if (field === "code") return { ...connectorChange(text, "loosens"), needs: "reload" as const };
    const rule = field === "hosts" ? hostsRule(values) : CONNECTOR_RULES[field];
    // The tables leave out the default.
    const compared = field === "first_order_notional" ? withDefault(values, FIRST_ORDER_NOTIONAL) : values;
    return connectorChange(text, rule === undefined ? "loosens" : judge(rule, compared));
  });
  // An adapter reported that it is live: desk.toml does not change that.
  const isPinned = live.has(name) && before["mode"] === "paper" && after["mode"] === "paper";
  const pinned = { path: `${path}.mode`, before: valueText("live"), after: valueText("paper") };
  return isPinned ? [...changes, connectorChange(pinned, "loosens")] : changes;
}

function withDefault({ before, after }: FieldValues, value: TableValue): FieldValues {
  return { before: before ?? value, after: after ?? value };
}

/** A first list is not known to tighten: a host that it names may be at a private address, which needs a list. */
function hostsRule({ before }: FieldValues): Direction {
  return before === undefined ? "none" : "fewer";
}

/**
 * The live connector that a table of another name leads to: it has the same adapter file or one of its secrets. Two
 * connectors that state no mode may have both in common, because each of their orders needs the live key.
 */
export function liveTwin(table: Table, live: LivePins): string | undefined {
  const secrets = secretsOf(table);
  for (const [name, pinned] of live) {
    if (name === nameOf(table) || (statedMode(table) === "unstated" && statedMode(pinned) === "unstated")) continue;
    const hasAdapter = table["adapter"] !== undefined && table["adapter"] === pinned["adapter"];
    if (hasAdapter || secretsOf(pinned).some((secret) => secrets.includes(secret))) return name;
  }
  return undefined;
}

function secretsOf({ auth }: Table): readonly string[] {
  return auth === undefined ? [] : Object.values(auth).map((reference) => valueText(reference));
}

interface SettingRule extends FieldRule {
  readonly needs?: ConfigChange["needs"];
}

/**
 * The settings that guards count by are signed like guards. A setting that has no rule is neutral and is read again at
 * each use.
 */
const SETTING_RULES: Readonly<Record<string, SettingRule>> = {
  "workspace.port": { needs: "restart" },
  "workspace.log_level": { needs: "restart" },
  "workspace.log_dir": { needs: "restart" },
  "workspace.history_enabled": { stricter: "on", key: "desk", needs: "restart" },
  "workspace.timezone": { stricter: "none", key: "live" },
  "account.currency": { stricter: "none", key: "live", needs: "restart" },
  "account.nav_method": { stricter: { stricter: "live" }, key: "live" },
  "uta.snapshot_interval": { stricter: "lower", key: "live", needs: "restart" },
  // Guards count the accounts in other currencies by these.
  "fx.via": { stricter: "none", key: "live" },
  "fx.pegs": { stricter: "none", key: "live" },
  "fx.rates": { stricter: "none", key: "live" },
  "connectors.agent": { stricter: "fewer", key: "desk" },
  "schedules.max_runs_per_day": { stricter: "lower", key: "desk" },
  "schedules.max_cost_usd_per_day": { stricter: "lower", key: "desk" },
  "schedules.max_proposals_per_day": { stricter: "lower", key: "desk" },
  "ui.approve": { stricter: { stricter: "none" }, key: "desk" },
  "ui.origins": { stricter: "fewer", key: "desk" },
  "agent.unconfined": { stricter: "off", key: "desk" },
  "agent.env": { stricter: "fewer", key: "desk" },
};

function compareSettings(name: SettingsTable, before: Table, after: Table): readonly ConfigChange[] {
  return changedFields(before, after).map(({ field, ...values }) => {
    const path = `${name}.${field}`;
    const { stricter, key = "none", needs = "reload" } = SETTING_RULES[path] ?? {};
    const effect = stricter === undefined ? "neutral" : judge(stricter, values);
    const text = { before: textOrNull(values.before), after: textOrNull(values.after) };
    return { path, ...text, effect, key: effect === "loosens" ? key : "none", needs };
  });
}

/** What lets more run unattended is signed; switching a schedule off, or removing it, is not. */
function compareSchedules(before: readonly Table[] = [], after: readonly Table[] = []): readonly ComparedTable[] {
  const idOf = ({ id }: Table): string => String(id);
  const known = new Map(before.map((table) => [idOf(table), table]));
  const found = new Set(after.map(idOf));
  const change = (
    path: string,
    { before: from, after: to }: FieldValues,
    effect: ConfigChange["effect"],
  ): ConfigChange => ({
    path: `schedule.${path}`,
    before: textOrNull(from),
    after: textOrNull(to),
    effect,
    key: effect === "loosens" ? "desk" : "none",
    needs: "reload",
  });
  return [
    ...after.map((table): ComparedTable => {
      const id = idOf(table);
      const earlier = known.get(id);
      if (earlier === undefined) return { after: table, changes: [change(id, { after: table }, "loosens")] };
      const changes = changedFields(earlier, table).map(({ field, ...values }) =>
        change(`${id}.${field}`, values, judge(field === "enabled" ? "off" : "none", values)),
      );
      return { before: earlier, after: table, changes };
    }),
    ...before
      .filter((table) => !found.has(idOf(table)))
      .map((table) => ({ before: table, changes: [change(idOf(table), { before: table }, "tightens")] })),
  ];
}

function compareNews(before: readonly Table[], after: readonly Table[]): readonly ConfigChange[] {
  const named = (list: readonly Table[]): Table => Object.fromEntries(list.map((feed) => [nameOf(feed), feed]));
  return changedFields(named(before), named(after)).map(({ field, ...values }) => ({
    path: `news.${field}`,
    before: textOrNull(values.before),
    after: textOrNull(values.after),
    effect: "neutral",
    key: "none",
    needs: "restart",
  }));
}

function textOrNull(value: TableValue | undefined): string | null {
  return value === undefined ? null : valueText(value);
}
