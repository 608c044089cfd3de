/**
 * Refuses files of other users in a bundle. Packages are found in every folder above the importing file, as Node finds
 * them, so another user who can write to one of these folders could put a package there.
 */
import type { Plugin } from "esbuild";
import type { Disk } from "../domain/ports.ts";
import { quoteForShell } from "../lib/shell.ts";

const ROOT_UID = 0;

/** Returns why a file may not be in the bundle, or undefined. */
export type OwnerCheck = (path: string) => Promise<string | undefined>;

/** Files may belong to root and to the owners of these paths: the adapter that the operator named, and the desk. */
export async function ownerCheck(disk: Disk, trusted: readonly string[]): Promise<OwnerCheck> {
  const facts = await Promise.all(trusted.map((path) => disk.facts(path)));
  const owners = new Set([ROOT_UID, ...facts.flatMap((known) => (known === undefined ? [] : [known.uid]))]);
  const [first = ROOT_UID] = [...owners].filter((uid) => uid !== ROOT_UID);
  return async (path) => {
    const owner = (await disk.facts(path))?.uid;
    if (owner === undefined || owners.has(owner)) return undefined;
    return (
      `${path} belongs to user ${owner}, who is neither root nor the owner of ${trusted[0]}: install the package ` +
      `beside it, or if you trust the file, type: sudo chown ${first} ${quoteForShell(path)}`
    );
  };
}

/** For bundles without another policy of imports. */
export function ownerPlugin(check: OwnerCheck): Plugin {
  return {
    name: "qoc-file-owners",
    setup: (build) => {
      build.onLoad({ filter: /.*/, namespace: "file" }, async ({ path }) => {
        const problem = await check(path);
        return problem === undefined ? undefined : { errors: [{ text: problem }] };
      });
    },
  };
}
