/** desk.toml → a typed configuration. Every problem is found, with file, line, column and the key's path; nothing is ignored. */
import { dirname, isAbsolute, resolve } from "node:path";
import { TomlError, parse } from "smol-toml";
import type { z } from "zod";
import { digestOf } from "../domain/digest.ts";
import { type ErrorCode, QocError } from "../domain/error.ts";
import { GUARD_KEYS, GUARD_OPTIONS, type GuardConfig, type GuardKey } from "../domain/guard-config.ts";
import { type ConnectorName, type Digest, IdError, connectorName, suggestion } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";
import type { Mode } from "../domain/venue.ts";
import { type AgentConfig, agentOf } from "./agent-config.ts";
import { type NewsFeed, newsOf } from "./news-config.ts";
import { NOT_YET, SECRET_LITERAL, type SecretRef, deskSchema } from "./config-schema.ts";
import { type KeyPath, locateKey, pathText } from "./toml-position.ts";
import { isInside } from "../lib/path-containment.ts";
import { tomlErrorMessage } from "./toml-position.ts";

export const CONFIG_FORMAT = 1;
const CONFIG_BYTES_MAX = 1024 * 1024;

export interface ConnectorConfig {
  readonly name: ConnectorName;
  readonly type: string;
  readonly enabled: boolean;
  /** Absolute; absent: the built-in of that type. */
  readonly adapter?: string;
  readonly mode?: Mode;
  readonly orders: boolean;
  readonly venues: readonly string[];
  readonly isolation: "worker" | "process";
  readonly hosts?: readonly string[];
  readonly grant: readonly string[];
  readonly memoryMb?: number;
  readonly auth: Readonly<Record<string, SecretRef>>;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface DeskConfig {
  readonly digest: Digest;
  readonly workspace: {
    readonly name: string;
    readonly port: number;
    readonly logLevel: "error" | "warn" | "info" | "debug" | "trace";
    readonly logDir?: string;
    readonly historyEnabled: boolean;
    readonly historyMaxSnapshots: number;
    readonly timezone: string;
  };
  readonly account: { readonly currency: string; readonly navMethod: "last_snapshot" | "live" };
  readonly uta: { readonly snapshotInterval: number };
  readonly connectors: readonly ConnectorConfig[];
  /** Connectors that agents may reach; undefined: all that are enabled. */
  readonly agentConnectors?: readonly string[];
  readonly guards: readonly GuardConfig[];
  readonly agent: AgentConfig;
  readonly news: readonly NewsFeed[];
  readonly risk: Readonly<Record<string, unknown>>;
  readonly contextFiles: readonly string[];
}

/** @throws QocError of the first problem; its message names how many more there are, its `data` lists them all. */
export async function loadConfig(disk: Disk, path: string, globalPath?: string): Promise<DeskConfig> {
  const text = await disk.readText(path, CONFIG_BYTES_MAX);
  const inherited =
    globalPath === undefined || (await disk.facts(globalPath)) === undefined
      ? undefined
      : await disk.readText(globalPath, CONFIG_BYTES_MAX);
  const defaults = inherited === undefined ? {} : table(inherited, globalPath ?? "");
  return readConfig(text, path, defaults);
}

type Table = Record<string, unknown>;

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function table(text: string, file: string): Table {
  try {
    return parse(text) as Table;
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = tomlErrorMessage(error);
    throw new QocError("CONFIG_SYNTAX", { file, line: error.line, column: error.column, message }, { cause: error });
  }
}

interface Problem {
  readonly code: ErrorCode;
  readonly path: KeyPath;
  readonly message: string;
}

/** The text of one desk.toml; `path` is its absolute path, `defaults` the global configuration. */
export function readConfig(text: string, path: string, defaults: Table = {}): DeskConfig {
  const own = upgraded(table(text, path), path);
  const problems: Problem[] = [];
  for (const key of Object.keys(own))
    if (NOT_YET.includes(key)) problems.push({ code: "CONFIG_NOT_YET", path: [key], message: "" });
  const document = Object.fromEntries(Object.entries(inherit(defaults, own)).filter(([key]) => !NOT_YET.includes(key)));
  const parsed = deskSchema.safeParse(document);
  if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => problemsOf(issue)));
  const guards = readGuards(document["guard"], path, text, problems);
  const connectors = parsed.success ? readConnectors(parsed.data.connector, path, problems) : [];
  if (problems.length > 0 || !parsed.success) throw asError(problems, path, text);
  return build(parsed.data, text, connectors, guards);
}

/** Format 0 called the first table `[desk]`. */
function upgraded(document: Table, file: string): Table {
  const format = document["format"] ?? CONFIG_FORMAT;
  if (typeof format === "number" && format > CONFIG_FORMAT)
    throw new QocError("FORMAT_TOO_NEW", { what: file, found: format, known: CONFIG_FORMAT });
  if (format !== 0) return document;
  const { desk, ...rest } = document;
  return { ...rest, format: CONFIG_FORMAT, ...(desk === undefined ? {} : { workspace: desk }) };
}

/** The workspace wins; an empty string or a zero in it unsets what the global file says. Lists are not merged. */
function inherit(defaults: Table, own: Table): Table {
  const out: Table = { ...defaults };
  for (const [key, value] of Object.entries(own)) {
    const below = out[key];
    if (isTable(value) && isTable(below)) out[key] = inherit(below, value);
    else if ((value === "" || value === 0) && below !== undefined) delete out[key];
    else out[key] = value;
  }
  return out;
}

