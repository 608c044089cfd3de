/** Bundling of adapters: forms of TypeScript load in a real worker, and forbidden imports are refused. */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ALLOWED_BUILTINS } from "../../src/protocol/limits.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { bundleAdapter } from "../../src/host/bundle.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type AdapterHarness, adapterSource, adapterHarness } from "../support/adapter-harness.ts";

type Files = Readonly<Record<string, string>>;

/** Creates a desk folder; the adapter is adapters/venue/index.ts. */
async function createDesk(files: Files): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "qoc-bundle-")));
  for (const [name, text] of Object.entries({ "desk.toml": "", ...files })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

const ADAPTER = "adapters/venue/index.ts";
/** More than the stack of the bundler takes. */
const DEEP = 8_000_000;
const harnesses: AdapterHarness[] = [];
afterEach(async () => {
  await Promise.all(harnesses.splice(0).map(({ connector }) => connector.stop()));
});

/** Starts an adapter of `showing` in a real worker, and returns the value of its expression. */
async function valueShownBy(root: string, tcp: readonly string[] = []): Promise<string> {
  const harness = await adapterHarness("", { file: join(root, ADAPTER), tcp });
  harnesses.push(harness);
  await harness.connector.start();
  const response = await harness.connector.invoke("cancelOrder", ["1"]);
  return response.ok ? "" : response.message;
}

/** An adapter whose `cancelOrder` throws the value of the expression. */
function showing(expression: string, head = ""): string {
  return adapterSource(`async cancelOrder(id: string) { throw new Error(String(${expression})); }`, head);
}

function bundleOf(root: string, tcp = false, limitMs?: number) {
  return bundleAdapter({
    connector: "venue",
    adapter: join(root, ADAPTER),
    disk: nodeDisk(),
    allowed: ALLOWED_BUILTINS,
    tcp,
    limitMs,
  });
}

async function refusalOf(root: string): Promise<{ file: string; line: number; message: string }> {
  const error: unknown = await bundleOf(root).catch((thrown: unknown) => thrown);
  if (!(error instanceof QocError)) throw new Error(`it was bundled: ${String(error)}`);
  expect(error.code).toBe("ADAPTER_BUNDLE");
  const { file, line, message } = error.details;
  return {
    file: String(file).replace(`${root}/`, ""),
    line: Number(line),
    message: String(message).replaceAll(root, "ROOT"),
  };
}

const SIBLING: Files = { "adapters/venue/x.ts": `export const x = "x";` };

/** Each form: the head of the adapter, the expression that is shown, its expected value, and further files. */
const FORMS: Readonly<Record<string, { head: string; shows: string; is: string; files?: Files }>> = {
  enum: { head: `enum Side { Buy = "b" }`, shows: "Side.Buy", is: "b" },
  "const enum": { head: `const enum Side { Buy = 3 }`, shows: "Side.Buy", is: "3" },
  "parameter properties": { head: `class P { constructor(readonly a: number) {} }`, shows: "new P(4).a", is: "4" },
  decorators: {
    head: `function twice(value: any, _context: any) { return function (this: any) { return 2 * value.call(this); }; }
      class D { @twice n() { return 21; } }`,
    shows: "new D().n()",
    is: "42",
  },
  "decorators of old, by tsconfig": {
    head: `function mark(target: any, name: string) { target[name + "Marked"] = true; }
      class D { @mark n() {} }`,
    shows: "(new D() as any).nMarked",
    is: "true",
    files: { "tsconfig.json": `{ "compilerOptions": { "experimentalDecorators": true } }` },
  },
  namespace: { head: `namespace N { export const a = "in"; }`, shows: "N.a", is: "in" },
  "./x.js for x.ts": { head: `import { x } from "./x.js";`, shows: "x", is: "x", files: SIBLING },
  "./x.ts": { head: `import { x } from "./x.ts";`, shows: "x", is: "x", files: SIBLING },
  "./x without an ending": { head: `import { x } from "./x";`, shows: "x", is: "x", files: SIBLING },
  "a folder": {
    head: `import { x } from "./x";`,
    shows: "x",
    is: "x",
    files: { "adapters/venue/x/index.ts": `export const x = "x";` },
  },
  "a file above, in the desk": {
    head: `import { x } from "../shared.ts";`,
    shows: "x",
    is: "x",
    files: { "adapters/shared.ts": `export const x = "x";` },
  },
  "a type without `type`": {
    head: `import { Type, value } from "./types.ts"; const t: Type = { a: value };`,
    shows: "t.a",
    is: "7",
    files: { "adapters/venue/types.ts": `export interface Type { a: number } export const value = 7;` },
  },
  JSON: {
    head: `import data from "./data.json";`,
    shows: "data.a",
    is: "1",
    files: { "adapters/venue/data.json": `{ "a": 1 }` },
  },
  "JSON with an attribute": {
    head: `import data from "./data.json" with { type: "json" };`,
    shows: "data.a",
    is: "1",
    files: { "adapters/venue/data.json": `{ "a": 1 }` },
  },
  CSV: { head: `import text from "./p.csv";`, shows: "text", is: "a,b", files: { "adapters/venue/p.csv": "a,b" } },
  "a CommonJS package": {
    head: `import old, { named } from "old";`,
    shows: "old.named + named",
    is: "nn",
    files: { "node_modules/old/package.json": `{ "main": "m.js" }`, "node_modules/old/m.js": `exports.named = "n";` },
  },
  "an ESM package with exports": {
    head: `import { a } from "new/sub";`,
    shows: "a",
    is: "a",
    files: {
      "node_modules/new/package.json": `{ "type": "module", "exports": { "./sub": { "import": "./s.mjs" } } }`,
      "node_modules/new/s.mjs": `export const a = "a";`,
    },
  },
  "export = in a package": {
    head: `import thing from "thing";`,
    shows: "thing()",
    is: "done",
    files: { "node_modules/thing/package.json": `{}`, "node_modules/thing/index.js": `module.exports = () => "done";` },
  },
  "import x = require": { head: `import path = require("node:path");`, shows: `path.basename("/a/b")`, is: "b" },
  "import() of a literal": {
    head: `const later = import("./x.ts");`,
    shows: "(await later).x",
    is: "x",
    files: SIBLING,
  },
  "require of an own file": { head: `const { x } = require("./x.ts");`, shows: "x", is: "x", files: SIBLING },
  "tsconfig paths": {
    head: `import { x } from "@own/x";`,
    shows: "x",
    is: "x",
    files: {
      "tsconfig.json": `{ "compilerOptions": { "paths": { "@own/*": ["./lib/*"] } } }`,
      "lib/x.ts": `export const x = "x";`,
    },
  },
  "a broken module beside it that nobody imports": {
    head: "",
    shows: "1",
    is: "1",
    files: { "adapters/venue/other.ts": "export const = ;" },
  },
  "types that do not fit": { head: `const n: number = "text";`, shows: "n", is: "text" },
  "built-ins with and without node:": {
    head: `import { basename } from "path"; import * as crypto from "node:crypto";`,
    shows: `basename("/x/y") + typeof crypto.createHmac`,
    is: "yfunction",
  },
  "the probing of files": { head: `import fs from "node:fs";`, shows: `fs.existsSync("/etc/passwd")`, is: "false" },
  "a file that is read": {
    head: `import fs from "node:fs"; let why = ""; try { fs.readFileSync("/etc/passwd"); } catch (error: any) { why = error.code; }`,
    shows: "why",
    is: "ENOENT",
  },
  "a file by the name of a function": {
    head: `import { readFileSync } from "node:fs"; import { readFile } from "fs/promises";
      const later = readFile("/x").catch((e: any) => e.code);
      let why = ""; try { readFileSync("/etc/passwd"); } catch (error: any) { why = error.code; }`,
    shows: "why + (await later)",
    is: "ENOENTENOENT",
  },
  "import.meta.url and __dirname": {
    head: `const at = [import.meta.url, __dirname];`,
    shows: "at",
    is: "file:///adapter.cjs,/",
  },
};

/** What the folder above says of modules. */
const CONTEXTS: Readonly<Record<string, Files>> = {
  module: { "package.json": `{ "type": "module" }` },
  commonjs: { "package.json": `{ "type": "commonjs" }` },
  none: {},
};

describe.each(Object.entries(CONTEXTS))("in a package of type %s", (_type, manifest) => {
  it.each(Object.entries(FORMS))("loads %s", async (_name, { head, shows, is, files = {} }) => {
    const root = await createDesk({ ...manifest, [ADAPTER]: showing(shows, head), ...files });
    expect(await valueShownBy(root)).toBe(is);
  });

  it.each([
    ["export { X as default }", (class_: string) => `${class_}\nexport { Adapter as default };`],
    ["a class by name and by default", (class_: string) => `${class_}\nexport { Adapter };\nexport default Adapter;`],
    ["export =", (class_: string) => `${class_.replace(/^import .*$/m, "")}\nexport = Adapter;`],
  ])("loads %s", async (_name, write) => {
    const root = await createDesk({
      ...manifest,
      [ADAPTER]: write(showing("1").replace("export default class", "class")),
    });
    expect(await valueShownBy(root)).toBe("1");
  });

  it.each([
    ["a syntax error", "const = 1;", /Expected identifier/],
    [
      "top-level await",
      "await Promise.resolve();",
      /top-level await is not available inside a connector: move the await into connect\(\)/,
    ],
  ])("refuses %s with file and line", async (_name, head, message) => {
    const root = await createDesk({ ...manifest, [ADAPTER]: showing("1", head) });
    expect(await refusalOf(root)).toMatchObject({
      file: ADAPTER,
      line: 3,
      message: expect.stringMatching(message) as string,
    });
  });
});

describe("an import is refused, with file and line, if it names", () => {
  const cases: Readonly<Record<string, readonly [head: string, message: string, files?: Files]>> = {
    "a package that is not installed": [
      `import x from "left-pad/deep"; x();`,
      "package left-pad is not installed: run npm install left-pad in ROOT/adapters/venue",
    ],
    "a scoped package that is not installed": [
      `import x from "@a/b/c"; x();`,
      "package @a/b is not installed: run npm install @a/b in ROOT/adapters/venue",
    ],
    "a package whose name a shell would take for more": [
      `import x from "a;touch x"; x();`,
      "package a;touch x is not installed: run npm install 'a;touch x' in ROOT/adapters/venue",
    ],
    "a path that a package does not export": [
      `import x from "shy/inside"; x();`,
      `"./inside" is not exported by package "shy"`,
      { "node_modules/shy/package.json": `{ "exports": { ".": "./i.js" } }`, "node_modules/shy/inside.js": "" },
    ],
    "a file that does not exist": [`import x from "./nope.ts"; x();`, "./nope.ts does not exist"],
    "a built-in": [`import x from "node:child_process"; x;`, "node:child_process is not available inside a connector"],
    "a built-in without the prefix node:": [
      `import x from "worker_threads"; x;`,
      "worker_threads is not available inside a connector",
    ],
    "net without a grant": [`import x from "net"; x;`, `add grant = ["tcp:host:port"]`],
    "a data file outside of the desk": [`import x from "/etc/services.txt"; x;`, "/etc/services.txt"],
    "a data file above the desk": [
      `import x from "../../../outside.json"; x;`,
      "a connector can import only files under ROOT and npm packages",
    ],
    "a source file above the desk": [
      `import { x } from "../../../outside.ts"; x;`,
      "a connector can import only files under ROOT and npm packages",
    ],
    "a package of another desk": [
      `import x from "../../../node_modules/other/i.js"; x;`,
      "a connector can import only files under ROOT",
    ],
    "a package name with .. segments": [
      `import x from "old/../../../outside.json"; x;`,
      "a connector can import only files under ROOT",
    ],
    "a package of another desk by the name of a package": [
      `import x from "old/../../../away/node_modules/other/i.js"; x;`,
      "a connector can import only files under ROOT",
    ],
    "a package of another desk by the name of one that is not there": [
      `import x from "none/../../../away/node_modules/.cache/key.json"; x;`,
      "a connector can import only files under ROOT",
    ],
    "a package of another desk through the paths of tsconfig": [
      `import x from "@out/other/i.js"; x;`,
      "a connector can import only files under ROOT",
      { "tsconfig.json": `{ "compilerOptions": { "paths": { "@out/*": ["../away/node_modules/*"] } } }` },
    ],
    "a hidden file of the desk": [
      `import x from "../../.qoc/connectors/other/store.json"; x;`,
      "a connector can import only files under ROOT",
      { ".qoc/connectors/other/store.json": "{}" },
    ],
    "a symbolic link to a file outside of the desk": [
      `import x from "./link.json"; x;`,
      "a connector can import only files under ROOT",
    ],
    "a file with another extension": [
      `import x from "./page.html"; x;`,
      "use .ts, .js, .json, .csv or .txt",
      { "adapters/venue/page.html": "" },
    ],
    "a native file": [
      `const x = require("./a.node"); x;`,
      "use .ts, .js, .json, .csv or .txt",
      { "adapters/venue/a.node": "" },
    ],
    "a data file through the paths of tsconfig": [
      `import x from "@out/outside.json"; x;`,
      "a connector can import only files under ROOT",
      { "tsconfig.json": `{ "compilerOptions": { "paths": { "@out/*": ["../*"] } } }` },
    ],
  };

  it.each(Object.entries(cases))("%s", async (_name, [head, message, files = {}]) => {
    const parent = await createDesk({
      "outside.json": "{}",
      "outside.ts": "export const x = 1;",
      "node_modules/other/i.js": "",
      "away/node_modules/other/i.js": "",
      "away/node_modules/.cache/key.json": "{}",
      "desk/desk.toml": "",
      "desk/node_modules/old/i.js": "",
      [`desk/${ADAPTER}`]: showing("1", head),
      ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`desk/${name}`, text])),
    });
    const root = join(parent, "desk");
    await symlink(join(parent, "outside.json"), join(root, "adapters/venue/link.json"));
    const refusal = await refusalOf(root);
    expect(refusal.message).toContain(message);
    if (!/html|\.node/.test(head)) expect(refusal).toMatchObject({ file: ADAPTER, line: 3 });
  });

  it.each([
    ["that is cut off", `{ "compilerOptions": {`, /Expected string in JSON/],
    ["with a missing base", `{ "extends": "./none.json" }`, /Cannot find base config file/],
  ])("a tsconfig %s is an error with file and line", async (_name, text, message) => {
    const root = await createDesk({ "tsconfig.json": text, [ADAPTER]: showing("1") });
    expect(await refusalOf(root)).toMatchObject({
      file: "tsconfig.json",
      line: 1,
      message: expect.stringMatching(message) as string,
    });
  });

  it("an adapter outside of a desk imports from the nearest package, or only from its own folder", async () => {
    const parent = await createDesk({
      "shared.ts": "export const x = 1;",
      "p/package.json": "{}",
      "p/lib.ts": "export const x = 1;",
    });
    const adapter = join(parent, "p/a/venue.ts");
    await mkdir(dirname(adapter), { recursive: true });
    const request = { connector: "venue", adapter, disk: nodeDisk(), allowed: ALLOWED_BUILTINS, tcp: false };
    await writeFile(adapter, showing("x", `import { x } from "../../shared.ts";`));
    await bundleAdapter(request);
    await unlink(join(parent, "desk.toml"));
    await expect(bundleAdapter(request)).rejects.toMatchObject({ code: "ADAPTER_BUNDLE" });
    await writeFile(adapter, showing("x", `import { x } from "../lib.ts";`));
    await bundleAdapter(request);
    await unlink(join(parent, "p/package.json"));
    await expect(bundleAdapter(request)).rejects.toMatchObject({ code: "ADAPTER_BUNDLE" });
  });
});

