/**
 * The house tidies itself: floors, homes of packages, sizes, banned words, and that clock, chance and files are arguments.
 * Each rule prints `path:line: what, do instead`.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** One layer per entry, from the lowest. A module imports only modules of lower layers. */
const LAYERS: readonly (readonly string[])[] = [
  ["src/lib/"],
  ["src/domain/"],
  ["src/protocol/"],
  ["src/workspace/"],
  ["src/gate/"],
  ["src/bus/"],
  ["src/market-data/"],
  ["src/host/"],
  ["src/agents/"],
  ["src/conformance/"],
  ["src/trading/"],
  ["src/runs/"],
  ["src/commands/"],
  ["src/cli/", "src/mcp/", "src/http/"],
  ["src/app/"],
];
/** The worker's code imports these modules only. */
const SANDBOX_IMPORTS = ["sandbox/", "src/protocol/", "src/domain/", "src/lib/"];

/** The one home of each npm package; `connectors/` and `test/` are exempt, zod lives anywhere. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  "big.js": ["src/domain/decimal.ts"],
  "smol-toml": ["src/workspace/"],
  yaml: ["src/workspace/"],
  eventemitter3: ["src/bus/"],
  comlink: ["src/host/", "sandbox/"],
  esbuild: ["src/host/"],
  piscina: ["src/host/"],
  ws: ["sandbox/", "src/conformance/"],
  "@modelcontextprotocol/server": ["src/mcp/"],
  "@modelcontextprotocol/node": ["src/mcp/"],
  "trading-signals": ["src/market-data/"],
  "fast-xml-parser": ["src/market-data/"],
  "@bomb.sh/tab": ["src/cli/"],
  "@clack/prompts": ["src/cli/"],
  citty: ["src/cli/"],
  zod: ["src/", "sandbox/"],
};

/** Files over 400 lines, each with its reason. */
const LONG: Readonly<Record<string, string>> = {};

/** Ambient powers and where they may be taken from the world. */
const AMBIENT: readonly { readonly what: RegExp; readonly instead: string; readonly allowed: readonly string[] }[] = [
  {
    what: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    instead: "take a Clock",
    allowed: ["src/app/", "sandbox/", "connectors/"],
  },
  {
    what: /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/,
    instead: "take Ids or a seed",
    allowed: ["src/app/", "sandbox/"],
  },
  {
    what: /(?<!socket\.)\bset(Timeout|Interval)\(/,
    instead: "take a Clock",
    allowed: ["src/app/", "sandbox/", "connectors/"],
  },
  {
    what: /from "node:fs(\/promises)?"|import\("node:fs/,
    instead: "take a Disk",
    // A pipe is written by its descriptor.
    allowed: ["src/workspace/", "src/app/", "src/cli/", "sandbox/stdio-channel.ts"],
  },
];

function files(folder: string, suffix = ".ts"): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(suffix))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("fixtures/") && !path.includes("/data/"))
    .toSorted();
}

const SOURCES = [...files("src"), ...files("sandbox"), ...files("connectors")];
const TESTS = files("test");
function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
function lines(path: string): readonly string[] {
  return read(path).split("\n");
}

function layerOf(path: string): number {
  return LAYERS.findIndex((prefixes) => prefixes.some((prefix) => path.startsWith(prefix)));
}
function moduleOf(path: string): string {
  return path.startsWith("sandbox/") ? "sandbox" : path.split("/").slice(0, 2).join("/");
}

function imports(path: string): readonly { line: number; from: string }[] {
  return lines(path).flatMap((text, index) => {
    const match =
      /(?:^|\s)(?:import|export)\b.*?\bfrom "([^"]+)"|^import "([^"]+)"|\bimport\("([^"]+)"\)/.exec(text) ??
      /^} from "([^"]+)"/.exec(text);
    const from = match?.[1] ?? match?.[2] ?? match?.[3];
    return from === undefined ? [] : [{ line: index + 1, from }];
  });
}

function resolved(path: string, from: string): string {
  return relative(ROOT, join(ROOT, path, "..", from));
}

