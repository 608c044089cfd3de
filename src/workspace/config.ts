/** Reads desk.toml. Every problem is reported with its file, line, column and key; no key is ignored. */
import { dirname, isAbsolute, resolve } from "node:path";
import type * as z from "zod";
import { text } from "../domain/decimal.ts";
import type { PageScope } from "../domain/pages/page-session.ts";
import { canonicalJson } from "../domain/canonical-json.ts";
import { digestOf } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { guardKeys, guardOptions, type GuardConfig, type GuardKey } from "../domain/config/guard-config.ts";
import { type ConnectorName, type Digest, IdError, connectorName, suggestion } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";
import type { Mode } from "../domain/market/venue.ts";
import { hasCode } from "../lib/error-code.ts";
import { isInside } from "../lib/path-containment.ts";
import { builtInType } from "./built-in-types.ts";
import {
  type ConfigFile,
  type ConfigProblem,
  connectorProblems,
  isTable,
  misplacedReferences,
  placeOf,
  unimplementedTables,
  unknownConnectors,
} from "./config-checks.ts";
import {
  type AGENT_RUNTIMES,
  SECRET_LITERAL,
  type SecretRef,
  UNIMPLEMENTED_TABLES,
  deskSchema,
} from "./config-schema.ts";
import { type AccountConfig, accountOf } from "./account-config.ts";
import { type FxConfig, readFx } from "./fx-config.ts";
import { type ScheduleConfig, type ScheduleLimits, readDeskSchedules } from "./schedule-config.ts";
import { type KeyPath, type TomlTable, formatKeyPath, locateKey, parseToml } from "./toml.ts";

export const CONFIG_FORMAT = 1;
export const CONFIG_BYTES_MAX = 1024 * 1024;
/** A desk parses its file a few times: to compile code for a schema, as zod does, would take longer than to parse. */
const ONCE = { jitless: true } as const;

const MINUTE_MS = 60_000;