describe("a package's import of", () => {
  const packed = (text: string, more: Files = {}): Files => ({
    "node_modules/lib/package.json": `{ "type": "${/^import/m.test(text) ? "module" : "commonjs"}" }`,
    "node_modules/lib/index.js": text,
    ...more,
  });
  const HEAD = `import * as lib from "lib";
    const tell = (f: any) => { try { return String(f()); } catch (e: any) { return (e.code ?? "") + e.message; } };`;

  const cases: Readonly<Record<string, readonly [library: string, shows: string, is: string, files?: Files]>> = {
    "an optional module in a try block throws MODULE_NOT_FOUND": [
      `let fast; try { fast = require("bufferutil"); } catch (e) { fast = e.code; } exports.fast = fast;`,
      "lib.fast",
      "MODULE_NOT_FOUND",
    ],
    "an absent module throws each time": [
      `const ask = () => { try { require("bufferutil"); return "found"; } catch { return "absent"; } }; exports.ask = ask;`,
      "lib.ask() + lib.ask()",
      "absentabsent",
    ],
    "an absent module inside of a function throws when the function is called": [
      `exports.late = () => require("some-agent");`,
      "tell(lib.late)",
      "MODULE_NOT_FOUNDCannot find module 'some-agent': it is not installed",
    ],
    "an absent module by an import statement throws when a member is used": [
      `import agent, { Agent } from "some-agent";
      export const make = () => new Agent(); export const call = () => agent();`,
      `tell(lib.make) + "; " + tell(lib.call)`,
      "some-agent is not installed: a package of this connector needs it".concat(
        "; some-agent is not installed: a package of this connector needs it",
      ),
    ],
    "a refused built-in throws when a member is used": [
      `const http = require("http"); exports.go = () => http.request("x");
      exports.Agent = class extends http.Agent {}; exports.make = () => new exports.Agent();`,
      `tell(lib.go) + "; " + tell(lib.make)`,
      "http is not available inside a connector; http is not available inside a connector",
    ],
    "a native file throws when a member is used": [
      `exports.load = () => require("./build/fast.node");`,
      "tell(() => lib.load().run())",
      "node_modules/lib/build/fast.node is not available inside a connector",
      { "node_modules/lib/build/fast.node": "\u007fELF" },
    ],
    "its own data file works": [
      `exports.a = require("./a.json").a;`,
      "lib.a",
      "1",
      { "node_modules/lib/a.json": `{ "a": 1 }` },
    ],
    "undici gets the runtime's fetch, and an error for Agent": [
      `const u = require("undici"); exports.isSame = u.fetch === fetch; exports.make = () => new u.Agent();`,
      `lib.isSame + "; " + tell(lib.make)`,
      "true; undici's Agent is not available inside a connector: use fetch",
    ],
  };

  it.each(Object.entries(cases))("%s", async (_name, [library, shows, is, files]) => {
    const root = await createDesk({ ...packed(library, files), [ADAPTER]: showing(shows, HEAD) });
    expect(await valueShownBy(root)).toBe(is);
  });

  it("an absent module that the author requires in a try block throws at run time", async () => {
    const head = `let found = "no"; try { require("not-there"); found = "yes"; } catch {}`;
    expect(await valueShownBy(await createDesk({ [ADAPTER]: showing("found", head) }))).toBe("no");
  });

  it("a package cannot import a file outside of the desk", async () => {
    const root = await createDesk({
      ...packed(`exports.a = require("../../../outside.json");`),
      [ADAPTER]: showing("lib.a", HEAD),
    });
    await writeFile(join(dirname(root), "outside.json"), "{}");
    expect((await refusalOf(root)).message).toContain("not in an npm package");
  });

  it.each([
    ["by its text", packed(`exports.a = require("../../../away/node_modules/other/i.js");`)],
    ["by a name", packed(`exports.a = require("lib/../../../away/node_modules/other/i.js");`)],
    [
      "as its main file",
      packed("", { "node_modules/lib/package.json": `{ "main": "../../../away/node_modules/other/i.js" }` }),
    ],
  ])("a package of another desk is refused, %s", async (_name, files) => {
    const inDesk = Object.entries({ "desk.toml": "", ...files, [ADAPTER]: showing("lib.a", HEAD) });
    const parent = await createDesk({
      "away/node_modules/other/i.js": "",
      ...Object.fromEntries(inDesk.map(([name, text]) => [`desk/${name}`, text])),
    });
    const root = join(parent, "desk");
    expect((await refusalOf(root)).message).toMatch(/cannot import it|a connector can import only files under/);
  });

  it("a package that is a link to a store works, and so do the packages beside it there", async () => {
    const store = await createDesk({
      "lib@1/node_modules/lib/index.js": `exports.a = require("dep");`,
      "lib@1/node_modules/dep/index.js": `module.exports = "x";`,
    });
    const root = await createDesk({ [ADAPTER]: showing("lib.a", HEAD) });
    await mkdir(join(root, "node_modules"));
    await symlink(join(store, "lib@1/node_modules/lib"), join(root, "node_modules/lib"));
    expect(await valueShownBy(root)).toBe("x");
  });
});

