/**
 * The house tidies itself: floors, homes of packages, sizes, banned words, and that clock, chance and files are arguments.
 * Each rule prints `path:line: what, do instead`.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Who may stand on whom: a room imports only rooms of a lower floor. */
const FLOORS: readonly (readonly [prefix: string, floor: number])[] = [
  ["src/domain/", 0],
  ["src/protocol/messages.ts", 1],
  ["src/protocol/payload-size.ts", 1],
  ["src/protocol/schemas.ts", 1],
  ["src/protocol/fill-schema.ts", 1],
  ["src/workspace/", 1],
  ["src/gate/", 1],
  ["src/bus/", 2],
  ["src/host/", 3],
  ["src/market-data/", 3],
  ["src/agents/", 3],
  ["src/trading/", 4],
  ["src/conformance/", 4],
  ["src/commands/", 5],
  ["src/doors/", 6],
  ["src/app/", 7],
  ["src/app/main.ts", 7],
  ["sandbox/", 2],
];

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
  zod: ["src/", "sandbox/"],
};

/** Files over 300 lines, each with its reason. */
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
    allowed: ["src/workspace/", "src/main", "src/cli/", "sandbox/stdio-channel.ts"],
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

function floorOf(path: string): number | undefined {
  return FLOORS.find(([prefix]) => path.startsWith(prefix))?.[1];
}
function roomOf(path: string): string {
  if (path.startsWith("src/main")) return "src/main";
  if (path.startsWith("sandbox/")) return "sandbox";
  return path
    .split("/")
    .slice(0, path.startsWith("src/doors/") ? 3 : 2)
    .join("/");
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
  it("imports only downward, never a neighbour", () => {
    const wrong = SOURCES.filter((path) => !path.startsWith("connectors/")).flatMap((path) =>
      imports(path)
        .filter(({ from }) => from.startsWith("."))
        .flatMap(({ line, from }) => {
          const target = resolved(path, from);
          if (roomOf(path) === roomOf(target)) return [];
          const mine = floorOf(path);
          const theirs = floorOf(target);
          if (mine === undefined || theirs === undefined) return [`${path}:${line}: ${target} is in no room`];
          return mine > theirs ? [] : [`${path}:${line}: ${roomOf(path)} may not import ${target}`];
        }),
    );
    expect(wrong).toEqual([]);
  });

  it("keeps the worker's side of the wall apart", () => {
    const wrong = files("sandbox").flatMap((path) =>
      imports(path)
        .filter(({ from }) => from.startsWith("."))
        .map(({ line, from }) => ({ line, target: resolved(path, from) }))
        .filter(({ target }) => !target.startsWith("sandbox/") && !target.startsWith("src/domain/"))
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

  it("keeps files to one idea: at most 300 lines", () => {
    const wrong = SOURCES.filter((path) => LONG[path] === undefined)
      .map((path) => ({ path, count: lines(path).length }))
      .filter(({ count }) => count > 301)
      .map(({ path, count }) => `${path}: ${count} lines`);
    expect(wrong).toEqual([]);
    expect(Object.keys(LONG).filter((path) => !SOURCES.includes(path) || lines(path).length <= 301)).toEqual([]);
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
