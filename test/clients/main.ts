/**
 * `npm run clients [-- --install | --update] [NAME…]`: tries the desk with every client in the cache, or with those that are
 * named. `--install` puts them there and tries nothing, `--update` writes their transcripts anew.
 */
import { spawnSync } from "node:child_process";
import { clientsNamed, installClients } from "./install.ts";

const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith("--"));
const names = words.filter((word) => !word.startsWith("--"));

function main(): number {
  const unknown = options.filter((option) => option !== "--install" && option !== "--update");
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; there are --install and --update`);
  const clients = clientsNamed(names);
  if (options.includes("--install"))
    return installClients(names, (line) => void process.stdout.write(`${line}\n`)) ? 0 : 1;
  const vitest = ["vitest", "run", "--project", "clients", ...(options.includes("--update") ? ["--update=all"] : [])];
  const env = { ...process.env, QOC_CLIENTS: clients.map(({ name }) => name).join(",") };
  return spawnSync("npx", vitest, { stdio: "inherit", env }).status ?? 1;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
