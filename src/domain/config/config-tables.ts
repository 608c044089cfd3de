/**
 * The tables of desk.toml as plain data: the names of the file, every default filled in, paths relative to the desk's
 * folder where they are inside it, secrets only as references. This is what the journal keeps when a file takes force.
 */
import { canonicalJson } from "../canonical-json.ts";
import { digestOf } from "../digest.ts";
import type { Digest } from "../ids.ts";
import type { Mode } from "../market/venue.ts";

export type TableValue =
  | string
  | number
  | boolean
  | readonly TableValue[]
  | { readonly [name: string]: TableValue | undefined };
export type Table = Readonly<Record<string, TableValue | undefined>>;

/** The tables that exist once, with one value for each of their keys. */
export const SETTINGS = [
  "workspace",
  "account",
  "uta",
  "fx",
  "connectors",
  "agent",
  "schedules",
  "ui",
  "risk",
  "context",
] as const;
export type SettingsTable = (typeof SETTINGS)[number];

export type ConfigTables = Readonly<Record<SettingsTable, Table>> & {
  /** Each has a `name`. A live one with `adapter` has `code`, the digest of its bundled file, once that was signed. */
  readonly connector: readonly Table[];
  /**
   * Each has a `key`. A guard with `adapter` has `code`, the digest of its bundled file. The guards of the user's
   * global file are here, too.
   */
  readonly guard: readonly Table[];
  readonly news: readonly Table[];
  /** Each has an `id`. Absent in records of earlier versions. */
  readonly schedule: readonly Table[];
};

/** What a desk.toml without `[ui]` means; records of earlier versions lack the table. */
const UI_DEFAULTS: Table = { approve: "paper", origins: [] };

/** One settings table; empty if a record of an earlier version lacks it. */
export function settingsOf(tables: ConfigTables, name: SettingsTable): Table {
  return tables[name] ?? (name === "ui" ? UI_DEFAULTS : {});
}

/** The default of `first_order_notional`, which a connector's table leaves out. */
export const FIRST_ORDER_NOTIONAL = "100";

/** A longer desk.toml would not fit into a record of the journal, which also lists what changed. */
export const TABLES_BYTES_MAX = 128 * 1024;

/** Covers every table; comments and the order of keys do not count. */
export function digestTables(tables: ConfigTables): Digest {
  return digestOf(canonicalJson(tables));
}

export function nameOf(connector: Table): string {
  return String(connector["name"]);
}

/** The mode that a connector's table states: the built-in paper venue is paper. */
export function statedMode({ mode, type, adapter }: Table): Mode {
  if (mode === "live" || mode === "paper") return mode;
  return type === "paper" && adapter === undefined ? "paper" : "unstated";
}

/**
 * Whether a connector is enabled, takes orders, and is not paper. `reported`: the mode that its adapter reported, for a
 * table that states none.
 */
export function routesRealOrders(connector: Table, reported: Mode = "unstated"): boolean {
  const stated = statedMode(connector);
  const mode = stated === "unstated" ? reported : stated;
  return connector["enabled"] === true && connector["orders"] === true && mode !== "paper";
}
