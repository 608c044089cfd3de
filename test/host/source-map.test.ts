/** Source positions, compared with those of Node's own source map reader. */
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStackMapperCache, openSourceMap, stackMapper } from "../../src/host/source-map.ts";
import { digestOf } from "../../src/domain/digest.ts";

const ENTRY = fileURLToPath(new URL("../../src/domain/decimal.ts", import.meta.url));

/** A real bundle of several files. Minified, it has lines of many segments. */
async function bundleEntry(minify: boolean): Promise<{ code: readonly string[]; map: string }> {
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    minify,
    sourcemap: "external",
    write: false,
    outdir: "/x",
    format: "cjs",
  });
  const textOf = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { code: textOf(".js").split("\n"), map: textOf(".js.map") };
}

describe.each([
  ["not minified", false],
  ["minified", true],
])("a bundle, %s,", (_name, minify) => {
  it("has the same source positions as with Node's reader", async () => {
    const { code, map } = await bundleEntry(minify);
    const findPosition = openSourceMap(map);
    const node = new SourceMap(JSON.parse(map) as SourceMapPayload);
    let mapped = 0;
    let tried = 0;
    for (const [line, text] of code.entries()) {
      for (let column = 0; column < text.length; column += 3) {
        const position = findPosition(line + 1, column + 1);
        tried += 1;
        if (position === undefined) continue;
        mapped += 1;
        const expected = node.findEntry(line, column) as {
          originalSource: string;
          originalLine: number;
          originalColumn: number;
        };
        expect([position.source, position.line - 1, position.column - 1]).toEqual([
          expected.originalSource,
          expected.originalLine,
          expected.originalColumn,
        ]);
      }
    }
    expect(mapped).toBeGreaterThan(tried / 2);
  });
});

describe("a source map", () => {
  const map = JSON.stringify({ version: 3, sources: ["a.ts"], mappings: "AAAA;;GACC" });

  it.each([
    [1, 1, { source: "a.ts", line: 1, column: 1 }],
    [2, 1, undefined],
    [3, 3, undefined],
    [3, 4, { source: "a.ts", line: 2, column: 2 }],
    [3, 400, { source: "a.ts", line: 2, column: 2 }],
    [4, 1, undefined],
    [0, 1, undefined],
  ])("maps line %i, column %i", (line, column, position) => {
    expect(openSourceMap(map)(line, column)).toEqual(position);
  });

  it("with arbitrary mappings never makes the lookup hang", () => {
    const characters = fc.string({ unit: fc.constantFrom(..."AgCz;,/+ \u00e9") });
    fc.assert(
      fc.property(characters, fc.nat(9), fc.nat(9), (mappings, line, column) => {
        const position = openSourceMap(JSON.stringify({ mappings, sources: ["a"] }))(line, column);
        expect(position === undefined || position.source === "a").toBe(true);
      }),
    );
    expect(openSourceMap("{}")(1, 1)).toBeUndefined();
  });

  it("is parsed once per bundle, at the first position, and again for another bundle", () => {
    const mapperFor = createStackMapperCache();
    const broken = { digest: digestOf("1"), map: "not JSON" };
    const mapper = mapperFor("qoc:x", broken);
    expect(mapper("nothing in here")).toBe("nothing in here");
    expect(mapperFor("qoc:x", { ...broken, map })).toBe(mapper);
    expect(mapperFor("qoc:x", { digest: digestOf("2"), map })("at qoc:x:3:4)")).toBe("at a.ts:2:2)");
  });

  it("larger than 64 Mi characters is not parsed: positions in the bundle stay as they are", () => {
    const huge = `${map.slice(0, -1)}${" ".repeat(64 * 1024 * 1024)}}`;
    expect(stackMapper("qoc:x", huge)("at qoc:x:1:1")).toBe("at qoc:x:1:1");
    expect(stackMapper("qoc:x", map)("at qoc:x:1:1 qoc:x:2:1 qoc:y:1:1")).toBe("at a.ts:1:1 qoc:x:2:1 qoc:y:1:1");
  });
});

it("a text of many positions in a long line goes through 200,000 segments, and the others stay as they are", () => {
  const long = JSON.stringify({ version: 3, sources: ["a.ts"], mappings: `AAAA${",CAAC".repeat(300_000)}` });
  const mapped = stackMapper("qoc:v", long)("qoc:v:1:150001 ".repeat(3));
  expect(mapped).toBe("a.ts:1:150001 qoc:v:1:150001 qoc:v:1:150001 ");
});
