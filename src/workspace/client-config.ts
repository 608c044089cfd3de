/**
 * Adds the desk to the MCP configuration of an agent program. Other entries of the file are kept, and a file that
 * cannot be parsed is not changed. The file holds a token: it is readable by its owner only, and it must be outside
 * every workspace, because agents read the workspace and its history would store the token.
 */
import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parse as parseToml } from "smol-toml";
import { QocError } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { tryParseJson } from "../lib/json.ts";
import { quoteForShell } from "../lib/shell.ts";
import { locateWorkspace } from "./layout.ts";
import type { TomlTable } from "./toml.ts";

export const CLIENTS = ["claude", "codex", "opencode", "gemini"] as const;
export type Client = (typeof CLIENTS)[number];

/** The name of the desk's entry in every program's file. */
const SERVER_NAME = "qoc";
const FILE_BYTES_MAX = 1024 * 1024;

/** How a program on this machine starts `qoc mcp`. */
export interface McpProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Variables that lead to the desk's socket; programs pass few of their own. */
  readonly env: Readonly<Record<string, string>>;
}

/** How an agent's program reaches the desk, with the agent's token. */
export interface DeskEntry {
  /** The program starts `qoc mcp`, which proves that it has the token. Undefined: it sends the token to `url`. */
  readonly stdio: McpProgram | undefined;
  readonly url: string;
  /** The workspace's folder. */
  readonly root: string;
  readonly token: string;
}

/** `QOC_TOKEN` is the variable that `qoc mcp` reads. */
function stdioEntry({ command, args, env }: McpProgram, token: string): McpProgram {
  return { command, args, env: { ...env, QOC_TOKEN: token } };
}

/** The entry cannot be added to an existing file. */
export class MergeError extends Error {}

interface ClientConfig {
  /** Relative to the folder that the program is started in, or to the home folder. */
  readonly file: string;
  /** Returns a new file. */
  render(entry: DeskEntry): string;
  /** Returns the existing file with the entry. @throws MergeError. */
  merge(existing: string, entry: DeskEntry): string;
}

function bearer({ token }: Pick<DeskEntry, "token">): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

function jsonConfig(file: string, section: string, entryOf: (entry: DeskEntry) => object): ClientConfig {
  return {
    file,
    render: (entry) => formatJson({ [section]: { [SERVER_NAME]: entryOf(entry) } }, 2),
    merge: (existing, entry) => {
      const document = asTable(parseJsonFile(existing), "the file");
      const servers = asTable(document[section] ?? {}, section);
      refuseOtherDesk(servers[SERVER_NAME], entry);
      const indent = /^([ \t]+)"/m.exec(existing)?.[1] ?? 2;
      return formatJson({ ...document, [section]: { ...servers, [SERVER_NAME]: entryOf(entry) } }, indent);
    },
  };
}

function renderCodex({ stdio, url, token }: DeskEntry): string {
  const lines =
    stdio === undefined
      ? [`url = ${tomlText(url)}`, `http_headers = { Authorization = ${tomlText(bearer({ token }).Authorization)} }`]
      : codexProgram(stdioEntry(stdio, token));
  return [`[mcp_servers.${SERVER_NAME}]`, ...lines, ""].join("\n");
}

function codexProgram({ command, args, env }: McpProgram): readonly string[] {
  const variables = Object.entries(env).map(([name, value]) => `${name} = ${tomlText(value)}`);
  return [
    `command = ${tomlText(command)}`,
    `args = [${args.map(tomlText).join(", ")}]`,
    `env = { ${variables.join(", ")} }`,
  ];
}

/** A basic string of TOML has the escapes of JSON, and may not contain DEL. */
function tomlText(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", String.raw`\u007f`);
}

const CONFIGS: Readonly<Record<Client, ClientConfig>> = {
  claude: jsonConfig(".mcp.json", "mcpServers", ({ stdio, url, token }) =>
    stdio === undefined
      ? { type: "http", url, headers: bearer({ token }) }
      : { type: "stdio", ...stdioEntry(stdio, token) },
  ),
  codex: {
    file: ".codex/config.toml",
    render: renderCodex,
    merge: (existing, entry) => {
      const servers = asTable(parseTomlFile(existing)["mcp_servers"] ?? {}, "mcp_servers");
      if (SERVER_NAME in servers) throw new MergeError(`the file already has an entry ${SERVER_NAME}; remove it first`);
      const merged = `${existing.trimEnd()}\n\n${renderCodex(entry)}`;
      // Fails if the file has an inline table mcp_servers, which cannot be extended.
      parseTomlFile(merged);
      return merged;
    },
  },
  opencode: jsonConfig("opencode.json", "mcp", opencodeEntry),
  gemini: jsonConfig(".gemini/settings.json", "mcpServers", ({ stdio, url, token }) =>
    stdio === undefined ? { httpUrl: url, headers: bearer({ token }) } : stdioEntry(stdio, token),
  ),
};

