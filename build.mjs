// Builds dist/. `dist/src` is the program as a few ES modules: one file per entry point and shared chunks, so that a
// command loads few files; and a second time with the parts of a start in one file. `dist/sandbox` holds the scripts of
// the connector worker, of the egress thread, of the guard thread, of the guard process and of the thread that compares
// lines, one file each. `dist/ui` is the page, with its file names hashed. `tsc` emits only the type declarations of
// the SDK. `dist/sources.json` names the sources of each file of the program.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL(".", import.meta.url));
const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
/** Packages that nearly every command loads; as parts of the bundle they cost a few files instead of a hundred. */
const BUNDLED = [
  "citty",
  "zod",
  "smol-toml",
  "yaml",
  "picomatch",
  "eventemitter3",
  "comlink",
  "croner",
  "fast-xml-parser",
  "html-entities",
  "trading-signals",
];

/** Packages that are a file each, loaded at their first use: a short command parses nothing, and few desks have issues. */
const LAZY = { zod: await import("zod"), yaml: await import("yaml") };

rmSync(`${root}dist`, { recursive: true, force: true });
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "-p", `${root}tsconfig.build.json`], {
  stdio: "inherit",
});
// The declarations of the SDK are one file, which a desk's editor reads without any package.
const declarations = `${root}dist/src/domain/sdk.d.ts`;
const parts = ["sdk-data", "sdk-hooks", "sdk-kit"].map((name) => `${root}dist/src/domain/${name}.d.ts`);
const joined = [declarations, ...parts].map((file) => readFileSync(file, "utf8")).join("");
const ofParts = /^(?:import|export) type [^;]* from "\.\/sdk-(?:data|hooks|kit)\.ts";\n/gm;
writeFileSync(declarations, joined.replaceAll(ofParts, ""));
for (const file of parts) rmSync(file);
/** Zod's messages in fifty languages are half of its code, which nearly every command loads; the desk speaks one. */
const englishOnly = {
  name: "english-only",
  setup: (builder) =>
    builder.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    })),
};
/** Each name that a module imports from such a package becomes a value that stands for the package's own. */
const lazyPackages = {
  name: "lazy-packages",
  setup: (builder) => {
    builder.onResolve({ filter: new RegExp(`^(${Object.keys(LAZY).join("|")})$`) }, ({ path }) => ({
      path,
      namespace: "lazy-packages",
    }));
    builder.onLoad({ filter: /.*/, namespace: "lazy-packages" }, ({ path }) => ({
      contents: lazyExports(path, namesOf(LAZY[path])),
    }));
  },
};
/** The entry points of the program. The threads load theirs by a path, and `app/host` loads `certify-adapter` by one. */
const ENTRIES = [
  "app/main",
  "app/journal-worker",
  "commands/command-index",
  "market-data/feed-worker",
  "app/certify-adapter",
];
/**
 * esbuild makes a file of what the same entry points share, and each `import()` is an entry point, so that a command
 * loaded 75 small files. Each entry point therefore imports what most commands use, which becomes two files: `START` is
 * what help uses too, `CLIENT` is what a command uses that asks a desk.
 *
 * A desk that starts uses parts of most commands, which were 96 files. So the program is built twice: `app/main` with
 * the files for short commands, and `app/host` (for `qoc up`) with one file of all that a start uses: `HOST`.
 */
