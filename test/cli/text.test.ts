import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clip, linesOf, oneLine, quoted, widthOf, wrap } from "../../src/commands/rendering/terminal-text.ts";
import { wantsColour } from "../../src/cli/io.ts";
import { painter } from "../../src/commands/rendering/paint.ts";
import { type Column, keyValueLines, table } from "../../src/commands/rendering/table-text.ts";

/** Characters that move, hide or turn what a person reads. */
const HOSTILE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/u;
const bits = fc.array(
  fc.constantFrom(
    "\u001b[2J",
    "\u202e",
    "\u2066",
    "\u200b",
    "\r",
    "\n",
    "\t",
    "\u009b31m",
    "\ufeff",
    "\u{e0041}",
    "a",
    "é",
    "漢",
    "😀",
    " ",
    "✓",
    "\u0301",
  ),
  { maxLength: 40 },
);

describe("escape", () => {
  it.each([
    ["\u001b[31mred", "\\u{1b}[31mred"],
    ["pay\u202e001", "pay\\u{202e}001"],
    ["a\u200bb\ufeff", "a\\u{200b}b\\u{feff}"],
    ["one\ntwo\ttab", "one\\u{a}two\\u{9}tab"],
    ["\u009b2J", "\\u{9b}2J"],
    ["plain é 漢 ✓ 😀", "plain é 漢 ✓ 😀"],
    ["\ud800", "\\u{d800}"],
  ])("escapes control and hidden characters of %j", (text, safe) => expect(oneLine(text)).toBe(safe));

  it("linesOf splits at line feeds and escapes a carriage return", () => {
    expect(linesOf("a\r\nb\rc\td\n")).toEqual(["a", "b\\u{d}c  d", ""]);
  });

  it("quoted marks every line", () => {
    expect(quoted("yes\n✓ approved by the desk\n", 80)).toEqual(["│ yes", "│ ✓ approved by the desk"]);
    expect(quoted("aaaa bbbb cccc", 11)).toEqual(["│ aaaa bbbb", "│ cccc"]);
  });

  it("limits combining marks on one character", () => {
    expect(oneLine(`e${"\u0301".repeat(50)}`).length).toBeLessThan(20);
  });

  it("widthOf counts terminal columns", () => {
    expect([widthOf("abc"), widthOf("é"), widthOf("漢字"), widthOf("😀"), widthOf("✓")]).toEqual([3, 1, 4, 2, 1]);
  });

  it("escapes any text, keeps lines within the width, and loses no visible character", () => {
    fc.assert(
      fc.property(bits, fc.integer({ min: 4, max: 60 }), (parts, width) => {
        const safe = oneLine(parts.join(""));
        expect(safe).not.toMatch(HOSTILE);
        expect(widthOf(clip(safe, width))).toBeLessThanOrEqual(width);
        for (const line of wrap(safe, width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
        expect(wrap(safe, width).join("").replaceAll(" ", "")).toBe(safe.replaceAll(" ", ""));
        for (const line of quoted(parts.join(""), 40)) expect(line.startsWith("│ ")).toBe(true);
      }),
    );
  });
});

const columns: readonly Column<{ id: string; n: string; note: string }>[] = [
  { title: "id", cell: (row) => row.id },
  { title: "n", cell: (row) => row.n, isNumber: true },
  { title: "note", cell: (row) => row.note, shrinks: true },
];
const rows = [
  { id: "a1", n: "10", note: "short" },
  { id: "b22", n: "5.5", note: "a long note that must give way on a narrow terminal" },
];

describe("table", () => {
  it("aligns columns on a terminal and cuts the column that may shrink", () => {
    expect(table({ isTty: true, columns: 40, paint: painter(false) }, columns, rows)).toEqual([
      "ID     N  NOTE",
      "a1    10  short",
      "b22  5.5  a long note that must give wa…",
    ]);
  });

  it("in a pipe prints tabs, no header and the whole text", () => {
    expect(table({ isTty: false, columns: 40, paint: painter(false) }, columns, rows)).toEqual([
      "a1\t10\tshort",
      "b22\t5.5\ta long note that must give way on a narrow terminal",
    ]);
  });

  it("keeps its rows and columns with hostile cells", () => {
    const hostile = [{ id: "a\tb\nc", n: "\u001b[2J", note: "\u202e" }];
    for (const isTty of [true, false]) {
      const lines = table({ isTty, columns: 80, paint: painter(false) }, columns, hostile);
      for (const line of lines) expect(line.replaceAll("\t", "")).not.toMatch(HOSTILE);
      expect(lines.at(-1)?.split("\t").length).toBe(isTty ? 1 : 3);
    }
  });

  it("keyValueLines aligns names and values on a terminal and separates them by tabs in a pipe", () => {
    const entries = [
      ["nav", "1"],
      ["buying power", "2"],
    ] as const;
    expect(keyValueLines({ isTty: true, columns: 80, paint: painter(false) }, entries)).toEqual([
      "nav           1",
      "buying power  2",
    ]);
    expect(keyValueLines({ isTty: false, columns: 80, paint: painter(false) }, entries)).toEqual([
      "nav\t1",
      "buying power\t2",
    ]);
  });
});

describe("wantsColour", () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ TERM: "dumb" }, true, false],
  ])("%j on a terminal %s: %s", (env, isTty, wanted) => expect(wantsColour(env, isTty)).toBe(wanted));
});
