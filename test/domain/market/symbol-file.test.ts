import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { symbolFileStem, symbolOfFileStem } from "../../../src/domain/market/symbol-file.ts";
import { pathProblem } from "../../../src/workspace/path-policy.ts";

describe("the file of a symbol", () => {
  it.each([
    ["AAPL", "AAPL"],
    ["BRK.B", "BRK.B"],
    ["BTC/USD", "BTC_USD"],
    ["BTC_USD", "BTC__USD"],
    ["BTC-USD", "BTC-USD"],
    ["^GSPC", "^GSPC"],
    ["EURUSD=X", "EURUSD=X"],
    ["M&M", "M_-26-M"],
    ["BRK B", "BRK_-20-B"],
    ["/ESZ6", "_-2f-ESZ6"],
    ["$SPX", "_-24-SPX"],
    ["A//B", "A_-2f-_-2f-B"],
    [".A.", "_-2e-A_-2e-"],
    ["=F", "_-3d-F"],
    ["-A=", "_-2d-A="],
    ["币安USDT", "_-5e01-_-5b89-USDT"],
  ])("%s is %s", (symbol, stem) => {
    expect(symbolFileStem(symbol)).toBe(stem);
    expect(symbolOfFileStem(stem)).toBe(symbol);
  });

  it("no two symbols have the same, and every name is a path that commands accept", () => {
    const piece = fc.oneof(
      fc.constantFrom("A", "b", "_", "/", "-", ".", "2", "&", "_-26-", "币"),
      fc.string({ unit: "grapheme" }),
    );
    const symbol = fc.array(piece, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(symbol, symbol, (a, b) => {
        fc.pre(a !== "" && b !== "");
        expect(symbolFileStem(a) === symbolFileStem(b)).toBe(a === b);
        expect(pathProblem(`entities/${symbolFileStem(a)}.md`)).toBeUndefined();
        expect([a, undefined]).toContain(symbolOfFileStem(symbolFileStem(a)));
      }),
      { numRuns: 500 },
    );
  });

  it.each(["notes_", "A_/B", "_-zz-", "_-110000-", "A_-41-"])("%j is the file of no symbol", (stem) =>
    expect(symbolOfFileStem(stem)).toBeUndefined(),
  );
});
