/**
 * The module `qoc:exchange` of the ccxt connector: one exchange of the package ccxt, which is found as Node finds
 * packages. The package's main file imports a hundred exchanges, and its exports name no single one.
 */
import { basename } from "node:path";
import { closestMatch, suggestion } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";
import { parentFolders } from "../lib/parent-folders.ts";

export const EXCHANGE_MODULE = "qoc:exchange";

export const NO_EXCHANGE =
  "no exchange is chosen: set exchange in [connector.options], or in [options] of certify.toml";

export interface ExchangeRequest {
  /** The exchange's id at ccxt, for example `kraken`. */
  readonly id: string;
  /** Folders in which, and above which, the package may be installed; the first of them is the user's. */
  readonly folders: readonly string[];
}

/** The file of the exchange, or why it was not found, and the nearest exchange that there is. */
export type ExchangeFile =
  | { readonly id: string; readonly path: string }
  | { readonly problem: string; readonly near?: string | undefined };

const PACKAGE = "node_modules/ccxt";
/** The version whose files and signatures the connector was written for. */
const MAJOR = "4";

export async function findExchange(disk: Disk, { id, folders }: ExchangeRequest): Promise<ExchangeFile> {
  const [own = "."] = folders;
  const install = `run npm install ccxt@${MAJOR} in ${own}`;
  for (const folder of folders) {
    const root = await findPackage(disk, folder);
    if (root === undefined) continue;
    const { version } = JSON.parse(await disk.readText(`${root}/package.json`)) as { version?: string };
    if (version?.startsWith(`${MAJOR}.`) !== true)
      return { problem: `${root} is version ${version}, and this connector needs version ${MAJOR}: ${install}` };
    const ids = (await disk.list(`${root}/js/src`))
      .filter(({ name, kind }) => kind === "file" && name.endsWith(".js"))
      .map(({ name }) => basename(name, ".js"));
    if (ids.includes(id)) return { id, path: `${root}/js/src/${id}.js` };
    const problem = `ccxt ${version} has no exchange ${JSON.stringify(id)}${suggestion(id, ids)}`;
    return { problem, near: closestMatch(id, ids) };
  }
  return { problem: `package ccxt is not installed: ${install}` };
}

async function findPackage(disk: Disk, start: string): Promise<string | undefined> {
  for (const folder of [start, ...parentFolders(start)]) {
    const root = `${folder === "/" ? "" : folder}/${PACKAGE}`;
    if ((await disk.facts(`${root}/js/src`))?.kind === "directory") return root;
  }
  return undefined;
}

/** Exchanges that use none of the parts that ccxt's base class loads for others. The connector has a review of each. */
const PLAIN_EXCHANGES: ReadonlySet<string> = new Set(["binance", "coinbase", "kraken"]);
const BASE_CLASS = "/node_modules/ccxt/js/src/base/Exchange.js";
/** Signatures and messages of single exchanges, which are two thirds of a bundle. */
const PARTS =
  /^@scure\/starknet$|\/(?:functions\/starknet\.js$|protobuf\/|static_dependencies\/(?:dydx-v4-client|zklink)\/)/;

/** Whether the chosen exchange needs no code of this import of ccxt's base class. */
export function isPartOfOthers(id: string, { importer, path }: { readonly importer: string; readonly path: string }) {
  return PLAIN_EXCHANGES.has(id) && importer.endsWith(BASE_CLASS) && PARTS.test(path);
}

/** The text of the module. */
export function exchangeSource(id: string): string {
  return `export { default as Exchange } from "${EXCHANGE_MODULE}";\nexport const id = ${JSON.stringify(id)};\n`;
}
