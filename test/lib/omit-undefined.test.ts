import { expect, it } from "vitest";
import { omitUndefined } from "../../src/lib/omit-undefined.ts";

it("omitUndefined leaves out the members that are undefined and keeps the order of the others", () => {
  const result = omitUndefined({ a: 1, b: undefined, c: null, d: "", e: undefined, f: 0 });
  expect(Object.entries(result)).toEqual([
    ["a", 1],
    ["c", null],
    ["d", ""],
    ["f", 0],
  ]);
});
