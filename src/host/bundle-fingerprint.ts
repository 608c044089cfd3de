/** What went into a bundle, so that it can be said later whether the same would come out again. */
import { dirname } from "node:path";
import { sha256Hex } from "../domain/digest.ts";
import type { Disk, Entry } from "../domain/ports.ts";

export interface BundleFingerprint {
  readonly files: readonly (readonly [path: string, sha256: string])[];
  /** Whole: by the list of its files; otherwise only by what names packages. */
  readonly folders: readonly (readonly [path: string, isWhole: boolean, sha256: string])[];
}

/** Gathers while the bundle is made, each file as the bundler was given it. */
export interface FingerprintRecorder {
  readonly onFile: (path: string, contents: Uint8Array, root: string) => Promise<void>;
  readonly onLink: () => void;
  /** undefined where it cannot be known whether the same would come out again. */
  record(): Promise<BundleFingerprint | undefined>;
}

const PACKAGES = "node_modules";
/** What a folder above the desk can hold that decides where an import leads. */
const MARKS: readonly string[] = [PACKAGES, "package.json", "tsconfig.json", ".pnp.cjs", ".pnp.js", ".pnp.data.json"];
/** Those whose content decides it. */
const READ: ReadonlySet<string> = new Set(["package.json", "tsconfig.json"]);
/** A tsconfig with one of these leads further than a record of folders goes. */
const FAR_REACHING = /"(extends|paths|baseUrl|rootDirs)"/;
/** Open at once. */
const FILES_AT_ONCE = 32;

function isPackaged(path: string): boolean {
  return `${path}/`.includes(`/${PACKAGES}/`);
}
function isWithin(root: string, path: string): boolean {
  return `${path}/`.startsWith(root === "/" ? root : `${root}/`);
}

export function recordFingerprint(disk: Disk): FingerprintRecorder {
  const files = new Map<string, string>();
  const folders = new Map<string, readonly [boolean, Promise<string>]>();
  let isPlain = true;
  const watch = (folder: string, root: string): Promise<string> => {
    const known = folders.get(folder);
    if (known !== undefined) return known[1];
    const isWhole = isWithin(root, folder) || isPackaged(folder);
    const state = stateOf(disk, folder, isWhole).catch(() => ((isPlain = false), ""));
    folders.set(folder, [isWhole, state]);
    return state;
  };
  const settings = new Map<string, Promise<void>>();
  const look = (folder: string): Promise<void> => {
    const known = settings.get(folder);
    if (known !== undefined) return known;
    const looked = reachesFar(disk, folder).then((isFar) => void (isPlain &&= !isFar));
    settings.set(folder, looked);
    return looked;
  };
  return {
    onFile: async (path, contents, root) => {
      files.set(path, sha256Hex(contents));
      const above = foldersOf(path);
      await Promise.all(above.map((folder) => watch(folder, root)));
      // Packages are read without the tsconfig of whoever uses them.
      if (!isPackaged(path)) await Promise.all(above.map(look));
    },
    onLink: () => void (isPlain = false),
    record: async () => {
      const found = await Promise.all(
        [...folders].map(async ([path, [isWhole, state]]) => [path, isWhole, await state] as const),
      );
      return isPlain ? { files: [...files], folders: found } : undefined;
    },
  };
}

/** @throws where a file or folder cannot be read, which is as good as changed. */
export async function fingerprintMatches(disk: Disk, { files, folders }: BundleFingerprint): Promise<boolean> {
  for (const [path, isWhole, state] of folders) if ((await stateOf(disk, path, isWhole)) !== state) return false;
  for (let from = 0; from < files.length; from += FILES_AT_ONCE) {
    const some = files.slice(from, from + FILES_AT_ONCE);
    const same = await Promise.all(some.map(async ([path, sha256]) => sha256Hex(await disk.read(path)) === sha256));
    if (same.includes(false)) return false;
  }
  return true;
}

/** Every folder on the way to a file. */
function foldersOf(path: string): readonly string[] {
  const found: string[] = [];
  for (let at = dirname(path); at !== found.at(-1); at = dirname(at)) found.push(at);
  return found;
}

async function reachesFar(disk: Disk, folder: string): Promise<boolean> {
  const path = within(folder, "tsconfig.json");
  return (await disk.facts(path)) !== undefined && FAR_REACHING.test(await disk.readText(path));
}

async function stateOf(disk: Disk, folder: string, isWhole: boolean): Promise<string> {
  // A folder above the desk may be closed to us: only what it could hold is asked for.
  const entries = isWhole
    ? await disk.list(folder)
    : await Promise.all(MARKS.map((name) => markOf(disk, folder, name)));
  const lines = await Promise.all(
    entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((entry) => lineOf(disk, folder, entry)),
  );
  return sha256Hex([(await disk.facts(folder))?.kind, ...lines].join("\n"));
}

type Found = Entry | { readonly name: string; readonly kind: "absent" };

function within(folder: string, name: string): string {
  return `${folder === "/" ? "" : folder}/${name}`;
}

async function markOf(disk: Disk, folder: string, name: string): Promise<Found> {
  return {
    name,
    kind: (await disk.facts(within(folder, name)))?.kind ?? "absent",
  };
}

async function lineOf(disk: Disk, folder: string, { name, kind }: Found): Promise<string> {
  const path = within(folder, name);
  const parts: (string | number | undefined)[] = [name, kind];
  if (kind === "symlink") {
    // What a link leads to is not told; a new one has a new time.
    const facts = await disk.facts(path);
    parts.push(facts?.size, facts?.modifiedMs);
  }
  if (kind !== "absent" && READ.has(name)) parts.push(sha256Hex(await disk.read(path)));
  // A package could be put here that is found before the one that was; a scope is a folder of packages.
  const isOfPackages = name === PACKAGES || (name.startsWith("@") && folder.endsWith(`/${PACKAGES}`));
  if (isOfPackages && (kind === "directory" || kind === "symlink")) parts.push(await stateOf(disk, path, true));
  return parts.join(" ");
}
