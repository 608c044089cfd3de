/** Converts between the configuration that the desk uses and the tables that the journal keeps. */
import { relative, resolve } from "node:path";
import {
  type ConfigTables,
  FIRST_ORDER_NOTIONAL,
  type Table,
  type TableValue,
  digestTables,
  settingsOf,
} from "../domain/config/config-tables.ts";
import { type Decimal, decimal, text } from "../domain/decimal.ts";
import {
  DECIMAL_OPTIONS,
  type BuiltInGuard,
  type CustomGuard,
  type GuardConfig,
} from "../domain/config/guard-config.ts";
import type { ConnectorName, Digest } from "../domain/ids.ts";
import { isInside } from "../lib/path-containment.ts";
import type { AgentConfig, ConnectorConfig, DeskConfig } from "./config.ts";
import { fxOf, fxTable } from "./fx-config.ts";
import { type DeskSchedule, deskSchedule, limitsTable, scheduleLimitsSchema } from "./schedule-config.ts";

const MINUTE_MS = 60_000;
/** A value that JSON cannot hold is a table with this key. */
const TYPED = "$toml";

const TYPED_ABOVE = "10000";

/** The tables of a configuration. `root` is the desk's folder. */
export function tablesOf(config: Omit<DeskConfig, "digest">, root: string): ConfigTables {
  const { workspace, account, uta, agent } = config;
  return {
    workspace: {
      name: workspace.name,
      port: workspace.port,
      log_level: workspace.logLevel,
      log_dir: workspace.logDir,
      history_enabled: workspace.historyEnabled,
      history_max_snapshots: workspace.historyMaxSnapshots,
      timezone: workspace.timezone,
    },
    account: {
      currency: account.currency,
      nav_method: account.navMethod,
      type_symbol_above: account.typedAbove,
      risk_free_pct: account.riskFreePct === 0 ? undefined : account.riskFreePct,
    },
    uta: { snapshot_interval: uta.snapshotInterval },
    fx: fxTable(config.fx),
    connectors: { agent: config.agentConnectors },
    agent: agentTable(agent),
    risk: encodeTable(config.risk),
    context: { files: config.contextFiles },
    connector: config.connectors.map((connector) => connectorTable(connector, root)),
    guard: config.guards.map((guard) => guardTable(guard, root)),
    news: config.news.map(({ name, url, everyMs }) => ({ name, url, every: everyMs / MINUTE_MS })),
    schedules: limitsTable(config.scheduleLimits),
    ui: { approve: config.ui.approve, origins: config.ui.origins },
    schedule: config.schedules.map(({ digest: _digest, path: _path, ...schedule }) => schedule),
  };
}

/** The configuration of accepted tables. `root` is the desk's folder. */
export function configOf(tables: ConfigTables, root: string): DeskConfig {
  // The journal's hash was verified, so the tables have the shape that `tablesOf` made.
  const member = (table: Table, name: string): never => table[name] as never;
  const { workspace, account } = tables;
  const ui = settingsOf(tables, "ui");
  return {
    digest: digestTables(tables),
    workspace: {
      name: member(workspace, "name"),
      port: member(workspace, "port"),
      logLevel: member(workspace, "log_level"),
      logDir: member(workspace, "log_dir"),
      historyEnabled: member(workspace, "history_enabled"),
      historyMaxSnapshots: member(workspace, "history_max_snapshots"),
      timezone: member(workspace, "timezone"),
    },
    account: {
      currency: member(account, "currency"),
      navMethod: member(account, "nav_method"),
      // Records of earlier versions lack it.
      typedAbove: String(account["type_symbol_above"] ?? TYPED_ABOVE),
      riskFreePct: Number(account["risk_free_pct"] ?? 0),
    },
    uta: { snapshotInterval: member(tables.uta, "snapshot_interval") },
    fx: fxOf(tables.fx),
    connectors: tables.connector.map((table) => connectorOf(table, root)),
    agentConnectors: member(tables.connectors, "agent"),
    guards: tables.guard.map((table) => guardOf(table, root)),
    agent: agentOf(tables.agent),
    news: tables.news.map((table) => ({
      name: member(table, "name"),
      url: member(table, "url"),
      everyMs: Number(table["every"]) * MINUTE_MS,
    })),
    // Records of earlier versions lack these tables.
    scheduleLimits: scheduleLimitsSchema().parse(tables.schedules ?? {}),
    schedules: (tables.schedule ?? []).map((table) => deskSchedule(table as unknown as DeskSchedule)),
    ui: { approve: member(ui, "approve"), origins: member(ui, "origins") },
    risk: decodeTable(tables.risk),
    contextFiles: member(tables.context, "files"),
  };
}

