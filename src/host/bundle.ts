/**
 * One adapter's TypeScript as one text that a worker can evaluate. No build step for its author, no loader inside the worker.
 * Imports that a connector may not have are refused here, with file and line, before anything runs.
 */
import { dirname, resolve } from "node:path";
import { digestOf } from "../domain/digest.ts";
import { QocError, messageOf } from "../domain/error.ts";
import type { Digest } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";
import { writeBundle, readBundle } from "./bundle-cache.ts";
import { type FingerprintRecorder, recordFingerprint } from "./bundle-fingerprint.ts";
import { importPolicyPlugin } from "./import-policy.ts";

export interface Bundle {
  readonly code: string;
  /** Source map, JSON. */
  readonly map: string;
  /** Of the code: what was trusted when the connector was last started. */
  readonly digest: Digest;
}

export interface BundleRequest {
  readonly connector: string;
  /** Absolute. */
  readonly adapter: string;
  readonly disk: Disk;
  /** Built-ins the sandbox yields. */
  readonly allowed: readonly string[];
  readonly tcp: boolean;
  /** A folder of the host's own for finished bundles; without one each start bundles anew. */
  readonly cacheDir?: string;
}

/** Goes up with each change of what a bundle's text becomes: the wall, the stubs, the options below. */
const IMPORT_POLICY_VERSION = 1;

/** @throws ADAPTER_MISSING, ADAPTER_BUNDLE with file, line and column. */
export async function bundleAdapter(request: BundleRequest): Promise<Bundle> {
  const { connector, adapter, disk } = request;
  if ((await disk.facts(adapter))?.kind !== "file") throw new QocError("ADAPTER_MISSING", { connector, path: adapter });
  const { version } = await import("esbuild");
  const maker = `${IMPORT_POLICY_VERSION} ${version} ${request.tcp ? "tcp" : ""} ${request.allowed.join(",")}`;
  const shelf = request.cacheDir === undefined ? undefined : { disk, folder: request.cacheDir, adapter, maker };
  const kept = shelf === undefined ? undefined : await readBundle(shelf);
  if (kept !== undefined) return kept;
  const inputs = recordFingerprint(disk);
  const bundle = await built(request, inputs);
  if (shelf !== undefined) await writeBundle(shelf, bundle, inputs);
  return bundle;
}

async function built(
  { connector, adapter, disk, allowed, tcp }: BundleRequest,
  { onFile, onLink }: FingerprintRecorder,
): Promise<Bundle> {
  const { build } = await import("esbuild");
  try {
    const result = await build({
      entryPoints: [adapter],
      absWorkingDir: dirname(adapter),
      bundle: true,
      write: false,
      format: "cjs",
      platform: "node",
      target: "node20",
      sourcemap: "external",
      // Places are mapped back, texts are not needed: a large package's map is a third of the size.
      sourcesContent: false,
      outfile: "adapter.cjs",
      logLevel: "silent",
      loader: { ".csv": "text", ".txt": "text" },
      supported: { "dynamic-import": false },
      // A bundle has no place on a disk; packages that ask for theirs at load must not fail.
      define: { "import.meta.url": '"file:///adapter.cjs"', __filename: '"/adapter.cjs"', __dirname: '"/"' },
      plugins: [importPolicyPlugin({ disk, allowed, tcp, onFile, onLink })],
    });
    const broken = result.warnings.find(({ text }) => text.startsWith("Cannot find base config file"));
    if (broken !== undefined) throw located(connector, adapter, { errors: [broken] });
    const file = (end: string): string => result.outputFiles.find((output) => output.path.endsWith(end))?.text ?? "";
    const code = file(".cjs");
    return { code, map: file(".map"), digest: digestOf(code) };
  } catch (error) {
    throw error instanceof QocError ? error : located(connector, adapter, error);
  }
}

interface BuildProblem {
  readonly text: string;
  readonly location?: { readonly file: string; readonly line: number; readonly column: number } | null;
  readonly notes?: readonly { readonly text: string }[];
}

function located(connector: string, adapter: string, error: unknown): QocError {
  const [first] = (error as { errors?: readonly BuildProblem[] }).errors ?? [];
  const details = {
    connector,
    file: resolve(dirname(adapter), first?.location?.file ?? adapter),
    line: first?.location?.line ?? 1,
    column: (first?.location?.column ?? 0) + 1,
    message: first === undefined ? messageOf(error) : plainly(first, dirname(adapter)),
  };
  return new QocError("ADAPTER_BUNDLE", details, { cause: error });
}

/** The bundler's words, where an author would not know from them what to do. */
function plainly({ text, notes = [] }: BuildProblem, folder: string): string {
  if (text.startsWith("Top-level await")) return "a connector has no top-level await: wait inside connect()";
  const name = /^Could not resolve "(.+)"$/.exec(text)?.[1];
  if (name === undefined) return text;
  if (/^[./]/.test(name)) return `${name} does not exist`;
  const inside = notes.find((note) => note.text.includes("by package"))?.text;
  if (inside !== undefined) return inside.replace(/:$/, "");
  const parts = name.split("/");
  const named = parts.slice(0, name.startsWith("@") ? 2 : 1).join("/");
  return `package ${named} is not installed: npm install ${named} in ${folder} or above it`;
}
