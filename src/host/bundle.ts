/**
 * One adapter's TypeScript as one text that a worker can evaluate. No build step for its author, no loader inside the worker.
 * Imports that a connector may not have are refused here, with file and line, before anything runs.
 */
import { isBuiltin } from "node:module";
import { dirname, resolve } from "node:path";
import type { Plugin } from "esbuild";
import { digestOf } from "../domain/digest.ts";
import { QocError } from "../domain/error.ts";
import type { Digest } from "../domain/ids.ts";
import type { Disk } from "../domain/ports.ts";

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
}

/** Replaced inside: `ws` is the sandbox's client, the SDK's values are the sandbox's own. */
const EXTERNAL = new Set(["@qoc-app/sdk", "ws"]);

/** @throws ADAPTER_MISSING, ADAPTER_BUNDLE with file, line and column. */
export const bundleAdapter = async (request: BundleRequest): Promise<Bundle> => {
  const { connector, adapter, disk } = request;
  if ((await disk.facts(adapter))?.kind !== "file") throw new QocError("ADAPTER_MISSING", { connector, path: adapter });
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
      outfile: "adapter.cjs",
      logLevel: "silent",
      loader: { ".csv": "text", ".txt": "text" },
      supported: { "dynamic-import": false },
      plugins: [wall(request)],
    });
    const file = (end: string): string => result.outputFiles.find((output) => output.path.endsWith(end))?.text ?? "";
    const code = file(".cjs");
    return { code, map: file(".map"), digest: digestOf(code) };
  } catch (error) {
    throw located(connector, adapter, error);
  }
};

interface BuildProblem {
  readonly text: string;
  readonly location?: { readonly file: string; readonly line: number; readonly column: number } | null;
}

const located = (connector: string, adapter: string, error: unknown): QocError => {
  const [first] = (error as { errors?: readonly BuildProblem[] }).errors ?? [];
  const details = {
    connector,
    file: resolve(dirname(adapter), first?.location?.file ?? adapter),
    line: first?.location?.line ?? 1,
    column: (first?.location?.column ?? 0) + 1,
    message: first?.text ?? (error instanceof Error ? error.message : String(error)),
  };
  return new QocError("ADAPTER_BUNDLE", details, { cause: error });
};

/** Decides each import: the sandbox's, an allowed built-in, a stub, or a refusal. */
const wall = ({ allowed, tcp }: BundleRequest): Plugin => ({
  name: "qoc-wall",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^[^./]|^node:/ }, ({ path, importer }) => {
      if (EXTERNAL.has(path)) return { path, external: true };
      const bare = path.replace(/^node:/, "");
      if (!path.startsWith("node:") && !isBuiltin(bare)) return undefined;
      if (allowed.includes(bare) || (bare === "net" && tcp)) return { path: `node:${bare}`, external: true };
      if (bare === "fs" || bare === "fs/promises") return { path: bare, namespace: "qoc-no-files" };
      const isOwn = !importer.includes("/node_modules/");
      if (!isOwn) return { path: bare, namespace: "qoc-absent" };
      return { errors: [{ text: `${path} is not available inside a connector` }] };
    });
    onLoad({ filter: /.*/, namespace: "qoc-no-files" }, () => ({ contents: NO_FILES, loader: "js" }));
    onLoad({ filter: /.*/, namespace: "qoc-absent" }, ({ path }) => ({ contents: absent(path), loader: "js" }));
  },
});

/** Libraries probe for files at load; to them the disk is empty. */
const NO_FILES = `
const error = (path) => Object.assign(new Error("ENOENT: no such file or directory, open '" + path + "'"), { code: "ENOENT", errno: -2 });
const gone = (path) => { throw error(path); };
const promises = new Proxy({}, { get: () => (path) => Promise.reject(error(path)) });
const known = { existsSync: () => false, promises, constants: {} };
module.exports = new Proxy(known, { get: (_target, name) => (name in known ? known[name] : name === "__esModule" ? undefined : gone) });
`;

/** A package may mention what it does not need here: it fails only where it is used. */
const absent = (name: string): string => `
const refuse = () => { throw new Error(${JSON.stringify(`${name} is not available inside a connector`)}); };
module.exports = new Proxy(function () {}, {
  get: (_target, name) => (name === "__esModule" || name === "then" || typeof name === "symbol" ? undefined : class { constructor() { refuse(); } }),
  apply: refuse,
  construct: refuse,
});
`;
