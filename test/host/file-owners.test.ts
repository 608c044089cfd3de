/** Packages of another user, above the desk, are not bundled: they would run with the connector's secrets. */
import { mkdir, mkdtemp, realpath, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Disk } from "../../src/domain/ports.ts";
import { QocError } from "../../src/domain/errors/error.ts";
import { bundleAdapter } from "../../src/host/bundle.ts";
import { bundleGuard } from "../../src/host/bundle-guard.ts";
import { bundleProgram } from "../../src/host/bundle-program.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const [OPERATOR, OTHER, ROOT] = [1000, 1001, 0];

/** A shared folder with a desk, and files above it. */
async function createFiles(files: Readonly<Record<string, string>>): Promise<string> {
  const shared = await realpath(await mkdtemp(join(tmpdir(), "qoc-owners-")));
  for (const [name, text] of Object.entries({ "desk/desk.toml": "", ...files })) {
    await mkdir(dirname(join(shared, name)), { recursive: true });
    await writeFile(join(shared, name), text);
  }
  return shared;
}

/** The real files, with the owners that these folders name; everything else is the operator's. */
function diskWithOwners(owners: Readonly<Record<string, number>>): Disk {
  const disk = nodeDisk();
  return Object.assign(Object.create(disk) as Disk, {
    facts: async (path: string) => {
      const facts = await disk.facts(path);
      const owner = Object.entries(owners).find(([folder]) => path.startsWith(`${folder}/`))?.[1];
      return facts === undefined ? undefined : { ...facts, uid: owner ?? OPERATOR };
    },
  });
}

const PACKAGE = {
  "node_modules/prices/package.json": '{"main": "index.js"}',
  "node_modules/prices/index.js": "module.exports = 1;",
};

/** Yarn's list of packages, by which `prices` is in this folder. */
function packageList(folder: string): string {
  const listed = (packageLocation: string, packageDependencies: readonly string[][]) => ({
    packageLocation,
    packageDependencies,
    linkType: "SOFT",
  });
  return JSON.stringify({
    enableTopLevelFallback: true,
    fallbackExclusionList: [],
    fallbackPool: [],
    packageRegistryData: [
      [null, [[null, listed("./", [["prices", "npm:1"]])]]],
      ["prices", [["npm:1", listed(folder, [])]]],
    ],
  });
}

async function messageOfRefusal(bundling: Promise<unknown>): Promise<string> {
  const error: unknown = await bundling.then(
    () => new Error("it was bundled"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof QocError)) throw error;
  expect(error.code).toBe("ADAPTER_BUNDLE");
  return String(error.details["message"]);
}

describe("a package in a folder above the desk that belongs to", () => {
  const adapterOf = async (owner: number) => {
    const shared = await createFiles({
      ...PACKAGE,
      "desk/connectors/venue.ts": 'import price from "prices"; export default price;',
      "desk/fake.ts": 'import price from "prices"; console.log(price);',
    });
    return { shared, disk: diskWithOwners({ [join(shared, "node_modules")]: owner }) };
  };
  const bundle = (shared: string, disk: Disk) =>
    bundleAdapter({
      connector: "venue",
      adapter: join(shared, "desk/connectors/venue.ts"),
      disk,
      allowed: [],
      tcp: false,
    });

  it("another user is refused, with the command that accepts it", async () => {
    const { shared, disk } = await adapterOf(OTHER);
    const path = join(shared, "node_modules/prices");
    expect(await messageOfRefusal(bundle(shared, disk))).toBe(
      `${path} belongs to user 1001, who is neither root nor the owner of ` +
        `${join(shared, "desk/connectors/venue.ts")}: install the package beside it, or if you trust the file, ` +
        `type: sudo chown -h 1000 ${path}`,
    );
  });

  it.each([
    ["the operator", OPERATOR],
    ["root", ROOT],
  ])("%s is bundled", async (_, owner) => {
    const { shared, disk } = await adapterOf(owner);
    expect((await bundle(shared, disk)).code).toMatch(/module2?.exports = 1/);
  });

  it("another user is refused to a guard", async () => {
    const { shared, disk } = await adapterOf(OTHER);
    const adapter = join(shared, "desk/connectors/venue.ts");
    expect(await bundleGuard({ key: "x", adapter } as Parameters<typeof bundleGuard>[0], disk)).toEqual({
      problem: expect.stringContaining("belongs to user 1001"),
    });
  });

  it("another user is refused to an author's fake venue", async () => {
    const { shared, disk } = await adapterOf(OTHER);
    const program = { connector: "venue", file: join(shared, "desk/fake.ts"), disk, packageFolders: [] };
    expect(await messageOfRefusal(bundleProgram(program))).toContain("belongs to user 1001");
  });
});