it("twelve bundles at once give no warning of the runtime", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on("warning", note);
  const roots = await Promise.all(Array.from({ length: 12 }, () => createDesk({ [ADAPTER]: adapterSource("") })));
  await Promise.all(roots.map((root) => bundleOf(root)));
  process.off("warning", note);
  expect(warnings).toEqual([]);
});

describe("a bundle that is not needed any more", () => {
  it("rejects with the reason of the stop, and is not kept", async () => {
    const root = await createDesk({ [ADAPTER]: adapterSource("") });
    const stop = new AbortController();
    const bundle = bundleAdapter({
      connector: "venue",
      adapter: join(root, ADAPTER),
      disk: nodeDisk(),
      allowed: ALLOWED_BUILTINS,
      tcp: false,
      signal: stop.signal,
    });
    stop.abort(new Error("stopped"));
    await expect(bundle).rejects.toThrow("stopped");
  });
});

describe("a file that the bundler cannot take", () => {
  it("ends no other connector's bundle, also if it ends the bundler's program", async () => {
    const [hostile, other] = await Promise.all([
      createDesk({ [ADAPTER]: adapterSource("", `const deep = ${"!".repeat(DEEP)}1;`) }),
      createDesk({ [ADAPTER]: adapterSource("") }),
    ]);
    const [refusal, beside] = await Promise.all([refusalOf(hostile), bundleOf(other)]);
    expect(refusal.message).toMatch(
      /^the bundler ended while it read these files: one is too deep or too large \(runtime: goroutine stack [^\n]{9,150}\)$/,
    );
    expect(beside.code).toContain("placeOrder");
    expect(await bundleOf(other)).toEqual(beside);
  }, 120_000);

  it("is refused above 64 MiB before it is read", async () => {
    const root = await createDesk({ [ADAPTER]: adapterSource("", 'import data from "./data.txt"; void data;') });
    const path = join(root, dirname(ADAPTER), "data.txt");
    await writeFile(path, "");
    await truncate(path, 64 * 1024 * 1024 + 1);
    expect((await refusalOf(root)).message).toContain(
      "data.txt has 67108865 bytes: a connector can import files of at",
    );
  });

  const deskWith = async (tsconfig: string) =>
    createDesk({ [ADAPTER]: adapterSource(""), "adapters/venue/tsconfig.json": tsconfig });
  const mkfifo = (path: string) => execFileSync("mkfifo", [path]);

  it.each(["tsconfig.json", "jsconfig.json", "package.json"])("is refused if it is a pipe named %s", async (name) => {
    const root = await createDesk({ [ADAPTER]: adapterSource("") });
    mkfifo(join(root, "adapters", name));
    expect((await refusalOf(root)).message).toContain(`ROOT/adapters/${name} is a pipe, a socket or a device`);
  });

  it("is refused if it is a pipe that is imported, or lies in the folder of an import", async () => {
    const imported = await createDesk({ [ADAPTER]: adapterSource("", 'import "./data.json";') });
    mkfifo(join(imported, "adapters/venue/data.json"));
    expect((await refusalOf(imported)).message).toContain("data.json is a pipe");
    const folder = await createDesk({
      [ADAPTER]: adapterSource("", 'import "./part";'),
      "adapters/venue/part/index.ts": "",
    });
    mkfifo(join(folder, "adapters/venue/part/package.json"));
    expect((await refusalOf(folder)).message).toContain("part/package.json is a pipe");
  });

  it("is refused if it is a tsconfig.json above 1 MiB", async () => {
    const root = await deskWith("");
    await truncate(join(root, "adapters/venue/tsconfig.json"), 1024 * 1024 + 1);
    expect((await refusalOf(root)).message).toContain("tsconfig.json has 1048577 bytes");
  });

  it("takes the bundler for a limited time, and ends no other connector's bundle", async () => {
    const root = await deskWith('{"extends": "./pipe.json"}');
    mkfifo(join(root, "adapters/venue/pipe.json"));
    const other = await createDesk({ [ADAPTER]: adapterSource("") });
    const refusal: unknown = await bundleOf(root, false, 1_000).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: "ADAPTER_BUNDLE",
      message: expect.stringMatching(
        /^connector venue: .*adapters\/venue\/index\.ts:1:1: bundling did not end within 1 s/,
      ),
    });
    const [second, beside] = await Promise.allSettled([bundleOf(root, false, 1_000), bundleOf(other)]);
    expect([second.status, beside.status]).toEqual(["rejected", "fulfilled"]);
  });

  // macOS has no limit of a program's memory.
  it.runIf(process.platform === "linux")(
    "is read into at most 4 GiB of memory",
    async () => {
      const root = await deskWith('{"extends": "/dev/zero"}');
      await expect(bundleOf(root)).rejects.toThrow(/\((runtime|fatal error): .*out of memory/);
    },
    180_000,
  );
});
