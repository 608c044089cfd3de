/** Records the inputs of a bundle, to find out later whether bundling again would give the same result. */
import { parentFolders } from "../lib/parent-folders.ts";
import { isWithin } from "../lib/path-containment.ts";
import { sha256Hex } from "../domain/digest.ts";
import type { Disk, DirectoryEntry } from "../domain/ports.ts";

export interface BundleFingerprint {
  readonly files: readonly (readonly [path: string, sha256: string])[];
  /** `isWhole`: fingerprint of all entries; otherwise only of those entries that affect module resolution. */
  readonly folders: readonly (readonly [path: string, isWhole: boolean, sha256: string])[];
}

/** Collects the inputs while a bundle is built. */
export interface FingerprintRecorder {
  /** A file with the contents that the bundler got, and the root of the author's own files. */
  readonly onFile: (path: string, contents: Uint8Array, root: string) => Promise<void>;
  /** An import leads through a symbolic link. */
  readonly onLink: () => void;
  /** The files so far, also of a bundle that failed. */
  readonly paths: () => readonly string[];
  /** Returns undefined if no fingerprint can cover all inputs. */
  finish(): Promise<BundleFingerprint | undefined>;
}

const NODE_MODULES = "node_modules";
/** Entries of a folder above the desk that affect module resolution. */
const RESOLUTION_ENTRIES: readonly string[] = [
  NODE_MODULES,
  "package.json",
  "tsconfig.json",
  "jsconfig.json",
  ".pnp.cjs",
  ".pnp.js",
  ".pnp.data.json",
];
/** Entries whose content matters. */
const CONFIG_FILES: ReadonlySet<string> = new Set(["package.json", "tsconfig.json", "jsconfig.json"]);
const COMPILER_FILES: readonly string[] = ["tsconfig.json", "jsconfig.json"];
/** A file of the compiler's options with one of these options refers to files and folders that are not recorded. */
const EXTERNAL_REFERENCES = /"(extends|paths|baseUrl|rootDirs)"/;
/** Files that are open at the same time. */
const FILES_AT_ONCE = 32;

/** Whether a file or folder belongs to an npm package. */
export function isPackaged(path: string): boolean {
  return `${path}/`.includes(`/${NODE_MODULES}/`);
}

export function ownFiles(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !isPackaged(path));
}

export function recordFingerprint(disk: Disk): FingerprintRecorder {
  const files = new Map<string, string>();
  const folders = new Map<string, readonly [boolean, Promise<string>]>();
  let isComplete = true;
  const recordFolder = (folder: string, root: string): Promise<string> => {
    const recorded = folders.get(folder);
    if (recorded !== undefined) return recorded[1];
    const isWhole = isWithin(root, folder) || isPackaged(folder);
    const state = stateOf(disk, folder, isWhole).catch(() => ((isComplete = false), ""));
    folders.set(folder, [isWhole, state]);
    return state;
  };
  const configChecks = new Map<string, Promise<void>>();
  const checkConfig = (folder: string): Promise<void> => {
    const pending = configChecks.get(folder);
    if (pending !== undefined) return pending;
    const check = hasExternalReferences(disk, folder).then((hasReferences) => void (isComplete &&= !hasReferences));
    configChecks.set(folder, check);
    return check;
  };
  return {
    onFile: async (path, contents, root) => {
      files.set(path, sha256Hex(contents));
      const parents = parentFolders(path);
      await Promise.all(parents.map((folder) => recordFolder(folder, root)));
      // esbuild does not apply the author's tsconfig to packages.
      if (!isPackaged(path)) await Promise.all(parents.map(checkConfig));
    },
    onLink: () => void (isComplete = false),
    paths: () => [...files.keys()],
    finish: async () => {
      const folderStates = await Promise.all(
        [...folders].map(async ([path, [isWhole, state]]) => [path, isWhole, await state] as const),
      );
      return isComplete ? { files: [...files], folders: folderStates } : undefined;
    },
  };
}

/** @throws Error if a file or folder cannot be read, which counts as a change. */
export async function fingerprintMatches(disk: Disk, { files, folders }: BundleFingerprint): Promise<boolean> {
  for (const [path, isWhole, state] of folders) if ((await stateOf(disk, path, isWhole)) !== state) return false;
  for (let from = 0; from < files.length; from += FILES_AT_ONCE) {
    const chunk = files.slice(from, from + FILES_AT_ONCE);
    const matches = await Promise.all(chunk.map(async ([path, sha256]) => sha256Hex(await disk.read(path)) === sha256));
    if (matches.includes(false)) return false;
  }
  return true;
}

async function hasExternalReferences(disk: Disk, folder: string): Promise<boolean> {
  for (const path of COMPILER_FILES.map((name) => pathIn(folder, name)))
    if ((await disk.facts(path)) !== undefined && EXTERNAL_REFERENCES.test(await disk.readText(path))) return true;
  return false;
}

async function stateOf(disk: Disk, folder: string, isWhole: boolean): Promise<string> {
  // A folder above the desk may not be readable: its possible entries are checked one by one.
  const entries = isWhole
    ? await disk.list(folder)
    : await Promise.all(RESOLUTION_ENTRIES.map((name) => possibleEntry(disk, folder, name)));
  const lines = await Promise.all(
    entries.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((entry) => entryState(disk, folder, entry)),
  );
  return sha256Hex([(await disk.facts(folder))?.kind, ...lines].join("\n"));
}

type PossibleEntry = DirectoryEntry | { readonly name: string; readonly kind: "absent" };

function pathIn(folder: string, name: string): string {
  return `${folder === "/" ? "" : folder}/${name}`;
}

async function possibleEntry(disk: Disk, folder: string, name: string): Promise<PossibleEntry> {
  return {
    name,
    kind: (await disk.facts(pathIn(folder, name)))?.kind ?? "absent",
  };
}

async function entryState(disk: Disk, folder: string, { name, kind }: PossibleEntry): Promise<string> {
  const path = pathIn(folder, name);
  const parts: (string | number | undefined)[] = [name, kind];
  if (kind === "symlink") {
    // The target of a link is not recorded, but a new link has a new time.
    const stats = await disk.facts(path);
    parts.push(stats?.size, stats?.modifiedMs);
  }
  if (kind !== "absent" && CONFIG_FILES.has(name)) parts.push(sha256Hex(await disk.read(path)));
  // A package that is added here could be resolved first. A scope (@name) is a folder of packages.
  const isPackageFolder = name === NODE_MODULES || (name.startsWith("@") && folder.endsWith(`/${NODE_MODULES}`));
  if (isPackageFolder && (kind === "directory" || kind === "symlink")) parts.push(await stateOf(disk, path, true));
  return parts.join(" ");
}
