/**
 * `npm run clients [-- --install | --update] [NAME…]`: tests the desk with every client in the cache, or with the named
 * clients. `--install` installs clients and tests nothing; `--update` rewrites their transcripts.
 */
import { spawnSync } from "node:child_process";
import { clientsNamed, installClients } from "./install.ts";

const args = process.argv.slice(2);
const options = args.filter((word) => word.startsWith("--"));
const names = args.filter((word) => !word.startsWith("--"));

function main(): number {
  const unknown = options.filter((option) => option !== "--install" && option !== "--update");
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; expected --install or --update`);
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