function opencodeEntry({ stdio, url, token }: DeskEntry): object {
  // Without `oauth: false` the program would look for a sign-in page at an address that refuses the request.
  if (stdio === undefined) return { type: "remote", url, headers: bearer({ token }), oauth: false, enabled: true };
  const { command, args, env } = stdioEntry(stdio, token);
  return { type: "local", command: [command, ...args], environment: env, enabled: true };
}

export function clientConfig(client: Client): ClientConfig {
  return CONFIGS[client];
}

/** Returns a shell command that adds the entry, if the program has one. */
export function clientCommand(client: Client, { stdio, url, token }: DeskEntry): string | undefined {
  if (client !== "claude") return undefined;
  if (stdio === undefined)
    return `claude mcp add --transport http ${SERVER_NAME} ${url} --header "Authorization: Bearer ${token}"`;
  const { command, args, env } = stdioEntry(stdio, token);
  const variables = Object.entries(env).map(([name, value]) => `--env ${quoteForShell(`${name}=${value}`)}`);
  const program = [command, ...args].map(quoteForShell).join(" ");
  // --env takes all words up to the next option, so it is not the last option before the name.
  return `claude mcp add ${variables.join(" ")} --transport stdio ${SERVER_NAME} -- ${program}`;
}

export interface PreparedFile {
  readonly path: string;
  write(): Promise<void>;
}

/**
 * Checks everything that can fail, so that no token is issued for a file that cannot be written. `to` is the file, or
 * the folder of the file. @throws CLIENT_FILE_REFUSED.
 */
export async function prepareClientFile(
  disk: Disk,
  { client, entry, to }: { readonly client: Client; readonly entry: DeskEntry; readonly to: string },
): Promise<PreparedFile> {
  const { file, render, merge } = clientConfig(client);
  const requested = /\.(json|toml)$/.test(to) ? resolve(to) : join(resolve(to), file);
  const refuse = (reason: string): never => {
    throw new QocError("CLIENT_FILE_REFUSED", { path: requested, reason, client });
  };
  const folder = await realFolderOf(disk, requested, to).catch(() => refuse("the folder does not exist"));
  const path = join(folder, basename(requested));
  const workspace = await locateWorkspace(disk, folder).catch(() => undefined);
  if (workspace !== undefined) refuse(`a token must not be stored in the workspace ${workspace}`);
  const stats = await disk.facts(path);
  if (stats !== undefined && (stats.kind !== "file" || stats.links !== 1)) refuse("the file is not a regular file");
  try {
    const text = stats === undefined ? render(entry) : merge(await disk.readText(path, FILE_BYTES_MAX), entry);
    return {
      path,
      write: async () => {
        await disk.mkdir(folder, 0o700);
        await disk.writeAtomic(path, text, 0o600);
      },
    };
  } catch (error) {
    if (error instanceof MergeError) return refuse(error.message);
    throw error;
  }
}

/** Returns the real path of the file's folder. The program's own folder, such as `.codex`, need not exist yet. */
async function realFolderOf(disk: Disk, file: string, to: string): Promise<string> {
  const folder = dirname(file);
  const isNew = folder !== resolve(to) && (await disk.facts(folder)) === undefined;
  const real = await realpath(isNew ? dirname(folder) : folder);
  if ((await disk.facts(real))?.kind !== "directory") throw new Error("not a folder");
  return isNew ? join(real, basename(folder)) : real;
}

function formatJson(value: object, indent: number | string): string {
  return `${JSON.stringify(value, null, indent)}\n`;
}

/** An entry for this desk is replaced; an entry with the same name for another desk is kept. */
function refuseOtherDesk(existing: unknown, { url, root }: DeskEntry): void {
  const text = JSON.stringify(existing ?? "");
  if (existing === undefined || [url, root].some((place) => text.includes(JSON.stringify(place)))) return;
  throw new MergeError(`the file already has another entry ${SERVER_NAME}; remove it first`);
}

function asTable(value: unknown, label: string): TomlTable {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as TomlTable;
  throw new MergeError(`${label} is not a table of entries`);
}

function parseJsonFile(json: string): unknown {
  if (json.trim() === "") return {};
  const document = tryParseJson(json);
  if (document === undefined) throw new MergeError("the file is not plain JSON");
  return document;
}

function parseTomlFile(text: string): TomlTable {
  try {
    return parseToml(text);
  } catch {
    throw new MergeError("the file is not valid TOML");
  }
}
