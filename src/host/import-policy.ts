/**
 * An esbuild plugin that decides what each import of an adapter becomes: a module of the sandbox, an allowed built-in,
 * a file, a stub that throws when it is used, or an error with file and line.
 */
import { isInside } from "../lib/path-containment.ts";
import { isPackaged } from "./bundle-fingerprint.ts";
import { PackageFolders } from "./package-folders.ts";
import { isBuiltin } from "node:module";
import { basename, dirname, extname, resolve as resolvePath } from "node:path";
import type { OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import type { Disk } from "../domain/ports.ts";
import { parentFolders } from "../lib/parent-folders.ts";
import { EXCHANGE_MODULE, type ExchangeFile, NO_EXCHANGE, exchangeSource, isPartOfOthers } from "./exchange-module.ts";
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
  /** Built-in modules that the sandbox provides. */
  readonly allowed: readonly string[];
  readonly tcp: boolean;
  /** Folders of packages besides those in which Node looks. */
  readonly packages?: readonly string[] | undefined;
  /** What `qoc:exchange` is; undefined: no exchange was chosen. */
  readonly exchange?: ExchangeFile | undefined;
  /**
   * Called for each file before its imports are resolved, with its real path and the root of the author's own files.
   */
  readonly onFile: (path: string, contents: Uint8Array, root: string) => Promise<void>;
  /** Called for an import that leads through a symbolic link. */
  readonly onLink: () => void;
}

