/** Checks of desk.toml beyond its schema: what would otherwise be accepted and ignored. */
import { basename } from "node:path";
import type { ErrorCode } from "../domain/errors/error.ts";
import { suggestion } from "../domain/ids.ts";
import { connectorKeys, ENV_TEXT, UNIMPLEMENTED_TABLES, isSecretName } from "./config-schema.ts";
import { builtInType } from "./built-in-types.ts";
import { readFx } from "./fx-config.ts";
import { type KeyPath, type TomlTable, formatKeyPath, locateKey, parseToml } from "./toml.ts";

/** A configuration file; `path` is absolute. */
export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

export interface ConfigProblem {
  /** The file with the problem, if it is not the desk.toml. */
  readonly file?: ConfigFile | undefined;
  readonly code: ErrorCode;
  readonly path: KeyPath;
  readonly message: string;
}

interface NamedConnector {
  readonly name: string;
  readonly type: string;
  readonly adapter?: string | undefined;
  readonly mode?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly quotes?: string | undefined;
  readonly auth: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
}

export function isTable(value: unknown): value is TomlTable {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** `desk.toml:12` for a key of a table, in the first file that has it; undefined if none has. */
export function placeOf([table, key]: readonly [string, string], files: readonly ConfigFile[]): string | undefined {
  for (const { path, text } of files) {
    const found = parseToml(text, path)[table];
    if (isTable(found) && key in found) return `${basename(path)}:${locateKey(text, [table, key]).line}`;
  }
  return undefined;
}

/** Tables that are documented and not built, with the table that does the same today. */
const WORKING_TWINS: Readonly<Record<string, string>> = {
  ai: "; [agent] names the program that works on issues",
  "data_hub.news": "; [[news]] reads feeds",
};

/** A documented table that is not built is reported at its own line: `[data_hub.news]` and not `[data_hub]`. */
export function unimplementedTables(document: TomlTable): readonly ConfigProblem[] {
  return Object.entries(document).flatMap(([key, value]): readonly ConfigProblem[] => {
    if (!UNIMPLEMENTED_TABLES.includes(key)) return [];
    const tables = isTable(value) ? Object.keys(value).filter((name) => typeof value[name] === "object") : [];
    const paths = tables.length === 0 ? [[key]] : tables.map((name) => [key, name]);
    return paths.map((path) => ({
      code: "CONFIG_NOT_YET",
      path,
      message: WORKING_TWINS[formatKeyPath(path)] ?? WORKING_TWINS[key] ?? "",
    }));
  });
}

/** Names of connectors, in `[connectors] agent`, `[fx] via` and `quotes`, that the file does not have or cannot use. */
export function unknownConnectors({
  connector,
  connectors: { agent = [] },
  fx,
}: {
  readonly connector: readonly NamedConnector[];
  readonly connectors: { readonly agent?: readonly string[] | undefined };
  readonly fx: Parameters<typeof readFx>[0];
}): readonly ConfigProblem[] {
  const known = connector.map(({ name }) => name);
  const named: readonly (readonly [name: string, path: KeyPath])[] = [
    ...agent.map((name) => [name, ["connectors", "agent"]] as const),
    ...readFx(fx).via.map((source, index) => [source.connector, ["fx", "via", index]] as const),
  ];
  const unknown = named
    .filter(([name]) => !known.includes(name))
    .map(([name, path]): ConfigProblem => ({ code: "CONFIG_INVALID", path, message: unknownName(name, known) }));
  return [...unknown, ...wrongQuoteSources(connector)];
}

function unknownName(name: string, known: readonly string[]): string {
  return `no connector is named ${JSON.stringify(name)}${suggestion(name, known)}`;
}

/** Connectors whose `quotes` names a connector without live quotes. */
function wrongQuoteSources(connectors: readonly NamedConnector[]): readonly ConfigProblem[] {
  const names = connectors.map(({ name }) => name);
  return connectors.flatMap(({ quotes }, index): readonly ConfigProblem[] => {
    if (quotes === undefined) return [];
    const source = connectors.find(({ name }) => name === quotes);
    const message = whyNoSource(quotes, source, names);
    return message === undefined ? [] : [{ code: "CONFIG_INVALID", path: ["connector", index, "quotes"], message }];
  });
}

function whyNoSource(name: string, source: NamedConnector | undefined, names: readonly string[]): string | undefined {
  if (source === undefined) return unknownName(name, names);
  if (source.enabled === false) return `connector ${name} has enabled = false, so it gives no quotes`;
  const builtIn = builtInType(source);
  return builtIn === undefined || builtIn.hasLiveQuotes === true
    ? undefined
    : `connector ${name} gives no live quotes: ${builtIn.label} does not reach a market`;
}

/** What is wrong with a connector's table beyond the schema. */
export function connectorProblems(connector: NamedConnector, index: number): readonly ConfigProblem[] {
  const secrets = literalSecrets(connector.options, ["connector", index, "options"]);
  return [
    ...misplacedOptions(connector, index),
    ...builtInProblems(connector, index),
    ...misplacedQuotes(connector, index),
    ...secrets.map((path): ConfigProblem => ({ code: "OPTION_SECRET", path, message: "" })),
  ];
}

function misplacedQuotes({ type, adapter, quotes }: NamedConnector, index: number): readonly ConfigProblem[] {
  if (quotes === undefined || (type === "paper" && adapter === undefined)) return [];
  const message = 'is for type = "paper", which then trades on the quotes of that connector';
  return [{ code: "CONFIG_INVALID", path: ["connector", index, "quotes"], message }];
}

/** Options that are keys of `[[connector]]` one table too low, and those that a built-in connector does not take. */
function misplacedOptions(connector: NamedConnector, index: number): readonly ConfigProblem[] {
  const { options } = connector;
  const problem = (key: string, message: string): ConfigProblem => ({
    code: "CONFIG_INVALID",
    path: ["connector", index, "options", key],
    message,
  });
  const misplaced = Object.keys(options).filter((key) => connectorKeys().includes(key));
  const problems = misplaced.map((key) =>
    problem(key, "belongs to [[connector]]: write it above [connector.options] and [connector.auth]"),
  );
  const builtIn = builtInType(connector);
  if (builtIn === undefined) return problems;
  for (const key of Object.keys(options)) {
    if (misplaced.includes(key) || builtIn.options.includes(key)) continue;
    problems.push(problem(key, `is not an option of ${builtIn.label}${suggestion(key, builtIn.options)}`));
  }
  for (const key of builtIn.options) {
    const allowed = builtIn.problem(key, options[key], options);
    if (allowed === undefined) continue;
    const found = options[key] === undefined ? "missing" : JSON.stringify(options[key]);
    problems.push(problem(key, `must be ${allowed}; it is ${found}`));
  }
  return problems;
}

/** A built-in connector knows its mode and its secrets: a key that says otherwise would have no effect. */
function builtInProblems(connector: NamedConnector, index: number): readonly ConfigProblem[] {
  const builtIn = builtInType(connector);
  if (builtIn === undefined) return [];
  const problem = (key: string, message: string): ConfigProblem => ({
    code: "CONFIG_INVALID",
    path: ["connector", index, key],
    message,
  });
  const environment = builtIn.options.includes("environment");
  const instead = environment ? "set environment in [connector.options]" : `${builtIn.label} is always paper`;
  const missing = builtIn.secrets(connector.options).filter((name) => !(name in connector.auth));
  const names = missing.map((name) => `${name} = { env = "NAME" }`).join(" and ");
  return [
    ...(connector.mode === undefined ? [] : [problem("mode", `is for type = "custom"; ${instead}`)]),
    ...(missing.length === 0 ? [] : [problem("auth", `${builtIn.label} needs ${names} in [connector.auth]`)]),
  ];
}

/** `env:X` names a variable in `[connector.auth]` and is a literal text everywhere else. */
export function misplacedReferences(value: unknown, path: KeyPath = []): readonly ConfigProblem[] {
  if (path[0] === "connector" && path[2] === "auth") return [];
  if (typeof value === "string" && ENV_TEXT.test(value)) {
    const message = `${JSON.stringify(value)} is read from the environment in [connector.auth] only; write the value`;
    return [{ code: "CONFIG_INVALID", path, message }];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => misplacedReferences(item, [...path, index]));
  if (!isTable(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => misplacedReferences(member, [...path, key]));
}

/** The paths of texts in `[connector.options]` that are secrets by their name. Agents can read options. */
function literalSecrets(value: unknown, path: KeyPath): readonly KeyPath[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => literalSecrets(item, [...path, index]));
  if (!isTable(value)) return [];
  return Object.entries(value).flatMap(([name, option]) => {
    const at = [...path, name];
    return isSecretName(name) && holdsText(option) ? [at] : literalSecrets(option, at);
  });
}

/** A number or a switch, such as `token_ttl = 30`, is no secret. A reference works in `[connector.auth]` only. */
function holdsText(option: unknown): boolean {
  if (Array.isArray(option)) return option.some(holdsText);
  return typeof option === "string" || (isTable(option) && ("env" in option || "file" in option));
}
