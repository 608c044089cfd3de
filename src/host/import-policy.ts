/**
 * Decides what each import of an adapter becomes: the sandbox's own, an allowed built-in, a file that may be read, a stub that
 * fails only where it is used, or a refusal with file and line before anything runs.
 */
import { isBuiltin } from "node:module";
import { dirname, extname, resolve as resolvePath } from "node:path";
import type { OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { Disk } from "../domain/ports.ts";
import {
  FS_STUB,
  FS_PROMISES_STUB,
  UNDICI_STUB,
  WS_STUB,
  missingModule,
  missingRequire,
  blockedModule,
} from "./bundle-stubs.ts";

export interface ImportPolicyOptions {
  readonly disk: Disk;
  /** Built-ins the sandbox yields. */
  readonly allowed: readonly string[];
  readonly tcp: boolean;
  /** Hears each file before its own imports are resolved: its real path, what was read of it, and the root of own files. */
  readonly onFile: (path: string, contents: Uint8Array, root: string) => Promise<void>;
  /** An import that leads through a symbolic link. */
  readonly onLink: () => void;
}

/** Handed down with a question of our own, so that it is not asked of us again. */
const ASKED = Symbol("asked");
const KINDS: ReadonlySet<string> = new Set([
  ".ts",
  ".mts",
  ".cts",
  ".tsx",
  ".js",
  ".mjs",
  ".cjs",
  ".jsx",
  ".json",
  ".csv",
  ".txt",
]);

function isPackaged(path: string): boolean {
  return /[\\/]node_modules[\\/]/.test(path);
}
function isRelative(path: string): boolean {
  return /^\.{0,2}\//.test(path) || path === "." || path === "..";
}
function isInside(folder: string, path: string): boolean {
  return path.startsWith(folder === "/" ? folder : `${folder}/`);
}

/** The desk's folder; without a desk the nearest package's; without either the adapter's own. Its files may be imported. */
async function rootOf(disk: Disk, folder: string): Promise<string> {
  for (const name of ["desk.toml", "package.json"])
    for (let at = folder, above = ""; at !== above; above = at, at = dirname(at))
      if ((await disk.facts(`${at}/${name}`))?.kind === "file") return at;
  return folder;
}

/** Own files lie under the root, none of them hidden: `.qoc` and `.git` are not for adapters. */
function isOwnFile(root: string, path: string): boolean {
  return isInside(root, path) && !/(^|\/)\./.test(path.slice(root.length + 1));
}

export function importPolicyPlugin(request: ImportPolicyOptions): Plugin {
  return {
    name: "qoc-wall",
    setup: (build) => {
      let root = "";
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (args.pluginData === ASKED) return undefined;
        if (args.kind === "entry-point") {
          root = await rootOf(request.disk, dirname((await ask(build, args)).path));
          // By its own way it also finds the tsconfig.
          return undefined;
        }
        return (
          given(request, args) ??
          (isPackaged(args.importer) ? ofPackage(build, args) : ofAuthor(request, build, args, root))
        );
      });
      build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) => read(request, path, root));
      for (const [namespace, stub] of Object.entries(STUBS))
        build.onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: stub(path), loader: "js" }));
    },
  };
}

const STUBS: Readonly<Record<string, (name: string) => string>> = {
  "qoc-no-files": (name) => (name === "fs" ? FS_STUB : FS_PROMISES_STUB),
  "qoc-web": () => UNDICI_STUB,
  "qoc-ws": () => WS_STUB,
  "qoc-refused": blockedModule,
  "qoc-absent": missingModule,
  "qoc-missing": missingRequire,
};

function ask(build: PluginBuild, { path, importer, resolveDir, kind, with: attributes }: OnResolveArgs) {
  return build.resolve(path, { importer, resolveDir, kind, with: attributes, pluginData: ASKED });
}

/** What the sandbox itself answers for: its own modules, and Node's. */
function given(
  { allowed, tcp }: ImportPolicyOptions,
  { path, importer, namespace, kind }: OnResolveArgs,
): OnResolveResult | undefined {
  if (path === "@qoc-app/sdk") return { path, external: true };
  if (path === "ws") return namespace === "qoc-ws" ? { path, external: true } : { path, namespace: "qoc-ws" };
  // It opens sockets by itself; the runtime's `fetch` is the same engine. A package that asks with `import()` can do without.
  if (path === "undici")
    return { path, namespace: kind === "dynamic-import" && isPackaged(importer) ? "qoc-missing" : "qoc-web" };
  const bare = path.replace(/^node:/, "");
  if (!path.startsWith("node:") && !isBuiltin(bare)) return undefined;
  if (allowed.includes(bare) || (bare === "net" && tcp)) return { path: `node:${bare}`, external: true };
  if (bare === "fs" || bare === "fs/promises") return { path: bare, namespace: "qoc-no-files" };
  if (isPackaged(importer)) return { path: bare, namespace: "qoc-refused" };
  const hint = bare === "net" ? `: add grant = ["tcp:host:port"] to the connector in desk.toml` : "";
  return { errors: [{ text: `${path} is not available inside a connector${hint}` }] };
}

/** From inside a package: what is not installed is often optional, and fails where it is used. */
async function ofPackage(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
  if (isRelative(args.path)) return undefined;
  const { errors } = await ask(build, args);
  if (errors.length === 0) return undefined;
  // `require` and `import()` fail by themselves in Node, and packages catch that; an import statement cannot be caught.
  return { path: args.path, namespace: args.kind === "import-statement" ? "qoc-absent" : "qoc-missing" };
}

/** From the author's own file: under the root, or a package. Where nothing is found, the bundler says so with its place. */
async function ofAuthor(
  { onLink }: ImportPolicyOptions,
  build: PluginBuild,
  args: OnResolveArgs,
  root: string,
): Promise<OnResolveResult | undefined> {
  const found = await ask(build, args);
  if (found.errors.length > 0 || found.external || found.namespace !== "file") return undefined;
  if (isRelative(args.path)) {
    const asked = resolvePath(args.resolveDir, args.path);
    if (dirname(found.path) !== dirname(asked) && !isInside(asked, found.path)) onLink();
  }
  // By a relative path nothing above the root is reached, another desk's packages included.
  if (isOwnFile(root, found.path) || (isPackaged(found.path) && (!isRelative(args.path) || isInside(root, found.path))))
    return undefined;
  return {
    errors: [{ text: `${args.path} leads to ${found.path}: a connector imports files under ${root} and npm packages` }],
  };
}

async function read({ disk, onFile }: ImportPolicyOptions, path: string, root: string): Promise<OnLoadResult> {
  // A package's own relative imports were not looked at before.
  if (!isOwnFile(root, path) && !isPackaged(path))
    return { errors: [{ text: `${path} is outside ${root} and in no npm package: a connector may not import it` }] };
  if (!KINDS.has(extname(path))) {
    if (isPackaged(path))
      return { contents: blockedModule(path.slice(path.lastIndexOf("node_modules/"))), loader: "js" };
    return { errors: [{ text: `a connector imports .ts, .js, .json, .csv and .txt files; ${path} is none of them` }] };
  }
  const contents = await disk.read(path);
  await onFile(path, contents, root);
  return { contents, loader: "default", resolveDir: dirname(path) };
}
