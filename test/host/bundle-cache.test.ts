/** A cached bundle is used only if bundling again would give the same result; in doubt the adapter is bundled again. */
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALLOWED_BUILTINS } from "../../src/protocol/limits.ts";
import { digestOf } from "../../src/domain/digest.ts";
import type { Disk } from "../../src/domain/ports.ts";
import { type Bundle, type BundleRequest, bundleAdapter } from "../../src/host/bundle.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const ADAPTER = "adapters/venue/index.ts";
const CLASS = "export default class Adapter { shown = [x, data.a, lib, scoped, maybe]; }";
const FILES: Readonly<Record<string, string>> = {
  "desk.toml": "",
  [ADAPTER]: `import { x } from "./x"; import data from "./data.json"; import lib from "lib"; import scoped from "@s/one";
    let maybe: any; try { maybe = require("maybe"); } catch {} ${CLASS}`,
  "adapters/venue/x.ts": `export const x: string = "from x.ts";`,
  "adapters/venue/data.json": `{ "a": 1 }`,
  "adapters/node_modules/@s/two/index.js": "",
  "node_modules/lib/package.json": `{ "main": "one.js" }`,
  "node_modules/lib/one.js": `module.exports = require("./deep") + require("other");`,
  "node_modules/lib/two.js": `module.exports = "two";`,
  "node_modules/lib/deep/index.js": `module.exports = "deep";`,
  "node_modules/@s/one/index.js": `module.exports = "scoped";`,
  "node_modules/other/index.js": `module.exports = "other";`,
  "store/lib/package.json": `{ "main": "one.js" }`,
  "store/lib/one.js": `module.exports = "from the store";`,
};

interface Desk {
  readonly root: string;
  readonly cacheDir: string;
  write(name: string, text: string): Promise<void>;
  bundle(more?: { cacheDir?: string; tcp?: boolean; disk?: Disk }): Promise<Bundle>;
  /** Adds a mark to the cached code, and keeps the file valid: a bundle with the mark came from the cache. */
  plant(): Promise<void>;
  isCached(): Promise<boolean>;
}

const MARK = "\n// planted";

function requestOf(root: string): BundleRequest {
  return {
    connector: "v",
    adapter: join(root, ADAPTER),
    disk: nodeDisk(),
    allowed: ALLOWED_BUILTINS,
    tcp: false,
  };
}

