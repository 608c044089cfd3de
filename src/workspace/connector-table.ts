/** The `[[connector]]` table that `qoc connect` appends to desk.toml. Every other byte of the file stays. */
import { isDeepStrictEqual } from "node:util";
import { QocError } from "../domain/errors/error.ts";
import { type ConnectWords, type WordOption, builtInType } from "./built-in-types.ts";
import type { ConfigFile } from "./config-checks.ts";
import { type DeskConfig, readConfig } from "./config.ts";

export interface NewConnector {
  readonly name: string;
  /** A built-in type. */
  readonly type: string;
  /** For types that have paper and live accounts. */
  readonly environment: "paper" | "live";
  /** The variable of a secret is the prefix and the secret's name in capitals. */
  readonly envPrefix: string;
  /** Where TWS or IB Gateway listens, as host and port. */
  readonly address?: string | undefined;
  /** The address of a fake venue on this machine. */
  readonly venue?: string | undefined;
  /** The words that the type takes. */
  readonly words?: ConnectWords;
  /** Of a paper venue: the connector on whose quotes it trades. */
  readonly quotes?: string | undefined;
}

/** The environment variable of each secret that the connector needs. */
export function secretVariables({
  type,
  envPrefix,
  words = {},
}: Pick<NewConnector, "type" | "envPrefix" | "words">): readonly {
  readonly secret: string;
  readonly variable: string;
}[] {
  const { secrets = () => [] } = builtInType({ type }) ?? {};
  return secrets(words).map((secret) => ({ secret, variable: `${envPrefix}${secret.toUpperCase()}` }));
}

/** The words that the type takes beside those that were given. */
export function wordOptions(type: string, words: ConnectWords): readonly WordOption[] {
  return builtInType({ type })?.words?.(words) ?? [];
}

export function hasEnvironments(type: string): boolean {
  return hasOption(type, "environment");
}

export function hasOption(type: string, option: string): boolean {
  return builtInType({ type })?.options.includes(option) === true;
}

/** The lines of the table. */
export function connectorTable(connector: NewConnector): readonly string[] {
  const { name, type, environment, address, venue, words = {}, quotes } = connector;
  const linesOf = (isOfTable: boolean): readonly string[] =>
    wordOptions(type, words)
      .filter((option) => (option.isOfTable === true) === isOfTable)
      .flatMap(({ option, toml }) => toml(words[option] ?? "") ?? []);
  const auth = secretVariables(connector).map(({ secret, variable }) => `  ${secret} = { env = "${variable}" }`);
  const options = [
    ...(hasEnvironments(type) ? [`  environment = "${environment}"`] : []),
    ...(address === undefined ? [] : [`  address = ${JSON.stringify(address)}`]),
    ...(venue === undefined ? [] : [`  venue = ${JSON.stringify(venue)}`]),
    ...linesOf(false).map((line) => `  ${line}`),
  ];
  return [
    "[[connector]]",
    `name = ${JSON.stringify(name)}`,
    `type = ${JSON.stringify(type)}`,
    "enabled = true",
    ...(quotes === undefined ? [] : [`quotes = ${JSON.stringify(quotes)}`]),
    // A live connector does not start in a thread.
    ...(hasEnvironments(type) && environment === "live" ? ['isolation = "process"'] : []),
    ...linesOf(true),
    ...(auth.length === 0 ? [] : ["  [connector.auth]", ...auth]),
    ...(options.length === 0 ? [] : ["  [connector.options]", ...options]),
  ];
}

const BY_HAND = "edit desk.toml by hand, then: qoc reload";

export interface ExtendedConfig {
  readonly text: string;
  /** The line of the new table. */
  readonly line: number;
  readonly config: DeskConfig;
}

/**
 * Returns the file with the connector's table at its end, and what the file then means.
 * @throws CONNECTOR_EXISTS; CONNECT_NOT_WRITTEN if the table would change anything else; as `readConfig`, for the file
 * and for the table.
 */
export function withConnector(file: ConfigFile, connector: NewConnector, globalFile?: ConfigFile): ExtendedConfig {
  const before = readConfig(file.text, file.path, globalFile);
  if (before.connectors.some(({ name }) => name === connector.name))
    throw new QocError("CONNECTOR_EXISTS", { path: `connector ${connector.name} of desk.toml` });
  const lineEnd = file.text.includes("\r\n") ? "\r\n" : "\n";
  const start = file.text === "" || file.text.endsWith("\n") ? file.text : `${file.text}${lineEnd}`;
  const text = `${start}${["", ...connectorTable(connector), ""].join(lineEnd)}`;
  const config = readExtended({ path: file.path, text }, globalFile);
  // The list of desk.toml replaces the one of the global file.
  if (!isDeepStrictEqual(config.connectors.slice(0, -1), before.connectors))
    throw new QocError("CONNECT_NOT_WRITTEN", {
      reason: `the connectors of ${globalFile?.path ?? "the global file"} count only while desk.toml has none`,
      next: BY_HAND,
    });
  return { text, line: start.split("\n").length + 1, config };
}

function readExtended(file: ConfigFile, globalFile: ConfigFile | undefined): DeskConfig {
  try {
    return readConfig(file.text, file.path, globalFile);
  } catch (error) {
    if (!(error instanceof QocError)) throw error;
    const reason =
      error.code === "CONFIG_SYNTAX"
        ? "it has its connectors in one list, and a table cannot follow: write each as [[connector]]"
        : `the new table is not valid: ${error.message}`;
    throw new QocError("CONNECT_NOT_WRITTEN", { reason, next: BY_HAND }, { cause: error });
  }
}
