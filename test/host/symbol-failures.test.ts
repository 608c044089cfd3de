import { expect, it } from "vitest";
import { SymbolFailures } from "../../src/host/symbol-failures.ts";

it("a failure of a symbol is new until it changes or the symbol is read again", () => {
  const failures = new SymbolFailures();
  const steps: readonly [method: string, symbol: unknown, message: string | undefined, isNew: boolean][] = [
    ["getQuote", "APPL", "not listed", true],
    ["getQuote", "APPL", "not listed", false],
    ["getQuote", "MSTF", "not listed", true],
    ["getBars", "APPL", "not listed", true],
    ["getQuote", "APPL", "halted", true],
    ["getQuote", "APPL", "not listed", true],
    ["getQuote", "APPL", undefined, true],
    ["getQuote", "APPL", "not listed", true],
    ["placeOrder", { symbol: "APPL" }, "down", true],
    ["placeOrder", { symbol: "APPL" }, "down", true],
    ["getFills", 5, "down", true],
    ["getFills", 5, "down", true],
  ];
  for (const [method, symbol, message, isNew] of steps) expect(failures.isNew(method, symbol, message)).toBe(isNew);
});
