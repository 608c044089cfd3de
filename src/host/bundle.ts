/**
 * Bundles an adapter's TypeScript into one text that a worker can evaluate, so that authors need no build step and
 * workers need no module loader. Imports that are not allowed are refused here, with file and line, before any code
 * runs.
 */
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import type { BuildOptions, BuildResult } from "esbuild";
import { digestOf } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { parentFolders } from "../lib/parent-folders.ts";
import { quoteForShell } from "../lib/shell.ts";
import { type Bundle, readBundle, writeBundle } from "./bundle-cache.ts";
import { type FingerprintRecorder, ownFiles, recordFingerprint } from "./bundle-fingerprint.ts";
import { type ExchangeFile, type ExchangeRequest, findExchange } from "./exchange-module.ts";
import { type Bundler, ONE_TEXT, textsOf, withBundler } from "./bundler.ts";
import { ownerCheck, ownerPlugin } from "./file-owners.ts";
import { importPolicyPlugin } from "./import-policy.ts";

export type { Bundle } from "./bundle-cache.ts";

export interface BundleRequest {
  readonly connector: string;
  /** Absolute. */
  readonly adapter: string;
  readonly disk: Disk;
  /** Built-in modules that the sandbox provides. */
  readonly allowed: readonly string[];
  readonly tcp: boolean;
  /** The exchange of a ccxt connector. */
  readonly exchange?: ExchangeRequest | undefined;
  /** The npm packages of a built-in connector, and the desk's folder, where the user installs them. */
  readonly packages?: { readonly wanted: readonly string[]; readonly folder: string } | undefined;
  /** Folder for finished bundles; without it each start bundles again. */
  readonly cacheDir?: string | undefined;
  /** Gets the author's own files, also if the bundle fails. */
  readonly onSources?: ((paths: readonly string[]) => void) | undefined;
  /** Ends the work: bundling a large package takes half a minute. */
  readonly signal?: AbortSignal | undefined;
  /** After which the work fails. */
  readonly limitMs?: number | undefined;
}

/** Increment it with each change that affects the text of bundles: the import policy, the stubs, the options below. */
const IMPORT_POLICY_VERSION = 4;

/** @throws ADAPTER_MISSING, ADAPTER_BUNDLE with file, line and column; the signal's reason if it aborts. */
export async function bundleAdapter(request: BundleRequest): Promise<Bundle> {
  const { connector, adapter, disk } = request;
  if ((await disk.facts(adapter))?.kind !== "file") throw new QocError("ADAPTER_MISSING", { connector, path: adapter });
  await requirePackages(request);
  const exchange = request.exchange === undefined ? undefined : await findExchange(disk, request.exchange);
  const options = [request.tcp ? "tcp" : "", request.allowed.join(","), JSON.stringify(exchange ?? "")];
  const builder = [IMPORT_POLICY_VERSION, esbuildVersion(), ...options].join(" ");
  const variant = request.exchange?.id ?? "";
  const packages = request.packages?.folder ?? "";
  const key =
    request.cacheDir === undefined
      ? undefined
      : { disk, folder: request.cacheDir, adapter, builder, variant, packages };
  const cached = key === undefined ? undefined : await readBundle(key);
  if (cached !== undefined) {
    request.onSources?.(cached.sources);
    return cached.bundle;
  }
  const recorder = recordFingerprint(disk);
  const bundle = await buildBundle({ ...request, found: exchange }, recorder).finally(() =>
    request.onSources?.(ownFiles(recorder.paths())),
  );
  if (key !== undefined) await writeBundle(key, bundle, recorder);
  return bundle;
}

/** Read from its package.json: a finished bundle does not need the program, which takes long to load. */
function esbuildVersion(): string {
  return (createRequire(import.meta.url)("esbuild/package.json") as { version: string }).version;
}

/** @throws ADAPTER_BUNDLE if a package is neither in the desk's folder nor beside the connector. */
async function requirePackages({ connector, adapter, disk, packages }: BundleRequest): Promise<void> {
  const { wanted = [], folder: desk = "" } = packages ?? {};
  const folders = [desk, ...parentFolders(adapter)];
  for (const versioned of wanted) {
    const name = versioned.replace(/@[^@]*$/, "");
    const found = await Promise.all(folders.map((folder) => disk.facts(`${folder}/node_modules/${name}/package.json`)));
    if (found.some((facts) => facts !== undefined)) continue;
    const message = `package ${name} is not installed; type: npm install --prefix ${quoteForShell(desk)} ${versioned}`;
    throw new QocError("ADAPTER_BUNDLE", { connector, file: adapter, line: 1, column: 1, message });
  }
}