describe("a file above the desk that says where imports lead, and belongs to", () => {
  const ADAPTER = 'import price from "prices"; export default price;';
  const own = "desk/node_modules/prices/index.js";
  const files = { [own]: "module.exports = 1;", "desk/other/index.js": "module.exports = 2;", "desk/a.ts": ADAPTER };
  const bundle = (shared: string, owner: number) => {
    const names = ["tsconfig.json", "package.json", "node_modules", ".pnp.cjs", ".pnp.js", ".pnp.data.json"];
    const foreign = names.map((name) => [join(shared, name), owner] as const);
    const disk = nodeDisk();
    const facts: Disk["facts"] = async (path) => {
      const found = await disk.facts(path);
      const [, uid = OPERATOR] = foreign.find(([part]) => path === part || path.startsWith(`${part}/`)) ?? [];
      return found === undefined ? undefined : { ...found, uid };
    };
    const withOwners = Object.assign(Object.create(disk) as Disk, { facts });
    return bundleAdapter({
      connector: "venue",
      adapter: join(shared, "desk/a.ts"),
      disk: withOwners,
      allowed: [],
      tcp: false,
    });
  };
  const PATHS = '{"compilerOptions": {"baseUrl": ".", "paths": {"prices": ["./desk/other/index.js"]}}}';

  it.each([
    ["tsconfig.json", PATHS],
    ["package.json", '{"sideEffects": false}'],
    [".pnp.data.json", packageList("./desk/other/")],
    [".pnp.cjs", `const RAW_RUNTIME_STATE = '${packageList("./desk/other/")}';`],
    [".pnp.js", `const RAW_RUNTIME_STATE = '${packageList("./desk/other/")}';`],
  ])("another user is refused: %s", async (name, text) => {
    const shared = await createFiles({ ...files, [name]: text });
    expect(await messageOfRefusal(bundle(shared, OTHER))).toContain(`${join(shared, name)} belongs to user 1001`);
    expect((await bundle(shared, OPERATOR)).code).toMatch(/module2?.exports = [12]/);
  });

  it.each([
    [
      "a link to a folder of the operator",
      async (shared: string) => symlink("../desk/other", join(shared, "node_modules/prices")),
    ],
    [
      "a package whose main is a file of the operator",
      async (shared: string) => {
        await mkdir(join(shared, "node_modules/prices"));
        await writeFile(join(shared, "node_modules/prices/package.json"), '{"main": "../../desk/other/index.js"}');
      },
    ],
  ])("another user is refused: %s", async (_what, make) => {
    const shared = await createFiles({ "desk/other/index.js": "module.exports = 2;", "desk/a.ts": ADAPTER });
    await mkdir(join(shared, "node_modules"));
    await make(shared);
    expect(await messageOfRefusal(bundle(shared, OTHER))).toContain("belongs to user 1001");
    expect((await bundle(shared, OPERATOR)).code).toContain("module2.exports = 2");
  });

  it.each([
    ["node_modules", "prices", "desk/other"],
    ["node_modules/@feed", "@feed/prices", "../desk/other"],
  ])("another user is refused if it is a link to packages of the operator: %s", async (link, name, target) => {
    const shared = await createFiles({
      "desk/other/prices/index.js": "module.exports = 2;",
      "desk/a.ts": `import price from "${name}"; export default price;`,
    });
    await mkdir(dirname(join(shared, link)), { recursive: true });
    await symlink(target, join(shared, link));
    const disk = nodeDisk();
    const withOwner = (owner: number): Disk =>
      Object.assign(Object.create(disk) as Disk, {
        facts: async (path: string) => {
          const found = await disk.facts(path);
          return found && { ...found, uid: path === join(shared, link) ? owner : OPERATOR };
        },
      });
    const linked = (owner: number) =>
      bundleAdapter({
        ...{ connector: "venue", adapter: join(shared, "desk/a.ts"), disk: withOwner(owner), allowed: [], tcp: false },
      });
    expect(await messageOfRefusal(linked(OTHER))).toContain(`${join(shared, link)} belongs to user 1001`);
    expect((await linked(OPERATOR)).code).toContain("module2.exports = 2");
  });
});

