/**
 * Refuses files of other users in a bundle, and pipes and devices, which have no end. Packages are found in every
 * folder above the importing file, as Node finds them, so another user who can write to one of these folders could put
 * a package there, a link to one, or a file in which the bundler reads where imports lead.
 */
import { basename, dirname, resolve } from "node:path";
import type { Plugin } from "esbuild";
import type { Disk } from "../domain/ports.ts";
import { parentFolders } from "../lib/parent-folders.ts";
import { quoteForShell } from "../lib/shell.ts";
import { PACKAGE } from "./package-folders.ts";

const ROOT_UID = 0;

/** Returns why a file may not be in the bundle, or undefined. */
export type OwnerCheck = (path: string) => Promise<string | undefined>;

/** Files may belong to root and to the owners of these paths: the adapter that the operator named, and the desk. */
export async function ownerCheck(disk: Disk, trusted: readonly string[]): Promise<OwnerCheck> {
  const facts = await Promise.all(trusted.map((path) => disk.facts(path)));
  const owners = new Set([ROOT_UID, ...facts.flatMap((known) => (known === undefined ? [] : [known.uid]))]);
  const [first = ROOT_UID] = [...owners].filter((uid) => uid !== ROOT_UID);
  return async (path) => {
    const found = await disk.facts(path);
    if (found === undefined) return undefined;
    if (found.kind === "other") return `${path} is a pipe, a socket or a device: remove it, or put a file in its place`;
    if (BUNDLER_FILES.includes(basename(path)) && found.size > BUNDLER_FILE_BYTES_MAX)
      return `${path} has ${found.size} bytes: a file of this name can have at most ${BUNDLER_FILE_BYTES_MAX}`;
    const owner = found.uid;
    if (owners.has(owner)) return undefined;
    return (
      `${path} belongs to user ${owner}, who is neither root nor the owner of ${trusted[0]}: install the package ` +
      `beside it, or if you trust the file, type: sudo chown -h ${first} ${quoteForShell(path)}`
    );
  };
}

/** The bundler reads them in the folder of each file and in every folder above. */
const BUNDLER_FILES: readonly string[] = ["tsconfig.json", "jsconfig.json", "package.json"];
const BUNDLER_FILE_BYTES_MAX = 1024 * 1024;
/** Yarn's lists of packages, which the bundler reads before it looks for folders of packages. */
const PACKAGE_LISTS: readonly string[] = [".pnp.cjs", ".pnp.js", ".pnp.data.json"];
const PACKAGE_ENTRY = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/;
/** A folder of packages, with the scope and the name that follow. */
const PACKAGE_PARTS = /\/node_modules(?=\/|$)(?:\/(@[^/]+))?(?:\/([^/]+))?/g;

/** Each may be a link, which leads to packages of elsewhere: `/a/node_modules`, `/a/node_modules/@b` and `…/@b/c`. */
function packageParts(path: string): readonly string[] {
  return [...path.matchAll(PACKAGE_PARTS)].flatMap(({ 0: whole, 1: scope, index }) => {
    const folder = `${path.slice(0, index)}/node_modules`;
    return [folder, ...(scope === undefined ? [] : [`${folder}/${scope}`]), path.slice(0, index + whole.length)];
  });
}

/** Put it before other plugins: it decides nothing but refusals. */
export function ownerPlugin(disk: Disk, checkOwner: OwnerCheck): Plugin {
  const known = new Map<string, Promise<string | undefined>>();
  const check: OwnerCheck = (path) => {
    const checked = known.get(path) ?? checkOwner(path);
    known.set(path, checked);
    return checked;
  };
  const firstProblem = async (paths: readonly string[]): Promise<string | undefined> =>
    (await Promise.all(paths.map(check))).find((problem) => problem !== undefined);
  const refusal = (problem: string | undefined) =>
    problem === undefined ? undefined : { errors: [{ text: problem }] };
  const bundlerFiles = (folder: string): readonly string[] =>
    [folder, ...parentFolders(folder)].flatMap((each) =>
      [...BUNDLER_FILES, ...PACKAGE_LISTS].map((name) => `${each === "/" ? "" : each}/${name}`),
    );
  return {
    name: "qoc-file-owners",
    setup: (build) => {
      // Before the bundler reads the files of a folder, which it does while it resolves.
      build.onResolve({ filter: /^(\/|\.{1,2}(\/|$))/ }, async ({ path, resolveDir }) =>
        refusal(
          await firstProblem([resolve(resolveDir, path)].flatMap((to) => [...packageParts(to), ...bundlerFiles(to)])),
        ),
      );
      build.onResolve({ filter: PACKAGE }, async ({ path, resolveDir }) => {
        if (resolveDir === "") return undefined;
        const [name] = PACKAGE.exec(path) ?? [];
        const entries = [resolveDir, ...parentFolders(resolveDir)].map((folder) => `${folder}/node_modules/${name}`);
        return refusal(
          await firstProblem(entries.flatMap((entry) => [...packageParts(entry), `${entry}/package.json`])),
        );
      });
      build.onLoad({ filter: /.*/, namespace: "file" }, async ({ path }) => {
        // The bundler takes archives for folders, and no file in one has an owner.
        if ((await disk.facts(path)) === undefined)
          return refusal(`${path} is not on the disk, but in an archive: unpack it`);
        const [entry = path] = PACKAGE_ENTRY.exec(path) ?? [];
        return refusal(await firstProblem([path, entry, ...bundlerFiles(dirname(path))]));
      });
    },
  };
}
