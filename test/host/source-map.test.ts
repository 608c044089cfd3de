/** Places in a bundle, as the runtime's own reader of source maps gives them. */
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSourceMap } from "../../src/host/source-map.ts";
import { bundleMapper, stackMapper } from "../../src/host/stack-map.ts";
import { digestOf } from "../../src/domain/digest.ts";

const ENTRY = fileURLToPath(new URL("../../src/domain/decimal.ts", import.meta.url));

/** A real bundle: several files, and lines of many segments where it is minified. */
async function bundled(minify: boolean): Promise<{ code: readonly string[]; map: string }> {
  const { outputFiles } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    minify,
    sourcemap: "external",
    write: false,
    outdir: "/x",
    format: "cjs",
  });
  const of = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return { code: of(".js").split("\n"), map: of(".js.map") };
}

describe.each([
  ["as it is", false],
  ["minified", true],
])("a bundle %s", (_name, minify) => {
  it("has its places found as Node finds them", async () => {
    const { code, map } = await bundled(minify);
    const find = openSourceMap(map);
    const node = new SourceMap(JSON.parse(map) as SourceMapPayload);
    let found = 0;
    let asked = 0;
    for (const [line, text] of code.entries()) {
      for (let column = 0; column < text.length; column += 3) {
        const place = find(line + 1, column + 1);
        asked += 1;
        if (place === undefined) continue;
        found += 1;
        const theirs = node.findEntry(line, column) as {
          originalSource: string;
          originalLine: number;
          originalColumn: number;
        };
        expect([place.source, place.line - 1, place.column - 1]).toEqual([
          theirs.originalSource,
          theirs.originalLine,
          theirs.originalColumn,
        ]);
      }
    }
    expect(found).toBeGreaterThan(asked / 2);
  });
});

describe("a map", () => {
  const map = JSON.stringify({ version: 3, sources: ["a.ts"], mappings: "AAAA;;GACC" });

  it.each([
    [1, 1, { source: "a.ts", line: 1, column: 1 }],
    [2, 1, undefined],
    [3, 3, undefined],
    [3, 4, { source: "a.ts", line: 2, column: 2 }],
    [3, 400, { source: "a.ts", line: 2, column: 2 }],
    [4, 1, undefined],
    [0, 1, undefined],
  ])("of line %i, column %i", (line, column, place) => {
    expect(openSourceMap(map)(line, column)).toEqual(place);
  });

  it("of any text comes to an end", () => {
    const signs = fc.string({ unit: fc.constantFrom(..."AgCz;,/+ \u00e9") });
    fc.assert(
      fc.property(signs, fc.nat(9), fc.nat(9), (mappings, line, column) => {
        const place = openSourceMap(JSON.stringify({ mappings, sources: ["a"] }))(line, column);
        expect(place === undefined || place.source === "a").toBe(true);
      }),
    );
    expect(openSourceMap("{}")(1, 1)).toBeUndefined();
  });

  it("is read once for a bundle, at its first place, and anew for another", () => {
    const mapperFor = bundleMapper();
    const broken = { digest: digestOf("1"), map: "no map" };
    const mapper = mapperFor("qoc:x", broken);
    expect(mapper("nothing in here")).toBe("nothing in here");
    expect(mapperFor("qoc:x", { ...broken, map })).toBe(mapper);
    expect(mapperFor("qoc:x", { digest: digestOf("2"), map })("at qoc:x:3:4)")).toBe("at a.ts:2:2)");
  });

  it("that is huge is not read: places stay the bundle's", () => {
    const huge = `${map.slice(0, -1)}${" ".repeat(64 * 1024 * 1024)}}`;
    expect(stackMapper("qoc:x", huge)("at qoc:x:1:1")).toBe("at qoc:x:1:1");
    expect(stackMapper("qoc:x", map)("at qoc:x:1:1 qoc:x:2:1 qoc:y:1:1")).toBe("at a.ts:1:1 qoc:x:2:1 qoc:y:1:1");
  });
});
