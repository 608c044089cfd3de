/** Tests of one client: they run where it is in the cache, and else say why they do not. */
import { describe } from "vitest";
import { CLIENTS, type ClientPackage, node24, problemOf, programOf } from "./cache.ts";

export interface FoundClient {
  /** What starts it: the program, or Node and its script. */
  readonly argv: readonly [string, ...string[]];
  readonly version: string;
}

/** @throws where there is no client of that name. */
export function describeClient(name: string, about: string, tests: (client: FoundClient) => void): void {
  const client = CLIENTS.find((one) => one.name === name);
  if (client === undefined) throw new Error(`no client is called ${name}`);
  const problem = unwanted(client) ?? problemOf(client);
  if (problem !== undefined) process.stderr.write(`skipped: ${about}: ${problem}\n`);
  const argv: readonly [string, ...string[]] = client.needsNode24
    ? [node24() ?? "node", programOf(client)]
    : [programOf(client)];
  describe.skipIf(problem !== undefined)(about, () => tests({ argv, version: client.version }));
}

/** `npm run clients NAME` tries only those. */
function unwanted({ name }: ClientPackage): string | undefined {
  const asked = process.env["QOC_CLIENTS"];
  return asked === undefined || asked.split(",").includes(name) ? undefined : `${name} was not asked for`;
}