export interface ConnectorConfig {
  readonly name: ConnectorName;
  readonly type: string;
  readonly enabled: boolean;
  /** Absolute path; undefined: the built-in adapter of `type`. */
  readonly adapter?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly orders: boolean;
  readonly quotes?: string | undefined;
  readonly venues: readonly string[];
  readonly isolation: "worker" | "process";
  readonly hosts?: readonly string[] | undefined;
  readonly grant: readonly string[];
  readonly proxy?: string | undefined;
  /** Absolute path of a PEM file. */
  readonly ca?: string | undefined;
  readonly memoryMb?: number | undefined;
  /** A decimal, in the account's currency. */
  readonly firstOrderNotional: string;
  readonly auth: Readonly<Record<string, SecretRef>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** `[agent]`: the program that works on issues, and its limits. */
export interface AgentConfig {
  readonly runtime: (typeof AGENT_RUNTIMES)[number];
  readonly command?: readonly string[] | undefined;
  readonly model?: string | undefined;
  readonly instructions?: string | undefined;
  readonly maxTurns: number;
  readonly maxCostUsd: number;
  readonly timeoutMs: number;
  readonly env: readonly string[];
  readonly unconfined: boolean;
}

/** `[[news]]`: one RSS or Atom feed. */
export interface NewsFeed {
  readonly name: string;
  readonly url: string;
  readonly everyMs: number;
}

export interface DeskConfig {
  readonly digest: Digest;
  readonly workspace: {
    readonly name: string;
    readonly port: number;
    readonly logLevel: "error" | "warn" | "info" | "debug" | "trace";
    readonly logDir?: string | undefined;
    readonly historyEnabled: boolean;
    readonly historyMaxSnapshots: number;
    readonly timezone: string;
  };
  readonly account: AccountConfig;
  readonly uta: { readonly snapshotInterval: number };
  readonly fx: FxConfig;
  readonly connectors: readonly ConnectorConfig[];
  /** The connectors that agents may use; undefined: all enabled ones. */
  readonly agentConnectors?: readonly string[] | undefined;
  readonly guards: readonly GuardConfig[];
  readonly agent: AgentConfig;
  readonly news: readonly NewsFeed[];
  readonly schedules: readonly ScheduleConfig[];
  readonly scheduleLimits: ScheduleLimits;
  readonly ui: {
    /** What a page may approve. */
    readonly approve: PageScope;
    /** Further origins of the page, beside those of this machine. */
    readonly origins: readonly string[];
  };
  readonly risk: Readonly<Record<string, unknown>>;
  readonly contextFiles: readonly string[];
}

type DeskToml = z.output<ReturnType<typeof deskSchema>>;

/** Reads a desk.toml; `globalPath` is the user's file with defaults, if it exists. @throws as `readConfig`. */
export async function loadConfig(disk: Disk, path: string, globalPath?: string): Promise<DeskConfig> {
  const text = await disk.readText(path, CONFIG_BYTES_MAX).catch((error) => Promise.reject(readProblem(error)));
  const hasDefaults = globalPath !== undefined && (await disk.facts(globalPath)) !== undefined;
  if (!hasDefaults) return readConfig(text, path);
  return readConfig(text, path, { path: globalPath, text: await disk.readText(globalPath, CONFIG_BYTES_MAX) });
}

/** The error of a desk.toml that cannot be read: no file, a folder, no right to read. */
export function readProblem(error: unknown): QocError {
  if (error instanceof QocError) return error;
  const message = hasCode(error, "ENOENT") ? "the file does not exist" : messageOf(error);
  return new QocError("CONFIG_UNREADABLE", { message }, { cause: error });
}

/**
 * Reads the text of a desk.toml. `path` is its absolute path. The guards of the global file stay in force beside the
 * guards of the desk.toml; for everything else the desk.toml wins.
 * @throws QocError of the first problem; its message lists how many others there are.
 */
export function readConfig(text: string, path: string, globalFile?: ConfigFile): DeskConfig {
  const local = upgradeFormat(parseToml(text, path), path);
  const { guard: globalGuards, ...defaults } =
    globalFile === undefined ? {} : parseToml(globalFile.text, globalFile.path);
  const problems: ConfigProblem[] = [...unimplementedTables(local)];
  const document = Object.fromEntries(
    Object.entries(mergeTables(defaults, local)).filter(([key]) => !UNIMPLEMENTED_TABLES.includes(key)),
  );
  const parsed = deskSchema().safeParse(document, ONCE);
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(issue)));
  problems.push(...misplacedReferences(local));
  const guards = readGuards(document["guard"], { path, text }, problems);
  if (globalFile !== undefined) {
    const found: ConfigProblem[] = [];
    guards.push(...readGuards(missingFrom(document["guard"], globalGuards, found), globalFile, found));
    problems.push(...found.map((problem) => ({ ...problem, file: globalFile })));
  }
  const connectors = parsed.success ? readConnectors(parsed.data.connector, path, problems) : [];
  if (parsed.success) problems.push(...unknownConnectors(parsed.data));
  const fail = (at: KeyPath, message: string): unknown => problems.push({ code: "CONFIG_INVALID", path: at, message });
  const schedules = parsed.success ? readDeskSchedules(parsed.data, fail) : [];
  if (problems.length > 0 || !parsed.success) throw configError(problems, path, text);
  const files = [{ path, text }, ...(globalFile === undefined ? [] : [globalFile])];
  const currencyAt = placeOf(["account", "currency"], files);
  return build(parsed.data, { digest: digestOf(text), currencyAt, connectors, guards, schedules });
}

/** In format 0 the table `[workspace]` was called `[desk]`. */
function upgradeFormat(document: TomlTable, file: string): TomlTable {
  const format = document["format"] ?? CONFIG_FORMAT;
  if (typeof format === "number" && format > CONFIG_FORMAT)
    throw new QocError("FORMAT_TOO_NEW", { what: file, found: format, known: CONFIG_FORMAT });
  if (format !== 0) return document;
  const { desk, ...tables } = document;
  const upgraded = { ...tables, format: CONFIG_FORMAT };
  return desk === undefined ? upgraded : { ...upgraded, workspace: desk };
}

/**
 * Values of the workspace win. An empty string or a zero removes the value of the global file. Lists are not merged.
 */
function mergeTables(defaults: TomlTable, local: TomlTable): TomlTable {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(local)) {
    const inherited = merged[key];
    if (isTable(value) && isTable(inherited)) merged[key] = mergeTables(inherited, value);
    else if ((value === "" || value === 0) && inherited !== undefined) delete merged[key];
    else merged[key] = value;
  }
  return merged;
}

