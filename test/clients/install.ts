/** Installs clients into the cache, each in its exact version and its own folder, and checks the installed versions. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { CLIENTS, type ClientPackage, NODE, clientFolder, node24, problemOf } from "./cache.ts";

const INSTALL_MS = 300_000;

/** Returns the clients with these names, or all clients if there are no names. @throws for an unknown name. */
export function clientsNamed(names: readonly string[]): readonly ClientPackage[] {
  const unknown = names.filter((name) => !CLIENTS.some((client) => client.name === name));
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(", ")}; there are ${CLIENTS.map(({ name }) => name).join(", ")}`);
  return names.length === 0 ? CLIENTS : CLIENTS.filter(({ name }) => names.includes(name));
}

/** Reports the result for each client. Returns true if all of them are installed. */
export function installClients(names: readonly string[], say: (line: string) => void): boolean {
  const wanted = clientsNamed(names);
  let isWhole = true;
  if (wanted.some((client) => client.needsNode24) && node24() === undefined) isWhole = install(NODE, say);
  for (const client of wanted) {
    const isThere = problemOf(client) === undefined;
    if (isThere) say(`${client.name} ${client.version} is installed`);
    isWhole = (isThere || install(client, say)) && isWhole;
  }
  return isWhole;
}

/** Runs no install scripts. The folder gets its final name once the installation is complete. */
function install(client: ClientPackage, say: (line: string) => void): boolean {
  const folder = clientFolder(client);
  const half = `${folder}.half`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  writeFileSync(`${half}/package.json`, `${JSON.stringify({ private: true })}\n`);
  try {
    const args = [
      "install",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
      "--save-exact",
      `${client.package}@${client.version}`,
    ];
    execFileSync("npm", args, { cwd: half, stdio: ["ignore", "ignore", "pipe"], timeout: INSTALL_MS });
  } catch (error) {
    say(`${client.name} ${client.version} could not be installed: ${lastLine(error)}`);
    rmSync(half, { recursive: true, force: true });
    return false;
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(half, folder);
  const problem = problemOf(client);
  say(problem ?? `${client.name} ${client.version} installed`);
  return problem === undefined;
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: Buffer; message: string };
  const lines = (stderr?.toString() ?? message).trim().split("\n");
  return (lines.find((line) => line.includes("error code")) ?? lines.at(-1) ?? message).slice(0, 300);
}