function problemsOf(issue: z.core.$ZodIssue): readonly Problem[] {
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
  const shape: Record<string, unknown> = deskSchema.shape;
  if (path.length === 0) return [...Object.keys(shape), ...NOT_YET];
  const inner = JSON.stringify(path[0]);
  if (inner === '"connector"') return Object.keys(deskSchema.shape.connector.unwrap().element.shape);
  if (inner === '"workspace"') return Object.keys(deskSchema.shape.workspace.unwrap().shape);
  return [];
}

function readGuards(raw: unknown, file: string, text: string, problems: Problem[]): readonly GuardConfig[] {
  if (!Array.isArray(raw)) return [];
  const guards: GuardConfig[] = [];
  for (const [index, entry] of raw.entries()) {
    if (!isTable(entry) || typeof entry["key"] !== "string") continue;
    const { key } = entry;
    const line = locateKey(text, ["guard", index]).line;
    if ((GUARD_KEYS as readonly string[]).includes(key)) {
      const parsed = GUARD_OPTIONS[key as GuardKey].safeParse(entry);
      if (parsed.success) guards.push({ kind: "built-in", line, options: parsed.data } as GuardConfig);
      else problems.push(...parsed.error.issues.flatMap((issue) => guardProblems(issue, index, key as GuardKey)));
    } else if (typeof entry["adapter"] === "string") {
      const { key: _key, adapter, enabled, ...options } = entry;
      guards.push({
        kind: "custom",
        line,
        key,
        enabled: enabled !== false,
        adapter: absolute(file, adapter as string),
        options,
      });
    } else {
      const message = `unknown guard ${JSON.stringify(key)}${suggestion(key, GUARD_KEYS)}; a guard of your own needs adapter = "./path.ts"`;
      problems.push({ code: "CONFIG_INVALID", path: ["guard", index, "key"], message });
    }
  }
  return guards;
}

function guardProblems(issue: z.core.$ZodIssue, index: number, key: GuardKey): readonly Problem[] {
  return problemsOf(issue).map((problem) => {
    const name = String(problem.path.at(-1) ?? "");
    const hint = problem.message.startsWith("unknown key")
      ? suggestion(name, Object.keys(GUARD_OPTIONS[key].shape))
      : "";
    return { ...problem, path: ["guard", index, ...problem.path], message: `${problem.message}${hint} (guard ${key})` };
  });
}

function absolute(file: string, path: string): string {
  return isAbsolute(path) ? path : resolve(dirname(file), path);
}

function readConnectors(
  raw: z.output<typeof deskSchema>["connector"],
  file: string,
  problems: Problem[],
): readonly ConnectorConfig[] {
  const names = new Set<string>();
  return raw.flatMap((entry, index) => {
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
    if (names.has(name)) fail("name", `${name} stands twice`);
    names.add(name);
    if (entry.type === "custom" && entry.adapter === undefined)
      fail("type", 'a custom connector needs adapter = "./path.ts"');
    for (const [key, source] of Object.entries(entry.auth)) {
      if (!("file" in source) || !isInside(dirname(file), resolve(source.file))) continue;
      const message = "a secret file inside the workspace would be kept in its history; put it outside";
      problems.push({ code: "CONFIG_INVALID", path: ["connector", index, "auth", key], message });
    }
    if (entry.type !== "custom" && entry.type !== "paper" && entry.adapter === undefined) {
      problems.push({ code: "CONFIG_NOT_YET", path: ["connector", index, "type"], message: "" });
    }
    return [
      {
        name,
        type: entry.type,
        enabled: entry.enabled,
        ...(entry.adapter === undefined ? {} : { adapter: absolute(file, entry.adapter) }),
        ...(entry.mode === undefined ? {} : { mode: entry.mode }),
        orders: entry.orders,
        venues: entry.venues,
        isolation: entry.isolation,
        ...(entry.hosts === undefined ? {} : { hosts: entry.hosts }),
        grant: entry.grant,
        ...(entry.memory_mb === undefined ? {} : { memoryMb: entry.memory_mb }),
        auth: entry.auth,
        options: entry.options,
      },
    ];
  });
}

function build(
  data: z.output<typeof deskSchema>,
  text: string,
  connectors: readonly ConnectorConfig[],
  guards: readonly GuardConfig[],
): DeskConfig {
  return {
    digest: digestOf(text),
    workspace: {
      name: data.workspace.name,
      port: data.workspace.port,
      logLevel: data.workspace.log_level,
      ...(data.workspace.log_dir === undefined ? {} : { logDir: data.workspace.log_dir }),
      historyEnabled: data.workspace.history_enabled,
      historyMaxSnapshots: data.workspace.history_max_snapshots,
      timezone: data.workspace.timezone,
    },
    account: { currency: data.account.currency, navMethod: data.account.nav_method },
    uta: { snapshotInterval: data.uta.snapshot_interval },
    connectors,
    ...(data.connectors.agent === undefined ? {} : { agentConnectors: data.connectors.agent }),
    guards,
    agent: agentOf(data.agent),
    news: newsOf(data.news),
    risk: { ...data.risk, ...data.context.risk },
    contextFiles: data.context.files,
  };
}

function asError(problems: readonly Problem[], file: string, text: string): QocError {
  const described = problems.map((problem) => ({
    ...problem,
    key: pathText(problem.path),
    ...locateKey(text, problem.path),
  }));
  const [first] = described;
  if (first === undefined)
    return new QocError("CONFIG_INVALID", { file, line: 1, column: 1, key: "", message: "is not a desk.toml" });
  const more =
    described.length > 1
      ? ` (and ${described.length - 1} more: ${described
          .slice(1, 4)
          .map(({ key, line }) => `${key} line ${line}`)
          .join(", ")})`
      : "";
  const { code, key, line, column, message } = first;
  return new QocError(code, { file, line, column, key, message: `${message}${more}` });
}
