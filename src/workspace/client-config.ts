/**
 * The entry by which an agent's program finds the desk, in that program's own file and words, and how it comes into a file that
 * is there already: no other entry is changed, and a file that cannot be understood is left alone.
 */
import { parse as parseToml } from "smol-toml";
import { tryParseJson } from "../lib/json.ts";

export const CLIENTS = ["claude", "codex", "opencode", "gemini"] as const;
export type Client = (typeof CLIENTS)[number];

/** Where the desk is, and what lets an agent in. */
export interface DeskEntry {
  readonly url: string;
  readonly token: string;
}

/** What the program calls the desk. */
export const SERVER = "qoc";

/** Why an entry cannot be put into a file. */
export class MergeError extends Error {}

interface ClientConfig {
  /** In a folder that the program is started in, or in the home folder. */
  readonly file: string;
  text(entry: DeskEntry): string;
  /** @throws MergeError. */
  merged(existing: string, entry: DeskEntry): string;
}

function bearer({ token }: DeskEntry): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

function json(file: string, section: string, entryOf: (entry: DeskEntry) => object): ClientConfig {
  return {
    file,
    text: (entry) => jsonText({ [section]: { [SERVER]: entryOf(entry) } }, 2),
    merged: (existing, entry) => {
      const whole = objectIn(parsed(existing), "the file");
      const servers = objectIn(whole[section] ?? {}, section);
      refuseOther(servers[SERVER], entry);
      const indent = /^([ \t]+)"/m.exec(existing)?.[1] ?? 2;
      return jsonText({ ...whole, [section]: { ...servers, [SERVER]: entryOf(entry) } }, indent);
    },
  };
}

function codexText(entry: DeskEntry): string {
  return [
    `[mcp_servers.${SERVER}]`,
    `url = ${JSON.stringify(entry.url)}`,
    `http_headers = { Authorization = ${JSON.stringify(bearer(entry).Authorization)} }`,
    "",
  ].join("\n");
}

const CONFIGS: Readonly<Record<Client, ClientConfig>> = {
  claude: json(".mcp.json", "mcpServers", (entry) => ({ type: "http", url: entry.url, headers: bearer(entry) })),
  codex: {
    file: ".codex/config.toml",
    text: codexText,
    merged: (existing, entry) => {
      const servers = objectIn(toml(existing)["mcp_servers"] ?? {}, "mcp_servers");
      if (SERVER in servers) throw new MergeError(`it has an entry ${SERVER} already; take that out first`);
      const merged = `${existing.trimEnd()}\n\n${codexText(entry)}`;
      // An inline table takes no more entries from further down.
      toml(merged);
      return merged;
    },
  },
  // The program would otherwise look for a sign-in page at an address that refuses it.
  opencode: json("opencode.json", "mcp", (entry) => ({
    type: "remote",
    url: entry.url,
    headers: bearer(entry),
    oauth: false,
    enabled: true,
  })),
  gemini: json(".gemini/settings.json", "mcpServers", (entry) => ({ httpUrl: entry.url, headers: bearer(entry) })),
};

export function clientConfig(client: Client): ClientConfig {
  return CONFIGS[client];
}

/** Words for a shell that do the same, where the program has them. */
export function clientCommand(client: Client, { url, token }: DeskEntry): string | undefined {
  return client === "claude"
    ? `claude mcp add --transport http ${SERVER} ${url} --header "Authorization: Bearer ${token}"`
    : undefined;
}

function jsonText(value: object, indent: number | string): string {
  return `${JSON.stringify(value, null, indent)}\n`;
}

/** An entry of this very desk is made new; one of another desk, or another thing of that name, is somebody's. */
function refuseOther(found: unknown, { url }: DeskEntry): void {
  if (found === undefined || JSON.stringify(found).includes(JSON.stringify(url))) return;
  throw new MergeError(`it has another entry ${SERVER} already; take that out first`);
}

type Table = Readonly<Record<string, unknown>>;

function objectIn(value: unknown, what: string): Table {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Table;
  throw new MergeError(`${what} is no table of entries`);
}

function parsed(text: string): unknown {
  if (text.trim() === "") return {};
  const value = tryParseJson(text);
  if (value === undefined) throw new MergeError("it is not plain JSON");
  return value;
}

function toml(text: string): Table {
  try {
    return parseToml(text);
  } catch {
    throw new MergeError("it is not TOML that this desk can read");
  }
}
