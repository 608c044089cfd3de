/** Enforces the rules of test/support/architecture-rules.ts over this project, and tests each rule. */
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RULES, type SourceFile, importsOf } from "./support/architecture-rules.ts";
import { splitSource } from "./support/source-text.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
type RuleKey = keyof typeof RULES;
const KEYS = Object.keys(RULES) as RuleKey[];

function filesIn(folder: string, suffixes: readonly string[]): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && suffixes.some((suffix) => entry.name.endsWith(suffix)))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(fixtures|data|node_modules)\//.test(path))
    .toSorted();
}

/** The rules' own words and examples are not a violation. */
const OWN_FILES = ["test/architecture.test.ts", "test/support/architecture-rules.ts"];
const FILES: readonly SourceFile[] = [
  ...readdirSync(ROOT).filter((name) => /\.(md|ts|mjs)$/.test(name)),
  ...filesIn("src", [".ts", ".tsx"]),
  ...filesIn("sandbox", [".ts"]),
  ...filesIn("connectors", [".ts", ".md"]),
  ...filesIn("examples", [".ts", ".md"]),
  ...filesIn("bin", [".mjs"]),
  ...filesIn("docs", [".md"]),
  ...filesIn("test", [".ts", ".tsx", ".md"]),
]
  .filter((path) => !OWN_FILES.includes(path))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));

describe("the project", () => {
  it.each(KEYS.map((key) => ({ key, name: RULES[key].name })))("$name", ({ key }) => {
    expect(RULES[key].check(FILES)).toEqual([]);
  });
});

interface Example {
  readonly breaks: readonly SourceFile[];
  readonly passes: readonly SourceFile[];
}
function file(path: string, ...lines: readonly string[]): SourceFile {
  return { path, text: `${lines.join("\n")}\n` };
}
function repeated(count: number, line: string): readonly string[] {
  return Array.from({ length: count }, () => line);
}