async function buildBundle(
  {
    connector,
    adapter,
    disk,
    allowed,
    tcp,
    packages,
    signal,
    limitMs,
    found,
  }: BundleRequest & { readonly found: ExchangeFile | undefined },
  { onFile, onLink }: FingerprintRecorder,
): Promise<Bundle> {
  const checkOwner = await ownerCheck(disk, [adapter, ...(packages === undefined ? [] : [packages.folder])]);
  const nodePaths = packages === undefined ? [] : [`${packages.folder}/node_modules`];
  const options: MemoryOptions = {
    entryPoints: [adapter],
    absWorkingDir: dirname(adapter),
    ...ONE_TEXT,
    nodePaths,
    loader: { ".csv": "text", ".txt": "text" },
    supported: { "dynamic-import": false },
    // A bundle has no path on the disk, but packages that read their own path while loading must not fail.
    define: { "import.meta.url": '"file:///adapter.cjs"', __filename: '"/adapter.cjs"', __dirname: '"/"' },
    plugins: [
      ownerPlugin(disk, checkOwner),
      importPolicyPlugin({ disk, allowed, tcp, packages: nodePaths, exchange: found, onFile, onLink }),
    ],
  };
  try {
    const result = await withBundler((bundler) => rebuilt(bundler, options, signal), limitMs);
    const brokenConfig = result.warnings.find(({ text }) => text.startsWith("Cannot find base config file"));
    if (brokenConfig !== undefined) throw bundleError(connector, adapter, { errors: [brokenConfig] });
    const { code, map } = textsOf(result);
    return { code, map, digest: digestOf(code) };
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof QocError ? error : bundleError(connector, adapter, error);
  }
}

type MemoryOptions = BuildOptions & { write: false };

/** A build that the signal cancels. */
async function rebuilt(
  bundler: Bundler,
  options: MemoryOptions,
  signal: AbortSignal | undefined,
): Promise<BuildResult<MemoryOptions>> {
  signal?.throwIfAborted();
  const building = await bundler.context<MemoryOptions>(options);
  const cancel = (): void => void building.cancel();
  try {
    signal?.throwIfAborted();
    signal?.addEventListener("abort", cancel, { once: true });
    return await building.rebuild();
  } finally {
    signal?.removeEventListener("abort", cancel);
    await building.dispose();
  }
}

interface BuildProblem {
  readonly text: string;
  readonly location?: { readonly file: string; readonly line: number; readonly column: number } | null;
  readonly notes?: readonly { readonly text: string }[];
}

export function bundleError(connector: string, adapter: string, error: unknown): QocError {
  const [first] = (error as { errors?: readonly BuildProblem[] }).errors ?? [];
  const details = {
    connector,
    file: resolve(dirname(adapter), first?.location?.file ?? adapter),
    line: first?.location?.line ?? 1,
    column: (first?.location?.column ?? 0) + 1,
    message: first === undefined ? messageOf(error) : messageFor(first, dirname(adapter)),
  };
  return new QocError("ADAPTER_BUNDLE", details, { cause: error });
}

/** Rewords those messages of the bundler that do not tell authors what to do. */
function messageFor({ text, notes = [] }: BuildProblem, folder: string): string {
  if (text.startsWith("Top-level await"))
    return "top-level await is not available inside a connector: move the await into connect()";
  const name = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (name === undefined) return text;
  if (/^[./]/.test(name)) return `${name} does not exist`;
  const packageNote = notes.find((note) => note.text.includes("by package"))?.text;
  if (packageNote !== undefined) return packageNote.replace(/:$/, "");
  const packageName = name
    .split("/")
    .slice(0, name.startsWith("@") ? 2 : 1)
    .join("/");
  // The adapter's text may be anything.
  const argument = /^@?[\w./-]+$/.test(packageName) ? packageName : quoteForShell(packageName);
  return `package ${packageName} is not installed: run npm install ${argument} in ${folder} or a parent folder`;
}