function problemsOf(issue: z.core.$ZodIssue): readonly ConfigProblem[] {
  const path = issue.path.filter((part): part is string | number => typeof part !== "symbol");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      code: "CONFIG_INVALID",
      path: [...path, key],
      message: `unknown key${suggestion(key, knownKeys(path))}`,
    }));
  }
  if (path.includes("auth")) {
    const isLiteral = JSON.stringify(issue).includes(SECRET_LITERAL);
    return [
      {
        code: isLiteral ? "SECRET_LITERAL" : "CONFIG_INVALID",
        path,
        message: 'must be { env = "NAME" } or { file = "/path" }',
      },
    ];
  }
  return [{ code: "CONFIG_INVALID", path, message: issue.message }];
}

function knownKeys(path: KeyPath): readonly string[] {
  const shape: Record<string, unknown> = deskSchema().shape;
  if (path.length === 0) return [...Object.keys(shape), ...UNIMPLEMENTED_TABLES];
  if (path[0] === "connector") return Object.keys(deskSchema().shape.connector.unwrap().element.shape);
  if (path[0] === "workspace") return Object.keys(deskSchema().shape.workspace.unwrap().shape);
  return [];
}

/**
 * Returns the global guards that desk.toml does not repeat exactly. Both sets are evaluated, so the stricter guard
 * applies. A custom guard is never a repetition: its adapter is relative to the file that names it.
 */
function missingFrom(local: unknown, globalGuards: unknown, problems: ConfigProblem[]): readonly unknown[] {
  const repeated = new Set(Array.isArray(local) ? local.map(canonicalJson) : []);
  if (globalGuards === undefined) return [];
  const isList = Array.isArray(globalGuards) && globalGuards.every((entry) => isTable(entry) && "key" in entry);
  if (!isList)
    problems.push({ code: "CONFIG_INVALID", path: ["guard"], message: "must be [[guard]] tables with a key" });
  // A repeated entry keeps its place, so that the line of a later problem is found.
  return isList
    ? globalGuards.map((entry) => (!("adapter" in entry) && repeated.has(canonicalJson(entry)) ? undefined : entry))
    : [];
}

function readGuards(tables: unknown, { path: file, text }: ConfigFile, problems: ConfigProblem[]): GuardConfig[] {
  if (!Array.isArray(tables)) return [];
  const guards: GuardConfig[] = [];
  for (const [index, entry] of tables.entries()) {
    if (!isTable(entry) || typeof entry["key"] !== "string") continue;
    const { key } = entry;
    const line = locateKey(text, ["guard", index]).line;
    if ((guardKeys() as readonly string[]).includes(key)) {
      const parsed = guardOptions()[key as GuardKey].safeParse(entry, ONCE);
      if (parsed.success) guards.push({ kind: "built-in", line, options: parsed.data } as GuardConfig);
      else problems.push(...parsed.error.issues.flatMap((issue) => guardProblems(issue, index, key as GuardKey)));
    } else if (typeof entry["adapter"] === "string") {
      const { key: _key, adapter, enabled, ...options } = entry;
      guards.push({
        kind: "custom",
        line,
        key,
        enabled: enabled !== false,
        adapter: absolutePath(file, adapter as string),
        options,
      });
    } else {
      const hint = suggestion(key, guardKeys());
      const message = `unknown guard ${JSON.stringify(key)}${hint}; a custom guard requires adapter = "./path.ts"`;
      problems.push({ code: "CONFIG_INVALID", path: ["guard", index, "key"], message });
    }
  }
  return guards;
}

function guardProblems(issue: z.core.$ZodIssue, index: number, key: GuardKey): readonly ConfigProblem[] {
  return problemsOf(issue).map((problem) => {
    const name = String(problem.path.at(-1) ?? "");
    const hint = problem.message.startsWith("unknown key")
      ? suggestion(name, Object.keys(guardOptions()[key].shape))
      : "";
    return { ...problem, path: ["guard", index, ...problem.path], message: `${problem.message}${hint} (guard ${key})` };
  });
}

function absolutePath(file: string, path: string): string {
  return isAbsolute(path) ? path : resolve(dirname(file), path);
}

