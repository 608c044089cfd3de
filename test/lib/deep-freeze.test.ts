import { expect, it } from "vitest";
import { deepFreeze } from "../../src/lib/deep-freeze.ts";

it("freezes a value with all its members and returns it", () => {
  const value = { list: [{ n: 1 }], map: { inner: { n: 2 } }, text: "x", nothing: null };
  expect(deepFreeze(value)).toBe(value);
  for (const part of [value, value.list, value.list[0], value.map, value.map.inner])
    expect(Object.isFrozen(part)).toBe(true);
});

it("ends on a value that contains itself", () => {
  const value: { self?: unknown } = {};
  value.self = value;
  expect(Object.isFrozen(deepFreeze(value))).toBe(true);
});

it.each([undefined, null, 1, "text", true])("returns %j as it is", (value) => {
  expect(deepFreeze(value)).toBe(value);
});
