/** The package as published: unpacked in an empty folder, with only its dependencies. */
import { adapterFixture } from "../support/adapter-fixture.ts";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../support/free-port.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The screenshots of docs/page.md are a third of it. */
const SIZE_MAX = 2_100_000;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

let packed: Packed;
let app = "";

beforeAll(() => {
  app = mkdtempSync(join(tmpdir(), "qoc-package-"));
  // The package holds the dist/ that was built before the tests.
  const out = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", app], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  packed = (JSON.parse(out) as Packed[])[0] as Packed;
  const home = join(app, "node_modules/qoc");
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["xzf", join(app, packed.filename), "-C", home, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    if (name.includes("/")) mkdirSync(join(app, "node_modules", name.split("/")[0] ?? ""), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), join(app, "node_modules", name));
  }
});

afterAll(() => rmSync(app, { recursive: true, force: true }));

function env(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: join(app, "home"), XDG_RUNTIME_DIR: join(app, "run") };
}
function qoc(cwd: string, ...args: readonly string[]): string {
  return execFileSync(process.execPath, [join(app, "node_modules/qoc/bin/qoc.mjs"), ...args], {
    cwd,
    env: env(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Names of the adapters whose bundles are on disk. */
function kept(): readonly string[] {
  return readdirSync(join(app, "home/.qoc/bundles")).map((name) => {
    const [header = ""] = readFileSync(join(app, "home/.qoc/bundles", name), "utf8").split("\n", 1);
    return (JSON.parse(header) as { adapter: string }).adapter;
  });
}

describe("the package", () => {
  it("the package holds programs and documents, and no test, source or benchmark", () => {
    const paths = packed.files.map(({ path }) => path);
    for (const needed of [
      "bin/qoc.mjs",
      "dist/src/app/main.js",
      "dist/src/app/host.js",
      "dist/sandbox/adapter-worker.cjs",
      "dist/sandbox/egress-thread.cjs",
      "dist/sandbox/guard-worker.cjs",
      "dist/src/market-data/feed-worker.js",
      "dist/ui/index.html",
      "dist/ui/THIRD-PARTY.txt",
      "connectors/alpaca/index.ts",
      "connectors/cash/index.ts",
      "connectors/ccxt/index.ts",
      "connectors/ibkr/index.ts",
      "connectors/paper/index.ts",
      "connectors/paper-on-quotes/index.ts",
      "connectors/replay/index.ts",
      "connectors/template/index.ts",
      "docs/connectors.md",
      "README.md",
      "SECURITY.md",
      "LICENSE",
    ])
      expect(paths).toContain(needed);
    expect(paths.filter((path) => /^(test|src|sandbox|\.ci|dist\/(bench|attacks))\//.test(path))).toEqual([]);
    expect(packed.size).toBeLessThan(SIZE_MAX);
  });

  it("the page's packages go with the text of their licences", () => {
    const notices = readFileSync(join(app, "node_modules/qoc/dist/ui/THIRD-PARTY.txt"), "utf8");
    const named = [...notices.matchAll(/^(\S+) [\d.]+ \(MIT\)$/gm)].map(([, name]) => name);
    expect(named).toEqual(["@preact/signals", "@preact/signals-core", "marked", "preact", "uplot"]);
    expect(notices.match(/Permission is hereby granted/g)).toHaveLength(named.length);
  });

  it("the package creates a desk and a connector, certifies the connector, and trades on it", async () => {
    qoc(app, "init", "desk");
    const desk = join(app, "desk");
    const { path, table } = JSON.parse(qoc(desk, "connectors", "new", "my-venue", "--json")) as {
      path: string;
      table: string;
    };
    const report = JSON.parse(qoc(desk, "connectors", "test", path, "--only", "C01", "--only", "C26", "--json")) as {
      counts: object;
    };
    expect(report.counts).toEqual({ passed: 2, failed: 0, skipped: 0, untried: 0 });
    mkdirSync(join(desk, "src/connectors/skeleton"));
    copyFileSync(
      join(ROOT, "test/fixtures/adapters/my-venue/index.ts"),
      join(desk, "src/connectors/skeleton/index.ts"),
    );
    const skeleton = JSON.parse(
      qoc(desk, "connectors", "test", "./src/connectors/skeleton", "--only", "C01", "--json"),
    ) as { counts: object };
    expect(skeleton.counts).toEqual({ passed: 1, failed: 0, skipped: 0, untried: 0 });
    // A hand-written venue of one file, in addition to the paper venue.
    mkdirSync(join(desk, "src/connectors/tiny"), { recursive: true });
    writeFileSync(join(desk, "src/connectors/tiny/index.ts"), TINY);
    // The port that init found free may be in use by now; a port from the kernel is rarely given out twice.
    const config = readFileSync(join(desk, "desk.toml"), "utf8").replace(/^port = \d+$/m, `port = ${await freePort()}`);
    const tiny = table.replaceAll("my-venue", "tiny").replace(/ {2}\[connector\.auth\][\s\S]*/, "");
    writeFileSync(join(desk, "desk.toml"), `${config}\n${tiny}\n`);
    qoc(desk, "up", "--detach");
    try {
      const made = JSON.parse(
        qoc(
          desk,
          "orders",
          "propose",
          "--side",
          "buy",
          "--symbol",
          "X",
          "--quantity",
          "1",
          "--type",
          "limit",
          "--limit-price",
          "100",
          "--connector",
          "tiny",
          "--rationale",
          "published",
          "--json",
        ),
      ) as { id: string; digest: string };
      const receipt = JSON.parse(qoc(desk, "approve", made.id, "--digest", made.digest, "--json")) as { state: string };
      expect(["accepted", "filled"]).toContain(receipt.state);
      // The workspace's own tsconfig must not prevent its bundles from being cached.
      expect(kept()).toContain(join(desk, "src/connectors/tiny/index.ts"));
    } finally {
      qoc(desk, "down");
    }
  });

  it("a built-in connector without its npm package names the line that installs it, and finds it in the desk", () => {
    qoc(app, "init", "other-desk");
    const desk = realpathSync(join(app, "other-desk"));
    const connect = (): string => {
      try {
        return qoc(desk, "connect", "ibkr", "--name", "ib", "--address", "127.0.0.1:1", "--yes");
      } catch (error) {
        return (error as { stderr: string }).stderr;
      }
    };
    expect(connect()).toContain(`type: npm install --prefix ${desk} @stoqey/ib@1.6`);
    mkdirSync(join(desk, "node_modules/@stoqey"), { recursive: true });
    symlinkSync(join(ROOT, "node_modules/@stoqey/ib"), join(desk, "node_modules/@stoqey/ib"));
    expect(connect()).toContain("start TWS or IB Gateway");
  });

  it("the package exports the SDK's values by name", () => {
    const script = `import { VenueRejection, SDK_VERSION } from "qoc/sdk"; console.log(new VenueRejection("x").name, SDK_VERSION);`;
    expect(execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: app, encoding: "utf8" })).toBe(
      "VenueRejection 1\n",
    );
  });
});

const TINY = adapterFixture("single-fill");
