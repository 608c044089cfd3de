/**
 * The clients that the desk is tested with, each in its exact version, in a folder outside this package: they are
 * large, some may not be redistributed, and no client is needed to build or run the desk. Tests of a missing client are
 * skipped with a message.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface ClientPackage {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  /** The program's file inside `node_modules`, not a script that looks for it. */
  readonly program: string;
  /** The client is JavaScript and needs a newer Node than the desk. */
  readonly needsNode24: boolean;
}

/** Names of platform-specific packages end in this. */
const SYSTEM = `${process.platform}-${process.arch}`;

/** Node 24, for clients that do not run on the desk's oldest supported Node. */
export const NODE: ClientPackage = {
  name: "node",
  package: `node-${SYSTEM}`,
  version: "24.21.0",
  program: `node-${SYSTEM}/bin/node`,
  needsNode24: false,
};

export const CLIENTS: readonly ClientPackage[] = [
  {
    name: "conformance",
    package: "@modelcontextprotocol/conformance",
    version: "0.2.0-alpha.12",
    program: "@modelcontextprotocol/conformance/dist/index.js",
    needsNode24: true,
  },
  {
    name: "inspector",
    package: "@modelcontextprotocol/inspector",
    version: "2.12.0",
    program: "@modelcontextprotocol/inspector/clients/launcher/build/index.js",
    needsNode24: true,
  },
  {
    name: "claude",
    package: "@anthropic-ai/claude-code",
    version: "2.1.329",
    program: `@anthropic-ai/claude-code-${SYSTEM}/claude`,
    needsNode24: false,
  },
  {
    name: "codex",
    package: "@openai/codex",
    version: "0.169.0",
    program: "@openai/codex/bin/codex.js",
    needsNode24: false,
  },
  {
    name: "opencode",
    package: "opencode-ai",
    version: "1.18.33",
    program: `opencode-${SYSTEM}/bin/opencode`,
    needsNode24: false,
  },
  {
    name: "gemini",
    package: "@google/gemini-cli",
    version: "0.61.0",
    program: "@google/gemini-cli/bundle/gemini.js",
    needsNode24: false,
  },
];

export function cacheFolder(): string {
  return process.env["QOC_CLIENTS_DIR"] ?? join(homedir(), ".cache", "qoc-clients");
}

export function clientFolder({ name, version }: ClientPackage): string {
  return join(cacheFolder(), `${name}@${version}`);
}

export function programOf(client: ClientPackage): string {
  return join(clientFolder(client), "node_modules", client.program);
}

/** Returns the reason why a client cannot be used; undefined if it is installed in its version. */
export function problemOf(client: ClientPackage): string | undefined {
  const { name, version } = client;
  const how = `npm run clients -- --install ${name}`;
  try {
    const about = JSON.parse(
      readFileSync(join(clientFolder(client), "node_modules", client.package, "package.json"), "utf8"),
    ) as {
      version?: unknown;
    };
    if (about.version !== version) return `${name} is ${String(about.version)} and not ${version} (${how})`;
    accessSync(programOf(client), client.needsNode24 ? constants.R_OK : constants.X_OK);
  } catch {
    return `${name} ${version} is not in ${cacheFolder()} (${how})`;
  }
  return client.needsNode24 && node24() === undefined
    ? `${name} needs Node 24, which is not in ${cacheFolder()} (${how})`
    : undefined;
}

/** Returns this Node's path if it is new enough, else the path of the cached one. */
export function node24(): string | undefined {
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  try {
    const path = programOf(NODE);
    return execFileSync(path, ["--version"], { encoding: "utf8" }).trim() === `v${NODE.version}` ? path : undefined;
  } catch {
    return undefined;
  }
}
