/** Defines the tests of one client; they are skipped with the reason if the client is not in the cache. */
import { describe } from "vitest";
import { CLIENTS, type ClientPackage, node24, problemOf, programOf } from "./cache.ts";

export interface InstalledClient {
  /** The command that starts the client: the program, or Node and a script. */
  readonly argv: readonly [string, ...string[]];
  readonly version: string;
}

/** @throws if there is no client of that name. */
export function describeClient(name: string, about: string, tests: (client: InstalledClient) => void): void {
  const client = CLIENTS.find((one) => one.name === name);
  if (client === undefined) throw new Error(`no client is called ${name}`);
  const problem = notSelected(client) ?? problemOf(client);
  if (problem !== undefined) process.stderr.write(`skipped: ${about}: ${problem}\n`);
  const argv: readonly [string, ...string[]] = client.needsNode24
    ? [node24() ?? "node", programOf(client)]
    : [programOf(client)];
  describe.skipIf(problem !== undefined)(about, () => tests({ argv, version: client.version }));
}

/** `npm run clients NAME` tests only the named clients. */
function notSelected({ name }: ClientPackage): string | undefined {
  const asked = process.env["QOC_CLIENTS"];
  return asked === undefined || asked.split(",").includes(name) ? undefined : `${name} was not asked for`;
}