async function createDesk(more: Readonly<Record<string, string>> = {}): Promise<Desk> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "qoc-cached-")));
  const cacheDir = join(root, ".qoc/bundles");
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  };
  for (const [name, text] of Object.entries({ ...FILES, ...more })) await write(name, text);
  await mkdir(dirname(cacheDir));
  const bundle: Desk["bundle"] = (given = {}) => bundleAdapter({ ...requestOf(root), cacheDir, ...given });
  return {
    root,
    cacheDir,
    write,
    bundle,
    plant: async () => {
      const [name] = await readdir(cacheDir);
      const bytes = await readFile(join(cacheDir, name ?? ""));
      const end = bytes.indexOf(10);
      const header = JSON.parse(bytes.toString("utf8", 0, end)) as { code: { bytes: number; digest: string } };
      const code = `${bytes.toString("utf8", end + 1, end + 1 + header.code.bytes)}${MARK}`;
      const map = bytes.subarray(end + 1 + header.code.bytes);
      header.code = { bytes: Buffer.byteLength(code), digest: digestOf(code) };
      await writeFile(
        join(cacheDir, name ?? ""),
        Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n${code}`), map]),
      );
    },
    isCached: async () => (await readdir(cacheDir).catch(() => [])).length > 0,
  };
}

function fresh({ root }: Desk): Promise<Bundle> {
  return bundleAdapter(requestOf(root));
}

async function prepared(more: Readonly<Record<string, string>> = {}): Promise<Desk> {
  const desk = await createDesk(more);
  await desk.bundle();
  await desk.plant();
  return desk;
}

describe("a cached bundle", () => {
  it("has the same code, map and digest, and is used while no input changes", async () => {
    const desk = await createDesk();
    const first = await desk.bundle();
    expect(await desk.bundle()).toEqual(first);
    expect(first).toEqual(await fresh(desk));
    await desk.plant();
    expect((await desk.bundle()).code).toBe(first.code + MARK);
  });

  it("is readable for the host only, and no temporary file is left", async () => {
    const { bundle, cacheDir } = await createDesk();
    await bundle();
    const names = await readdir(cacheDir);
    expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.bundle$/)]);
    expect((await stat(join(cacheDir, names[0] ?? ""))).mode & 0o777).toBe(0o600);
  });

  it("is used after other files of the desk changed", async () => {
    const desk = await prepared();
    await desk.write("orders/pending/a.toml", "x");
    await desk.write("adapters/other/index.ts", "x");
    await desk.write("adapters/venue/x.ts", FILES["adapters/venue/x.ts"] ?? "");
    await desk.bundle();
    await desk.plant();
    await desk.write("orders/pending/b.toml", "x");
    await desk.write("adapters/other/more.ts", "x");
    expect((await desk.bundle()).code).toContain(MARK);
  });

  it("is not written without a cache folder", async () => {
    const desk = await createDesk();
    await fresh(desk);
    expect(await desk.isCached()).toBe(false);
  });
});

describe("the adapter is bundled again after a change:", () => {
  const inPlace = async ({ root }: Desk, name: string, from: string, to: string): Promise<void> => {
    const path = join(root, name);
    const { atime, mtime } = await stat(path);
    await writeFile(path, (await readFile(path, "utf8")).replace(from, to));
    await utimes(path, atime, mtime);
  };

  const CHANGES: Readonly<Record<string, (desk: Desk) => Promise<unknown>>> = {
    "of the adapter, with the same size and time": (desk) => inPlace(desk, ADAPTER, "shown", "shewn"),
    "of an imported file, with the same size and time": (desk) =>
      inPlace(desk, "adapters/venue/x.ts", "from x", "FROM x"),
    "of a data file, with the same size and time": (desk) => inPlace(desk, "adapters/venue/data.json", "1", "2"),
    "of a file of a package, with the same size and time": (desk) =>
      inPlace(desk, "node_modules/other/index.js", "other", "OTHER"),
    "of the package.json of a package": (desk) => inPlace(desk, "node_modules/lib/package.json", "one", "two"),
    "an imported file was removed, and another name now fits": ({ root }) =>
      rename(join(root, "adapters/venue/x.ts"), join(root, "adapters/venue/x.js")).then(() =>
        writeFile(join(root, "adapters/venue/x.js"), `export const x = "now JS";`),
      ),
    "a new file that is resolved first": ({ write }) => write("adapters/venue/x.tsx", `export const x = "from x.tsx";`),
    "a new file in a package that is resolved before a folder": ({ write }) =>
      write("node_modules/lib/deep.js", `module.exports = "file";`),
    "a new package in a nearer folder": ({ write }) =>
      write("adapters/venue/node_modules/lib/index.js", `module.exports = "nearer";`),
    "a new package in an existing nearer folder": ({ write }) =>
      write("adapters/node_modules/lib/index.js", `module.exports = "nearer";`),
    "a new package in a nearer scope": ({ write }) =>
      write("adapters/node_modules/@s/one/index.js", `module.exports = "nearer";`),
    "a new package inside of a package": ({ write }) =>
      write("node_modules/lib/node_modules/other/index.js", `module.exports = "inner";`),
    "an optional package was installed": ({ write }) =>
      write("node_modules/maybe/index.js", `module.exports = "installed";`),
    "a new tsconfig": ({ write }) =>
      write("adapters/tsconfig.json", `{ "compilerOptions": { "useDefineForClassFields": false } }`),
    "a package became a symbolic link": async ({ root }) => {
      await rm(join(root, "node_modules/lib"), { recursive: true });
      await symlink(join(root, "store/lib"), join(root, "node_modules/lib"));
    },
    "the folder of the adapter became a symbolic link": async ({ root }) => {
      await rename(join(root, "adapters"), join(root, "moved"));
      await symlink(join(root, "moved"), join(root, "adapters"));
    },
  };

  it.each(Object.entries(CHANGES))("%s", async (_name, change) => {
    const desk = await prepared();
    await change(desk);
    const bundle = await desk.bundle();
    expect(bundle.code).not.toContain(MARK);
    expect(bundle).toEqual(await fresh(desk));
    // And what is kept from now on is the new one.
    expect((await desk.bundle()).code).toBe(bundle.code);
  });

  it.each(["tsconfig.json", "jsconfig.json"])("of a %s above the adapter", async (name) => {
    const options = '{ "compilerOptions": { "useDefineForClassFields": true } }';
    const desk = await createDesk({ [name]: options });
    await desk.bundle();
    expect(await desk.isCached()).toBe(true);
    await inPlace(desk, name, "true", "null");
    expect(await desk.bundle()).toEqual(await fresh(desk));
  });

  it("of the options of the import policy", async () => {
    const desk = await prepared();
    expect((await desk.bundle({ tcp: true })).code).not.toContain(MARK);
  });

  it("a new file that is resolved before a folder, in a package above the desk", async () => {
    const above = await createDesk();
    const root = join(above.root, "desks/one");
    const cacheDir = join(root, ".qoc/bundles");
    for (const name of ["desk.toml", ADAPTER, "adapters/venue/x.ts", "adapters/venue/data.json"])
      await above.write(`desks/one/${name}`, FILES[name] ?? "");
    const request = { ...requestOf(root), cacheDir };
    await mkdir(dirname(cacheDir));
    await bundleAdapter(request);
    expect(await readdir(cacheDir)).toHaveLength(1);
    await above.write("node_modules/lib/deep.js", `module.exports = "file";`);
    expect((await bundleAdapter(request)).code).toContain('exports = "file"');
  });

  it("of the target of a symbolic link in node_modules", async () => {
    const desk = await createDesk();
    await rename(join(desk.root, "node_modules/lib"), join(desk.root, "node_modules/.lib-1"));
    await symlink(".lib-1", join(desk.root, "node_modules/lib"));
    await desk.write("node_modules/.lib-2/index.js", `module.exports = "second";`);
    await desk.bundle();
    await desk.plant();
    expect((await desk.bundle()).code).toContain(MARK);
    await rm(join(desk.root, "node_modules/lib"));
    await symlink(".lib-2", join(desk.root, "node_modules/lib"));
    expect((await desk.bundle()).code).toContain("second");
  });
});

describe("a damaged cache file", () => {
  const replaced = async (path: string, from: string | RegExp, to: string): Promise<void> =>
    writeFile(path, (await readFile(path, "latin1")).replace(from, to), "latin1");
  const DAMAGE: Readonly<Record<string, (path: string) => Promise<void>>> = {
    empty: (path) => writeFile(path, ""),
    "cut off": async (path) => truncate(path, (await stat(path)).size - 1),
    "longer by a byte": async (path) => writeFile(path, Buffer.concat([await readFile(path), Buffer.from("x")])),
    "a changed character of the code": (path) => replaced(path, "planted", "Planted"),
    "a changed character of the map": (path) => replaced(path, /\}(\n?)$/, ")$1"),
    "a header that is not JSON": (path) => writeFile(path, "{\n"),
    "a header of another shape": (path) => writeFile(path, `{"builder":"1"}\n`),
    "a header without inputs": async (path) => {
      await replaced(path, /"files":\[.*?\]\]/, `"files":[]`);
      await replaced(path, /"folders":\[.*?\]\]/, `"folders":[]`);
    },
    "of another adapter": (path) => replaced(path, `/${ADAPTER}","code"`, `/else.ts","code"`),
    "a folder": async (path) => {
      await rm(path);
      await mkdir(path);
    },
  };

  it.each(Object.entries(DAMAGE))("is ignored: %s", async (_name, damage) => {
    const desk = await prepared();
    const [name] = await readdir(desk.cacheDir);
    const path = join(desk.cacheDir, name ?? "");
    const before = await readFile(path, "utf8");
    await damage(path);
    expect(await readFile(path, "utf8").catch(() => "")).not.toBe(before);
    expect(await desk.bundle()).toEqual(await fresh(desk));
  });

  it("is not needed: a cache folder that cannot be written is no error", async () => {
    const desk = await createDesk();
    await writeFile(desk.cacheDir, "a file instead of a folder");
    expect(await desk.bundle()).toEqual(await fresh(desk));
  });
});

describe("a bundle is not cached", () => {
  it.each([
    `"extends": "./base.json"`,
    `"compilerOptions": { "paths": {} }`,
    `"compilerOptions": { "baseUrl": "." }`,
    `"compilerOptions": { "rootDirs": [] }`,
  ])("under a tsconfig or a jsconfig with %s", async (setting) => {
    for (const name of ["tsconfig.json", "jsconfig.json"]) {
      const desk = await createDesk({ [name]: `{ ${setting} }`, "base.json": "{}" });
      await desk.bundle();
      expect(await desk.isCached()).toBe(false);
    }
  });

  it("if an import of the author leads through a symbolic link", async () => {
    const adapter = `import { x } from "./lib/x.ts"; export default class Adapter { shown = x; }`;
    const desk = await createDesk({ [ADAPTER]: adapter, "lib/x.ts": "export const x = 1;" });
    await symlink(join(desk.root, "lib"), join(desk.root, "adapters/venue/lib"));
    await desk.bundle();
    expect(await desk.isCached()).toBe(false);
  });

  it("if the folder of the adapter is a symbolic link", async () => {
    const desk = await createDesk();
    await rename(join(desk.root, "adapters"), join(desk.root, "moved"));
    await symlink(join(desk.root, "moved"), join(desk.root, "adapters"));
    await desk.bundle();
    expect(await desk.isCached()).toBe(false);
  });

  it("if a file changes while the bundle is built", async () => {
    const desk = await createDesk();
    const disk = nodeDisk();
    const busy: Disk = {
      ...disk,
      read: async (path, limit) => {
        const bytes = await disk.read(path, limit);
        if (path.endsWith("/x.ts")) await desk.write("adapters/venue/x.ts", `export const x = "later";`);
        return bytes;
      },
    };
    expect((await desk.bundle({ disk: busy })).code).toContain("from x.ts");
    expect(await desk.isCached()).toBe(false);
    expect((await desk.bundle()).code).toContain("later");
  });
});

describe("the cache folder", () => {
  it("keeps the newest 32 files", async () => {
    const desk = await createDesk();
    await mkdir(desk.cacheDir);
    for (let n = 0; n < 40; n++) {
      const path = join(desk.cacheDir, `old-${n}`);
      await writeFile(path, "x");
      await utimes(path, 1_000 + n, 1_000 + n);
    }
    await desk.bundle();
    const names = await readdir(desk.cacheDir);
    expect(names).toHaveLength(32);
    expect(names).toContain("old-39");
    expect(names).not.toContain("old-8");
  });

  it("keeps the newest files up to 256 MB", async () => {
    const desk = await createDesk();
    await mkdir(desk.cacheDir);
    for (const n of [1, 2, 3]) {
      const path = join(desk.cacheDir, `old-${n}`);
      await writeFile(path, "");
      await truncate(path, 120 * 1024 * 1024);
      await utimes(path, n, n);
    }
    await desk.bundle();
    expect((await readdir(desk.cacheDir)).toSorted()).toEqual([expect.stringMatching(/bundle$/), "old-2", "old-3"]);
  });
});