const START = ["cli/io", "cli/main", "app/command-registry", "commands/command-index"];
const CLIENT = ["cli/run-line", "app/desk-access", "commands/status"];
const HOST = ["commands/invoke", "commands/up", "app/local-services", "app/system", "workspace/disk"];
const WITHOUT_CLIENT = ["cli/help", "cli/complete", "commands/command-index"];
const sharedChunks = ({ always, exceptHelp }) => ({
  name: "shared-chunks",
  setup: (builder) => {
    const files = readdirSync(`${root}src`, { recursive: true }).filter((file) => /(?<!\.d)\.ts$/.test(file));
    const imported = files.flatMap((file) =>
      [...readFileSync(`${root}src/${file}`, "utf8").matchAll(/\bimport\("(\.[^"]+)\.ts"\)/g)].map(([, path]) =>
        join(dirname(file), path),
      ),
    );
    const entries = new Set([...imported, ...ENTRIES.filter((name) => name !== "app/main")]);
    builder.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
      const name = relative(`${root}src`, path).replace(/\.ts$/, "");
      if (!entries.has(name)) return undefined;
      const added = [...always, ...(WITHOUT_CLIENT.includes(name) ? [] : exceptHelp)].filter((each) => each !== name);
      const lines = added.map((each) => `import ${JSON.stringify(`${root}src/${each}.ts`)};`).join("");
      return { contents: `${lines}${readFileSync(path, "utf8")}`, loader: "ts" };
    });
  },
});
/** `qoc up` never certifies an adapter, which is a fifth of the program: its build has no second copy of that. */
const certifiedElsewhere = {
  name: "certified-elsewhere",
  setup: (builder) =>
    builder.onResolve({ filter: /\/certify-adapter\.ts$/ }, () => ({
      path: "../app/certify-adapter.js",
      external: true,
    })),
};
/** Asks for the modules of Node by a function: to link an import of each would take 3 ms more of every command. */
const nodeModules = {
  name: "node-modules",
  setup: (builder) => {
    builder.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === "import-statement" ? { path, namespace: "node-modules" } : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: "node-modules" }, async ({ path }) => {
      const names = namesOf(await import(path));
      const whole = `const whole = process.getBuiltinModule("${path}"); export default whole;`;
      return { contents: `${whole} const get = (name) => whole[name]; ${exportsOf(names, "get")}` };
    });
  },
};
const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  logLevel: "warning",
  plugins: [englishOnly],
};
const program = {
  ...common,
  // Without indentation the package is a fifth smaller. Names and lines stay, for the stack of an error.
  minifyWhitespace: true,
  lineLimit: 120,
  outbase: `${root}src`,
  outdir: `${root}dist/src`,
  splitting: true,
  format: "esm",
  metafile: true,
  absWorkingDir: root,
  external: Object.keys(dependencies).filter((name) => !BUNDLED.includes(name)),
  // CommonJS packages in the bundle call require for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
};
const plugins = [englishOnly, lazyPackages, nodeModules];
const commands = await build({
  ...program,
  entryPoints: ENTRIES.map((name) => `${root}src/${name}.ts`),
  plugins: [...plugins, sharedChunks({ always: START, exceptHelp: CLIENT })],
  chunkNames: "chunks/[name]-[hash]",
});
const host = await build({
  ...program,
  entryPoints: [{ in: `${root}src/app/main.ts`, out: "app/host" }],
  plugins: [...plugins, certifiedElsewhere, sharedChunks({ always: [...START, ...CLIENT, ...HOST], exceptHelp: [] })],
  chunkNames: "host/[name]-[hash]",
});
// Adapters import the SDK, and their bundles contain it: it is one file without the program's chunks.
await build({
  ...common,
  entryPoints: [`${root}src/domain/sdk.ts`],
  outdir: `${root}dist/src/domain`,
  format: "esm",
});
const lazy = await build({
  ...common,
  entryPoints: Object.fromEntries(Object.keys(LAZY).map((name) => [name, name])),
  minify: true,
  outdir: `${root}dist/src/chunks`,
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  metafile: true,
  absWorkingDir: root,
});
// The sources in each file of the program, for the tests that count what a command loads.
const sources = [commands, host, lazy].flatMap(({ metafile }) =>
  Object.entries(metafile.outputs).map(([file, { inputs }]) => [
    file,
    Object.keys(inputs).filter((input) => inputs[input].bytesInOutput > 0),
  ]),
);
writeFileSync(`${root}dist/sources.json`, JSON.stringify(Object.fromEntries(sources)));
await build({
  ...common,
  entryPoints: [
    ["sandbox/adapter-worker", "adapter-worker"],
    ["src/egress/egress-thread", "egress-thread"],
    ["sandbox/guard-worker", "guard-worker"],
    ["src/app/guard-process-main", "guard-process"],
    ["src/app/line-check-worker", "line-check"],
  ].map(([name, out]) => ({ in: `${root}${name}.ts`, out })),
  outdir: `${root}dist/sandbox`,
  outExtension: { ".js": ".cjs" },
  format: "cjs",
});

