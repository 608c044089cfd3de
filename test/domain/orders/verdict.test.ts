import { expect, it } from "vitest";
import { reasonText } from "../../../src/domain/orders/verdict.ts";

it.each([
  ["cannot be evaluated: no quote", "collar: cannot be evaluated: no quote"],
  ["collar cannot be evaluated: no quote", "collar: cannot be evaluated: no quote"],
  ["collar: too far", "collar: too far"],
  ["collars are off", "collar: collars are off"],
])("%j is shown with the key of its guard once", (message, expected) => {
  expect(reasonText({ guard: "collar", message })).toBe(expected);
});