function readConnectors(
  entries: DeskToml["connector"],
  file: string,
  problems: ConfigProblem[],
): readonly ConnectorConfig[] {
  const names = new Set<string>();
  return entries.flatMap((entry, index) => {
    const fail = (key: string, message: string): void =>
      void problems.push({ code: "CONFIG_INVALID", path: ["connector", index, key], message });
    let name: ConnectorName;
    try {
      name = connectorName(entry.name);
    } catch (error) {
      if (!(error instanceof IdError)) throw error;
      fail("name", error.message);
      return [];
    }
    if (names.has(name)) fail("name", `duplicate name: ${name}`);
    names.add(name);
    if (entry.type === "custom" && entry.adapter === undefined)
      fail("type", 'a custom connector requires adapter = "./path.ts"');
    for (const [key, source] of Object.entries(entry.auth)) {
      if (!("file" in source) || !isInside(dirname(file), resolve(source.file))) continue;
      const message = "the file history would store a secret file inside the workspace; move it outside";
      problems.push({ code: "CONFIG_INVALID", path: ["connector", index, "auth", key], message });
    }
    problems.push(...connectorProblems(entry, index));
    const builtIn = builtInType(entry);
    if (entry.type !== "custom" && entry.adapter === undefined && builtIn === undefined)
      problems.push({ code: "CONFIG_NOT_YET", path: ["connector", index, "type"], message: "" });
    return [
      {
        name,
        type: entry.type,
        enabled: entry.enabled,
        adapter: entry.adapter === undefined ? undefined : absolutePath(file, entry.adapter),
        mode: entry.mode ?? builtIn?.mode(entry.options),
        orders: entry.orders && builtIn?.isDataOnly !== true,
        quotes: entry.quotes,
        venues: entry.venues,
        isolation: entry.isolation,
        hosts: entry.hosts ?? builtIn?.hosts(entry.options),
        grant: [...new Set([...(builtIn?.grants?.(entry.options) ?? []), ...entry.grant])],
        proxy: entry.proxy,
        ca: entry.ca === undefined ? undefined : absolutePath(file, entry.ca),
        memoryMb: entry.memory_mb,
        firstOrderNotional: text(entry.first_order_notional),
        auth: entry.auth,
        options: entry.options,
      },
    ];
  });
}

interface ConfigParts extends Pick<DeskConfig, "digest" | "connectors" | "guards" | "schedules"> {
  readonly currencyAt: string | undefined;
}

function build(data: DeskToml, { currencyAt, ...parts }: ConfigParts): DeskConfig {
  return {
    ...parts,
    workspace: {
      name: data.workspace.name,
      port: data.workspace.port,
      logLevel: data.workspace.log_level,
      logDir: data.workspace.log_dir,
      historyEnabled: data.workspace.history_enabled,
      historyMaxSnapshots: data.workspace.history_max_snapshots,
      timezone: data.workspace.timezone,
    },
    account: accountOf(data.account, currencyAt),
    uta: { snapshotInterval: data.uta.snapshot_interval },
    fx: readFx(data.fx),
    agentConnectors: data.connectors.agent,
    agent: buildAgent(data.agent),
    news: data.news.map(({ name, url, every }) => ({ name, url, everyMs: every })),
    scheduleLimits: data.schedules,
    ui: data.ui,
    risk: { ...data.risk, ...data.context.risk },
    contextFiles: data.context.files,
  };
}

function buildAgent(agent: DeskToml["agent"]): AgentConfig {
  return {
    runtime: agent.runtime,
    command: agent.command,
    model: agent.model,
    instructions: agent.instructions,
    maxTurns: agent.max_turns,
    maxCostUsd: agent.max_cost_usd,
    timeoutMs: Math.round(agent.timeout_minutes * MINUTE_MS),
    env: agent.env,
    unconfined: agent.unconfined,
  };
}

function configError(problems: readonly ConfigProblem[], file: string, text: string): QocError {
  const described = problems.map((problem) => ({
    ...problem,
    file: problem.file?.path ?? file,
    key: formatKeyPath(problem.path),
    ...locateKey(problem.file?.text ?? text, problem.path),
  }));
  const [first] = described;
  if (first === undefined)
    return new QocError("CONFIG_INVALID", { file, line: 1, column: 1, key: "", message: "is not a desk.toml" });
  const others =
    described.length > 1
      ? ` (and ${described.length - 1} more: ${described
          .slice(1, 4)
          .map(({ key, line }) => `${key} line ${line}`)
          .join(", ")})`
      : "";
  const { code, key, line, column, message } = first;
  return new QocError(code, { file: first.file, line, column, key, message: `${message}${others}` });
}