const page = await build({
  bundle: true,
  entryPoints: ["first-paint.ts", "main.tsx", "markdown/markdown-worker.ts", "icon.svg"].map(
    (name) => `${root}src/ui/${name}`,
  ),
  outdir: `${root}dist/ui`,
  outbase: `${root}src/ui`,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  loader: { ".svg": "copy" },
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minify: true,
  legalComments: "linked",
  jsx: "automatic",
  jsxImportSource: "preact",
  metafile: true,
  logLevel: "warning",
});
const outputs = Object.entries(page.metafile.outputs).map(([path, output]) => ({
  file: relative(`${root}dist/ui`, `${root}${path}`),
  imports: output.imports.filter(({ kind }) => kind === "import-statement").map((each) => basename(each.path)),
}));
/** The built file of an entry point, by its start and its ending. */
function built(name, ending) {
  return outputs.find(({ file }) => file.startsWith(`${name}-`) && file.endsWith(ending));
}
const main = built("main", ".js");
const preloads = main.imports.map((file) => `<link rel="modulepreload" href="${file}" />`).join("");
const shell = readFileSync(`${root}src/ui/index.html`, "utf8")
  .replace("first-paint.ts", built("first-paint", ".js").file)
  .replace("main.css", built("main", ".css").file)
  .replace("main.tsx", main.file)
  .replace("markdown-worker.ts", built("markdown-worker", ".js").file)
  .replace("icon.svg", built("icon", ".svg").file)
  .replace("</head>", `${preloads}</head>`);
writeFileSync(`${root}dist/ui/index.html`, shell);
writeFileSync(`${root}dist/ui/THIRD-PARTY.txt`, licencesOf(Object.keys(page.metafile.inputs)));

/** A module with these names of a package. A call of zod's `config` waits until the package is loaded. */
function lazyExports(path, names) {
  return `
    import { createRequire } from "node:module";
    let loaded;
    const settings = [];
    const whole = () => {
      if (loaded !== undefined) return loaded;
      loaded = createRequire(import.meta.url)("../chunks/${path}.cjs");
      for (const values of settings) loaded.config(...values);
      return loaded;
    };
    const lazy = (name) => new Proxy(function () {}, {
      apply: (_target, _self, values) =>
        name === "config" && loaded === undefined ? void settings.push(values) : whole()[name](...values),
      construct: (_target, values) => new (whole()[name])(...values),
      get: (_target, key) => whole()[name][key],
    });
    ${exportsOf(names, "lazy")}`;
}

/** Exports of what the function returns for each name. Unused ones leave the bundle. */
/** The names that a module exports. Newer versions of Node export what CommonJS exports as `module.exports`, too. */
function namesOf(module) {
  return Object.keys(module).filter((name) => name !== "default" && name !== "module.exports");
}

function exportsOf(names, make) {
  return names
    .map((name) => `const $${name} = /* @__PURE__ */ ${make}("${name}"); export { $${name} as ${name} };`)
    .join("");
}

/** The licences of the packages whose files are in a bundle: they require that their text goes with it. */
function licencesOf(files) {
  const folders = files.map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  const packages = [...new Set(folders.filter((folder) => folder !== undefined))].toSorted();
  const notices = packages.map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
    const file = readdirSync(root + folder).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${name} has no file with its licence`);
    return `${name} ${version} (${license})\n\n${readFileSync(`${root}${folder}/${file}`, "utf8").trim()}\n`;
  });
  return `The page contains parts of these packages.\n\n${notices.join(`\n${"-".repeat(72)}\n\n`)}`;
}
// The entries of all commands as JSON: help, completion of words and routing read it instead of importing the commands.
const { readEntries } = await import("./dist/src/commands/command-index.js");
writeFileSync(`${root}dist/src/commands/index.json`, JSON.stringify(await readEntries()));
