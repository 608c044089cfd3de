/**
 * `npm run clients [-- --install | --update] [NAME…]`: tries the desk with every client in the cache, or with those that are
 * named. `--install` puts them there and tries nothing, `--update` writes their transcripts anew.
 */
import { spawnSync } from "node:child_process";
import { clientsNamed, installClients } from "./install.ts";

const words = process.argv.slice(2);
const options = words.filter((word) => word.startsWith("--"));
const names = words.filter((word) => !word.startsWith("--"));

const unknown = options.filter((option) => option !== "--install" && option !== "--update");
if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(", ")}; there are --install and --update`);
if (options.includes("--install")) process.exit(installClients(names, (line) => void process.stdout.write(`${line}\n`)) ? 0 : 1);

const QOC_CLIENTS = clientsNamed(names).map(({ name }) => name).join(",");
const vitest = ["vitest", "run", "test/clients", ...(options.includes("--update") ? ["--update=all"] : [])];
process.exit(spawnSync("npx", vitest, { stdio: "inherit", env: { ...process.env, QOC_CLIENTS } }).status ?? 1);