/** `node_modules/prices/index.js` with `module.exports = 2;`. */
const ARCHIVE = [
  "UEsDBBQAAAAAAAAAIQCocTUpEwAAABMAAAAcAAAAbm9kZV9tb2R1bGVzL3ByaWNlcy9pbmRleC5qc21vZHVsZS5leHBvcnRzID0g",
  "MjtQSwECFAMUAAAAAAAAACEAqHE1KRMAAAATAAAAHAAAAAAAAAAAAAAAgAEAAAAAbm9kZV9tb2R1bGVzL3ByaWNlcy9pbmRleC5q",
  "c1BLBQYAAAAAAQABAEoAAABNAAAAAAA=",
].join("");

describe("an archive to which a list of packages leads", () => {
  it("is not read into an adapter or an author's fake venue, because no file in it has an owner", async () => {
    const shared = await createFiles({
      ".pnp.data.json": packageList("./a.zip/node_modules/prices/"),
      "desk/a.ts": 'import price from "prices"; export default price;',
    });
    await writeFile(join(shared, "a.zip"), Buffer.from(ARCHIVE, "base64"));
    const request = { connector: "venue", disk: diskWithOwners({}), packageFolders: [], allowed: [], tcp: false };
    const file = join(shared, "desk/a.ts");
    const refusal = `${join(shared, "a.zip/node_modules/prices/index.js")} is not on the disk, but in an archive`;
    expect(await messageOfRefusal(bundleProgram({ ...request, file }))).toContain(refusal);
    // The place of the file refuses it before.
    expect(await messageOfRefusal(bundleAdapter({ ...request, adapter: file }))).toContain(
      "a connector can import only files under",
    );
  });
});

describe("the exchange of a ccxt connector", () => {
  const connector = "ccxt";
  const files = {
    "qoc/connector.ts": 'import { Exchange } from "qoc:exchange"; export default Exchange;',
    "node_modules/ccxt/package.json": '{"version": "4.0.0"}',
    "node_modules/ccxt/js/src/kraken.js": "export default 1;",
  };
  const bundle = (shared: string, owner: number) =>
    bundleAdapter({
      connector,
      adapter: join(shared, "qoc/connector.ts"),
      disk: diskWithOwners({ [join(shared, "node_modules")]: owner, [join(shared, "qoc")]: ROOT }),
      allowed: [],
      tcp: false,
      exchange: { id: "kraken", folders: [join(shared, "desk")] },
      packages: { wanted: [], folder: join(shared, "desk") },
    });

  it("is refused if another user put it above the desk", async () => {
    const shared = await createFiles(files);
    expect(await messageOfRefusal(bundle(shared, OTHER))).toContain(
      "node_modules/ccxt/js/src/kraken.js belongs to user 1001",
    );
  });

  it("is taken if the owner of the desk installed it", async () => {
    const shared = await createFiles(files);
    expect((await bundle(shared, OPERATOR)).code).toContain("kraken");
  });
});
