import { expect, it } from "vitest";
import { RepeatedFailures } from "../../src/host/repeated-failures.ts";
import { fakeClock } from "../support/fake-clock.ts";

it("a failure of a symbol is new until it changes or the symbol is read again", () => {
  const failures = new RepeatedFailures(fakeClock());
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
  ];
  for (const [method, symbol, message, isNew] of steps) expect(failures.isNew(method, symbol, message)).toBe(isNew);
});

it("a failure of a read that the desk repeats is new once in ten minutes, and after a success", () => {
  const clock = fakeClock();
  const failures = new RepeatedFailures(clock);
  const fails = (message: string): boolean => failures.isNew("getAccount", undefined, message);
  // The words alternate.
  expect(["reset", "refused", "reset", "refused"].map(fails)).toEqual([true, true, false, false]);
  expect(failures.isNew("getFills", 5, "reset")).toBe(true);
  clock.advance(10 * 60_000);
  expect(fails("reset")).toBe(true);
  expect(failures.isNew("getAccount", undefined)).toBe(true);
  expect(fails("reset")).toBe(true);
});