function agentTable({ maxTurns, maxCostUsd, timeoutMs, ...agent }: AgentConfig): Table {
  return { ...agent, max_turns: maxTurns, max_cost_usd: maxCostUsd, timeout_minutes: timeoutMs / MINUTE_MS };
}

function agentOf({ max_turns, max_cost_usd, timeout_minutes, ...agent }: Table): AgentConfig {
  const limits = {
    maxTurns: Number(max_turns),
    maxCostUsd: Number(max_cost_usd),
    timeoutMs: Math.round(Number(timeout_minutes) * MINUTE_MS),
  };
  return { ...agent, ...limits } as unknown as AgentConfig;
}

function connectorTable({ memoryMb, firstOrderNotional, ...connector }: ConnectorConfig, root: string): Table {
  const { adapter, ca, options, ...rest } = connector;
  return {
    ...rest,
    memory_mb: memoryMb,
    // Records of earlier versions lack it: the default must not look like a change.
    first_order_notional: firstOrderNotional === FIRST_ORDER_NOTIONAL ? undefined : firstOrderNotional,
    adapter: relativePath(adapter, root),
    ca: relativePath(ca, root),
    options: encodeTable(options),
  };
}

function connectorOf({ memory_mb, first_order_notional, ...connector }: Table, root: string): ConnectorConfig {
  const { adapter, ca, options, ...table } = connector;
  return {
    ...(table as unknown as ConnectorConfig),
    name: table["name"] as ConnectorName,
    memoryMb: memory_mb as number | undefined,
    firstOrderNotional: String(first_order_notional ?? FIRST_ORDER_NOTIONAL),
    adapter: absolutePath(adapter, root),
    ca: absolutePath(ca, root),
    options: decodeTable((options ?? {}) as Table),
  };
}

/** A path inside the desk's folder starts with `./`, so that the folder can be moved. */
function relativePath(path: string | undefined, root: string): string | undefined {
  return path !== undefined && isInside(root, path) ? `./${relative(root, path)}` : path;
}

function absolutePath(path: TableValue | undefined, root: string): string | undefined {
  return path === undefined ? undefined : resolve(root, String(path));
}

function guardTable(guard: GuardConfig, root: string): Table {
  if (guard.kind === "custom") {
    const { key, enabled, adapter, code, options } = guard;
    return { key, enabled, adapter: relativePath(adapter, root), code, options: encodeTable(options) };
  }
  const members = Object.entries(guard.options).map(([name, value]) => [
    name,
    DECIMAL_OPTIONS.includes(name) ? text(value as Decimal) : value,
  ]);
  return Object.fromEntries(members) as Table;
}

function guardOf(table: Table, root: string): GuardConfig {
  if (table["adapter"] !== undefined) {
    const custom: CustomGuard = {
      kind: "custom",
      line: 0,
      key: String(table["key"]),
      enabled: table["enabled"] !== false,
      adapter: resolve(root, String(table["adapter"])),
      code: table["code"] as Digest | undefined,
      options: decodeTable((table["options"] ?? {}) as Table),
    };
    return custom;
  }
  const members = Object.entries(table).map(([name, value]) => [
    name,
    DECIMAL_OPTIONS.includes(name) ? decimal(String(value)) : value,
  ]);
  return { kind: "built-in", line: 0, options: Object.fromEntries(members) as BuiltInGuard["options"] } as BuiltInGuard;
}

function encodeTable(table: Readonly<Record<string, unknown>>): Table {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, encode(value)]));
}

function decodeTable(table: Table): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, decode(value)]));
}

/** TOML has dates and the numbers inf and nan, which JSON has not. */
function encode(value: unknown): TableValue {
  if (value instanceof Date) return { [TYPED]: value.toISOString() };
  if (typeof value === "number" && !Number.isFinite(value)) return { [TYPED]: String(value) };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === "object" && value !== null) return encodeTable(value as Readonly<Record<string, unknown>>);
  return value as TableValue;
}

function decode(value: TableValue | undefined): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object") return value;
  const typed = (value as Table)[TYPED];
  if (typeof typed !== "string") return decodeTable(value as Table);
  const date = new Date(typed);
  return Number.isNaN(date.getTime()) ? Number(typed) : date;
}
