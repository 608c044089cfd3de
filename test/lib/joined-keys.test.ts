import { expect, it } from "vitest";
import { JoinedKeys } from "../../src/lib/joined-keys.ts";

it("joins each pair, also after there were too many pairs to keep", () => {
  const keys = new JoinedKeys((first, second) => `${first}/${second}`);
  for (let i = 0; i < 25_000; i++) expect(keys.of(`c${i % 7}`, `s${i}`)).toBe(`c${i % 7}/s${i}`);
  expect(keys.of("c0", "s0")).toBe("c0/s0");
  expect(keys.of("a/b", "c")).toBe(keys.of("a", "b/c"));
});