describe("the house", () => {
  it("imports only modules of lower layers", () => {
    const wrong = files("src").flatMap((path) =>
      imports(path)
        .filter(({ from }) => from.startsWith("."))
        .flatMap(({ line, from }) => {
          const target = resolved(path, from);
          if (moduleOf(path) === moduleOf(target)) return [];
          const mine = layerOf(path);
          const theirs = layerOf(target);
          if (mine === -1 || theirs === -1) return [`${path}:${line}: ${target} is in no layer`];
          return mine > theirs ? [] : [`${path}:${line}: ${moduleOf(path)} may not import ${target}`];
        }),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps the worker's side of the wall apart", () => {
    const wrong = files("sandbox").flatMap((path) =>
      imports(path)
        .filter(({ from }) => from.startsWith("."))
        .map(({ line, from }) => ({ line, target: resolved(path, from) }))
        .filter(({ target }) => !SANDBOX_IMPORTS.some((prefix) => target.startsWith(prefix)))
        .map(({ line, target }) => `${path}:${line}: the worker's side may not import ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("loads connectors by path, like a stranger's", () => {
    const wrong = [...files("src"), ...files("sandbox")].flatMap((path) =>
      imports(path)
        .filter(({ from }) => from.startsWith(".") && resolved(path, from).startsWith("connectors/"))
        .map(({ line }) => `${path}:${line}: nobody imports connectors/`),
    );
    expect(wrong).toEqual([]);
  });

  it("meets each npm package in its home", () => {
    const wrong = [...files("src"), ...files("sandbox")].flatMap((path) =>
      imports(path)
        .filter(({ from }) => !from.startsWith(".") && !from.startsWith("node:") && from !== "@qoc-app/sdk")
        .flatMap(({ line, from }) => {
          const name = from.startsWith("@") ? from.split("/").slice(0, 2).join("/") : (from.split("/")[0] ?? from);
          const homes = HOMES[name];
          if (homes === undefined) return [`${path}:${line}: ${name} has no home`];
          return homes.some((home) => path.startsWith(home))
            ? []
            : [`${path}:${line}: ${name} lives in ${homes.join(", ")}`];
        }),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps files to one idea: at most 400 lines", () => {
    const wrong = SOURCES.filter((path) => LONG[path] === undefined)
      .map((path) => ({ path, count: lines(path).length }))
      .filter(({ count }) => count > 401)
      .map(({ path, count }) => `${path}: ${count} lines`);
    expect(wrong).toEqual([]);
    expect(Object.keys(LONG).filter((path) => !SOURCES.includes(path) || lines(path).length <= 401)).toEqual([]);
  });

  it("keeps lines of source to 160 characters", () => {
    const wrong = SOURCES.flatMap((path) =>
      lines(path).flatMap((text, index) =>
        text.length > 160 ? [`${path}:${index + 1}: ${text.length} characters`] : [],
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("has no room for odds and ends", () => {
    const banned = /(^|\/)(utils?|helpers?|common|misc|index)(\.ts|\/|$)/;
    expect(SOURCES.filter((path) => banned.test(path) && !path.startsWith("connectors/"))).toEqual([]);
  });

  it("leaves no debris", () => {
    const wrong = [...SOURCES, ...TESTS].flatMap((path) =>
      lines(path).flatMap((text, index) =>
        /\b(TODO|FIXME|XXX|HACK)\b|\bdebugger\b|\b(it|describe|test)\.only\(/.test(text) &&
        path !== "test/architecture.test.ts"
          ? [`${path}:${index + 1}: ${text.trim()}`]
          : [],
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("takes clock, chance and files as arguments", () => {
    const wrong = SOURCES.flatMap((path) =>
      lines(path).flatMap((text, index) =>
        AMBIENT.filter(
          ({ what, allowed }) => what.test(text) && !allowed.some((prefix) => path.startsWith(prefix)),
        ).map(({ instead }) => `${path}:${index + 1}: ${text.trim()}; ${instead}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("exports nothing by default but adapters", () => {
    const wrong = [...files("src"), ...files("sandbox")].filter((path) => /^export default/m.test(read(path)));
    expect(wrong).toEqual([]);
  });

  it("mints cleared orders in the gate alone", () => {
    const wrong = SOURCES.flatMap((path) =>
      imports(path)
        .filter(({ from }) => from.endsWith("gate/mint.ts"))
        .map(({ line }) => `${path}:${line}: only the gate mints`),
    );
    expect(wrong).toEqual([]);
  });

  it("uses comlink one way: expose only in the sandbox, wrap only in the host", () => {
    const wrong = files("src").filter(
      (path) => /\bexpose\(|\bproxy\(/.test(read(path)) && read(path).includes("comlink"),
    );
    expect(wrong).toEqual([]);
  });
});