/** For each rule: files that each break it (or together, if the rule compares files), and files that it accepts. */
const EXAMPLES: Readonly<Record<RuleKey, Example>> = {
  layers: {
    breaks: [
      file("src/gate/a.ts", 'import { b } from "../host/b.ts";'),
      file("src/gate/a.ts", "import {", "  b,", "  c,", '} from "../trading/b.ts";'),
      file("src/cli/a.ts", 'import type { B } from "../mcp/b.ts";'),
      file("src/domain/a.ts", 'export { b } from "../workspace/b.ts";'),
      file("src/domain/a.ts", 'const b = await import("../app/b.ts");'),
      file("src/domain/a.ts", 'type B = import("../app/b.ts").B;'),
      file("src/domain/a.ts", 'import "../app/b.ts";'),
      file("src/unlisted/a.ts", 'import { b } from "../domain/b.ts";'),
    ],
    passes: [
      file("src/host/a.ts", 'import { b } from "../gate/b.ts";', 'import { c } from "./c.ts";'),
      file(
        "src/domain/a.ts",
        '// import { b } from "../app/b.ts";',
        'const text = `\nimport { b } from "../app/b.ts";\n`;',
      ),
    ],
  },
  sandboxImports: {
    breaks: [file("sandbox/a.ts", 'import { b } from "../src/host/b.ts";')],
    passes: [file("sandbox/a.ts", 'import { b } from "../src/protocol/b.ts";', 'import { c } from "./c.ts";')],
  },
  pageImports: {
    breaks: [
      file("src/ui/a.tsx", 'import { b } from "../lib/b.ts";'),
      file("src/ui/a.tsx", 'import type { B } from "../trading/b.ts";'),
      file("src/ui/a.ts", 'import { hash } from "node:crypto";'),
      file("src/http/a.ts", 'import { b } from "../ui/b.tsx";'),
    ],
    passes: [
      file("src/ui/parts/a.tsx", 'import type { B } from "../../domain/b.ts";', 'import { c } from "../c.ts";'),
      file("src/ui/a.tsx", 'import { escapeInvisible } from "../lib/invisible-characters.ts";'),
    ],
  },
  htmlSinks: {
    breaks: [
      file("src/ui/a.tsx", "element.innerHTML = text;"),
      file("src/ui/a.tsx", "const a = <p dangerouslySetInnerHTML={{ __html: text }} />;"),
      file("src/ui/a.ts", "document.write(text);"),
    ],
    passes: [file("src/ui/a.tsx", "element.textContent = text;"), file("src/http/a.ts", 'const a = "innerHTML";')],
  },
  connectorsByPath: {
    breaks: [file("src/app/a.ts", 'import paper from "../../connectors/paper/index.ts";')],
    passes: [file("src/app/a.ts", 'const path = "connectors/paper/index.ts";')],
  },
  packageOwners: {
    breaks: [
      file("src/cli/a.ts", 'import { Cron } from "croner";'),
      file("src/cli/a.ts", 'import { a } from "unlisted/deep";'),
      file("src/host/a.ts", 'import type { Server } from "@modelcontextprotocol/server";'),
    ],
    passes: [
      file("src/workspace/cron.ts", 'import { Cron } from "croner";', 'import { hash } from "node:crypto";'),
      file("src/mcp/a.ts", 'import { Server } from "@modelcontextprotocol/server/deep";'),
    ],
  },
  importCycles: {
    breaks: [
      file("src/gate/a.ts", 'import { b } from "./b.ts";'),
      file("src/gate/b.ts", 'import { c } from "./c.ts";'),
      file("src/gate/c.ts", 'import type { A } from "./a.ts";'),
    ],
    passes: [
      file("src/gate/a.ts", 'import { b } from "./b.ts";', 'import { c } from "./c.ts";'),
      file("src/gate/b.ts", 'import { c } from "./c.ts";'),
      file("src/gate/c.ts", "export const c = 1;"),
    ],
  },
  typeNames: {
    breaks: [file("src/gate/a.ts", "interface Decision {}"), file("src/mcp/a.ts", "export type Decision = string;")],
    passes: [
      file("src/gate/a.ts", "interface Decision {}"),
      file("src/mcp/a.ts", "// type Decision = string;"),
      file("src/domain/sdk.ts", "interface Decision {}"),
    ],
  },
  fileLength: {
    breaks: [file("src/gate/a.ts", ...repeated(401, "call();"))],
    passes: [file("src/gate/a.ts", ...repeated(400, "call();")), file("test/gate/a.ts", ...repeated(500, "call();"))],
  },
  lineLength: {
    breaks: [file("src/gate/a.ts", `// ${"x".repeat(118)}`), file("src/gate/a.ts", `call(${"x".repeat(130)});`)],
    passes: [file("src/gate/a.ts", `// ${"x".repeat(117)}`), file("src/gate/a.ts", `const a = "${"x".repeat(130)}";`)],
  },
  functionLength: {
    breaks: [
      file("src/gate/a.ts", "function a() {", ...repeated(69, "  call();"), "}"),
      file(
        "src/gate/a.ts",
        "export async function a(",
        "  b: string,",
        "): Promise<void> {",
        ...repeated(67, "  c();"),
        "}",
      ),
      file(
        "src/gate/a.ts",
        "class A {",
        "  async #b(c: string): Promise<void> {",
        ...repeated(69, "    d();"),
        "  }",
        "}",
      ),
      file("src/gate/a.ts", "call(async (a) => {", ...repeated(69, "  b();"), "});"),
    ],
    passes: [
      file("src/gate/a.ts", "function a() {", ...repeated(68, "  call();"), "}", ...repeated(30, "call();")),
      file("src/gate/a.ts", "interface A {", ...repeated(90, "  b: string;"), "}"),
      file("src/gate/a.ts", "const a = {", ...repeated(90, "  b,"), "};"),
    ],
  },
  topLevelArrows: {
    breaks: [file("src/gate/a.ts", "export const a = (b: string): void => {", "  call(b);", "};")],
    passes: [
      file("src/gate/a.ts", "export function a(b: string): void {", "  call((c) => c);", "}"),
      file("src/gate/a.ts", "const a: Guard<B> = (input) => {", "  return input;", "};"),
    ],
  },
  optionalSpreads: {
    breaks: [
      file("src/gate/a.ts", "const a = { ...(b === undefined ? {} : { b }) };"),
      file("src/gate/a.ts", "const a = { ...(call(b) ? { b: c(d) } : {}) };"),
      file("src/gate/a.ts", "const a = {", "  ...(b === undefined", "    ? {}", "    : { b }),", "};"),
    ],
    passes: [file("src/gate/a.ts", "const a = { ...b, ...(c ?? []) };", "const d = c ? {} : { c };")],
  },
  catchAllNames: {
    breaks: [file("src/gate/utils.ts"), file("src/helpers/a.ts"), file("sandbox/index.ts")],
    passes: [file("src/lib/lru-map.ts"), file("connectors/paper/index.ts")],
  },
  debris: {
    breaks: [
      file("src/gate/a.ts", "// TODO: finish"),
      file("test/gate/a.test.ts", 'it.only("a", () => undefined);'),
      file("src/gate/a.ts", "debugger;"),
    ],
    passes: [file("src/gate/a.ts", 'const debuggers = "TODO";')],
  },
  ambientPowers: {
    breaks: [
      file("src/gate/a.ts", "const now = Date.now();"),
      file("src/gate/a.ts", "const id = randomUUID();"),
      file("src/gate/a.ts", "setTimeout(call, 10);"),
      file("src/gate/a.ts", 'import { readFile } from "node:fs/promises";'),
      file("src/gate/a.ts", 'const fs = await import("node:fs");'),
      file("src/gate/a.ts", "const home = process.env.HOME;"),
      file("src/gate/a.ts", 'process.on("exit", call);'),
      file("src/gate/a.ts", 'import { spawn } from "node:child_process";'),
      file("src/gate/a.ts", 'import { Worker } from "node:worker_threads";'),
      file("src/gate/a.ts", 'import { connect } from "node:net";'),
    ],
    passes: [
      file("src/app/a.ts", "const now = Date.now();", "const home = process.env.HOME;"),
      file("src/gate/a.ts", "// Date.now() is not used here", 'import type { Socket } from "node:net";'),
      file("src/gate/a.ts", "const pattern = /process.env/;", "const text = `process.exit(0)`;"),
    ],
  },
  defaultExports: {
    breaks: [file("src/gate/a.ts", "export default 1;")],
    passes: [
      file("connectors/paper/index.ts", "export default class {}"),
      file("src/gate/a.ts", "export const a = 1;"),
    ],
  },
  mint: {
    breaks: [
      file("src/trading/a.ts", 'import { type Cleared, mint } from "../gate/cleared.ts";'),
      file("src/trading/a.ts", 'import * as cleared from "../gate/cleared.ts";'),
      file("src/trading/a.ts", 'const { mint } = await import("../gate/cleared.ts");'),
    ],
    passes: [
      file("src/gate/a.ts", 'import { mint } from "./cleared.ts";'),
      file("src/host/a.ts", 'import { type Cleared, isCleared } from "../gate/cleared.ts";'),
    ],
  },
  moduleMocks: {
    breaks: [file("test/gate/a.test.ts", 'vi.mock("ws", () => ({}));')],
    passes: [file("test/gate/a.test.ts", 'vi.stubGlobal("fetch", answer);')],
  },
  comlinkDirection: {
    breaks: [file("src/host/a.ts", 'import { expose } from "comlink";', "expose(adapter);")],
    passes: [file("src/host/a.ts", 'import { wrap } from "comlink";', "wrap(port);")],
  },
  phrases: {
    breaks: [
      file("src/gate/a.ts", "// What became of it stands in the journal."),
      file("docs/a.md", "One that nobody knows holds nothing."),
      file("test/gate/a.test.ts", 'it("is told of it", () => undefined);'),
      file("test/gate/a.test.ts", 'it.each(ROWS)("is none (%s)", async (row) => {});'),
      file("test/gate/a.test.ts", "// Lent to the run."),
    ],
    passes: [
      file("src/gate/a.ts", "// The result is in the journal if there is room for it.", "const wallClock = 1;"),
      file("test/gate/a.test.ts", 'it("returns the order", () => expect(call("nobody")).toBe("none"));'),
    ],
  },
};