/** Plugin data of our own `resolve` calls, so that this plugin does not handle them again. */
const RESOLVED_HERE = Symbol("resolved-here");
const CODE: ReadonlySet<string> = new Set([".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".jsx"]);
/** A larger file fills the memory of the desk and of the bundler. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const DATA: ReadonlySet<string> = new Set([".json", ".csv", ".txt"]);

function isRelative(path: string): boolean {
  return /^\.{0,2}\//.test(path) || path === "." || path === "..";
}

/** Returns the folder whose files may be imported: of the desk, else of the nearest package, else of the adapter. */
async function rootOf(disk: Disk, folder: string): Promise<string> {
  for (const name of ["desk.toml", "package.json"])
    for (const parent of [folder, ...parentFolders(folder)])
      if ((await disk.facts(`${parent}/${name}`))?.kind === "file") return parent;
  return folder;
}

/** Own files are under the root and not hidden: adapters cannot import from `.qoc` and `.git`. */
function isOwnFile(root: string, path: string): boolean {
  return isInside(root, path) && !/(^|\/)\./.test(path.slice(root.length + 1));
}

export function importPolicyPlugin(options: ImportPolicyOptions): Plugin {
  return {
    name: "qoc-import-policy",
    setup: (build) => {
      let root = "";
      const packages = new PackageFolders(options.disk, options.packages);
      packages.follow(build);
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (args.pluginData === RESOLVED_HERE) return undefined;
        if (args.kind === "entry-point") {
          const folder = dirname((await resolveImport(build, args)).path);
          root = await rootOf(options.disk, folder);
          await packages.addFrom(folder);
          if (options.exchange !== undefined && "path" in options.exchange)
            await packages.addAround(options.exchange.path);
          // esbuild's own resolution of the entry point also finds the tsconfig.
          return undefined;
        }
        return (
          resolveExchange(options, args) ??
          resolveProvided(options, args) ??
          (isPackaged(args.importer)
            ? resolveFromPackage(build, args)
            : resolveFromOwnFile({ ...options, folders: packages }, build, args, root))
        );
      });
      build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) =>
        loadFile({ ...options, folders: packages }, path, root),
      );
      build.onLoad({ filter: /.*/, namespace: EXCHANGE_MODULE }, ({ path }) => ({ contents: exchangeSource(path) }));
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

function resolveImport(build: PluginBuild, { path, importer, resolveDir, kind, with: attributes }: OnResolveArgs) {
  return build.resolve(path, { importer, resolveDir, kind, with: attributes, pluginData: RESOLVED_HERE });
}

/** Resolves the module of one exchange, and its import of the exchange's file. */
function resolveExchange({ exchange }: ImportPolicyOptions, { path, namespace, importer }: OnResolveArgs) {
  if (exchange !== undefined && "id" in exchange && isPartOfOthers(exchange.id, { importer, path }))
    return { path: basename(path), namespace: "qoc-refused" };
  if (path !== EXCHANGE_MODULE) return undefined;
  if (exchange === undefined) return { errors: [{ text: NO_EXCHANGE }] };
  if ("problem" in exchange) return { errors: [{ text: exchange.problem }] };
  return namespace === EXCHANGE_MODULE ? { path: exchange.path } : { path: exchange.id, namespace: EXCHANGE_MODULE };
}

/** Resolves modules that the sandbox or Node provides. */
function resolveProvided(
  { allowed, tcp }: ImportPolicyOptions,
  { path, importer, namespace, kind }: OnResolveArgs,
): OnResolveResult | undefined {
  if (path === "@qoc-app/sdk") return { path, external: true };
  if (path === "ws") return namespace === "qoc-ws" ? { path, external: true } : { path, namespace: "qoc-ws" };
  // undici opens sockets by itself; the runtime's `fetch` is the same implementation. Packages use `import()` for
  // optional modules, and work without it.
  if (path === "undici")
    return { path, namespace: kind === "dynamic-import" && isPackaged(importer) ? "qoc-missing" : "qoc-web" };
  const builtin = path.replace(/^node:/, "");
  if (!path.startsWith("node:") && !isBuiltin(builtin)) return undefined;
  if (allowed.includes(builtin) || (builtin === "net" && tcp)) return { path: `node:${builtin}`, external: true };
  if (builtin === "fs" || builtin === "fs/promises") return { path: builtin, namespace: "qoc-no-files" };
  if (isPackaged(importer)) return { path: builtin, namespace: "qoc-refused" };
  const hint = builtin === "net" ? `: add grant = ["tcp:host:port"] to the connector in desk.toml` : "";
  return { errors: [{ text: `${path} is not available inside a connector${hint}` }] };
}

/** Resolves an import of a package. A missing module is often optional, so it throws only when it is used. */
async function resolveFromPackage(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult | undefined> {
  if (isRelative(args.path)) return undefined;
  const { errors } = await resolveImport(build, args);
  if (errors.length === 0) return undefined;
  // Packages catch errors of `require` and `import()`, but cannot catch an error of an import statement.
  return { path: args.path, namespace: args.kind === "import-statement" ? "qoc-absent" : "qoc-missing" };
}

interface ImportChecks extends ImportPolicyOptions {
  readonly folders: PackageFolders;
}

/** Resolves an import of the author's own file: a file under the root, or a package. esbuild reports a missing file. */
async function resolveFromOwnFile(
  { onLink, folders }: ImportChecks,
  build: PluginBuild,
  args: OnResolveArgs,
  root: string,
): Promise<OnResolveResult | undefined> {
  const resolved = await resolveImport(build, args);
  if (resolved.errors.length > 0 || resolved.external || resolved.namespace !== "file") return undefined;
  if (isRelative(args.path)) {
    const importedPath = resolvePath(args.resolveDir, args.path);
    if (dirname(resolved.path) !== dirname(importedPath) && !isInside(importedPath, resolved.path)) onLink();
  }
  // A relative path must not lead above the root, not even to packages of another desk.
  if (
    isOwnFile(root, resolved.path) ||
    (folders.has(resolved.path) && (!isRelative(args.path) || isInside(root, resolved.path)))
  )
    return undefined;
  return {
    errors: [
      {
        text: `${args.path} leads to ${resolved.path}: a connector can import only files under ${root} and npm packages`,
      },
    ],
  };
}

async function loadFile({ disk, onFile, folders }: ImportChecks, path: string, root: string): Promise<OnLoadResult> {
  // Relative imports of packages were not checked by `onResolve`.
  if (!isOwnFile(root, path) && !folders.has(path))
    return {
      errors: [{ text: `${path} is outside of ${root} and not in an npm package: a connector cannot import it` }],
    };
  if (!CODE.has(extname(path)) && !DATA.has(extname(path))) {
    if (isPackaged(path))
      return { contents: blockedModule(path.slice(path.lastIndexOf("node_modules/"))), loader: "js" };
    return {
      errors: [{ text: `${path} has an extension that a connector cannot import: use .ts, .js, .json, .csv or .txt` }],
    };
  }
  const size = (await disk.facts(path))?.size ?? 0;
  if (size > FILE_BYTES_MAX)
    return {
      errors: [{ text: `${path} has ${size} bytes: a connector can import files of at most ${FILE_BYTES_MAX}` }],
    };
  const contents = await disk.read(path, FILE_BYTES_MAX);
  await onFile(path, contents, root);
  return { contents, loader: "default", resolveDir: dirname(path) };
}

/**
 * The files of a fake venue or a dialect, which the bundler reads with the operator's rights: code as an adapter
 * imports it, and data of the module's own folder. A file elsewhere would be in the program, whatever the program's
 * process may read.
 */
export function programFilesPlugin(disk: Disk, module: string, packageFolders: readonly string[]): Plugin {
  return {
    name: "qoc-program-files",
    setup: (build) => {
      const root = rootOf(disk, dirname(module));
      const packages = new PackageFolders(disk, packageFolders);
      const known = packages.addFrom(dirname(module));
      packages.follow(build);
      build.onLoad({ filter: /.*/, namespace: "file" }, async ({ path, with: attributes }) => {
        const isData = DATA.has(extname(path));
        const isOwn = isOwnFile(isData ? dirname(module) : await root, path);
        const isCode = CODE.has(extname(path)) && Object.keys(attributes).length === 0;
        await known;
        if (packages.has(path) ? isCode || isData : isOwn && (isCode || isData)) return undefined;
        const allowed = `code under ${await root}, .json, .csv and .txt files beside it, and npm packages`;
        return { errors: [{ text: `${path} is not a file that ${module} may import: ${allowed}` }] };
      });
    },
  };
}
