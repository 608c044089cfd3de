/** The words for values that a schema refuses, beside those of commands and files. */
import { expect, it } from "vitest";
import * as z from "zod";
import "../../src/lib/schema-words.ts";

it.each([
  [{}, "is missing"],
  [{ at: true }, "has none of the forms that are allowed here"],
])("a member of several forms in %j", (value, words) => {
  const { error } = z.object({ at: z.union([z.string(), z.number()]) }).safeParse(value);
  expect(error?.issues.map(({ message }) => message)).toEqual([words]);
});