describe("the rules", () => {
  it.each(KEYS)("%s reports each file that breaks it", (key) => {
    const { breaks } = EXAMPLES[key];
    const comparesFiles = key === "importCycles" || key === "typeNames";
    for (const files of comparesFiles ? [breaks] : breaks.map((example) => [example])) {
      const violations = RULES[key].check(files);
      expect(violations, files.map(({ text }) => text).join("\n")).toHaveLength(1);
      expect(violations[0]).toMatch(new RegExp(`^${files[0]?.path ?? ""}:\\d*`));
    }
  });

  it.each(KEYS)("%s accepts files that keep it", (key) => {
    expect(RULES[key].check(EXAMPLES[key].passes)).toEqual([]);
  });
});

describe("the scanner of sources", () => {
  it("keeps every line and column of every file", () => {
    for (const { path, text } of FILES.filter(({ path: name }) => name.endsWith(".ts"))) {
      const { code, comments } = splitSource(text);
      expect([code.length, comments.length], path).toEqual([text.length, text.length]);
      const braces = [...code.replaceAll(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "")].filter((c) =>
        "{}".includes(c),
      );
      expect(braces.filter((char) => char === "{").length, path).toBe(braces.length / 2);
    }
  });

  it("takes comments, template texts and regular expressions out of the code", () => {
    const text = 'const a = /"[/{]/g.test(b) / 2; // "c"\nconst d = `e ${f({ g: `h` })} i`; /* j */ k("l // m");';
    const { code, comments } = splitSource(text);
    expect(code.replaceAll(/ +/g, " ")).toBe('const a = .test(b) / 2; \nconst d = ` ${f({ g: ` ` })} `; k("l // m");');
    expect(comments.split(/\s+/).filter((word) => word !== "")).toEqual(["//", '"c"', "/*", "j", "*/"]);
  });

  it("finds the line of each import", () => {
    const text = 'import a from "a";\nimport {\n  b,\n} from "./b.ts";\nexport * from "./c.ts";\n';
    expect(importsOf({ path: "src/x/y.ts", text }).map(({ line, from }) => [line, from])).toEqual([
      [1, "a"],
      [4, "./b.ts"],
      [5, "./c.ts"],
    ]);
  });
});
