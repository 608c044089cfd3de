/** `qoc doctor` on a folder that the desk cannot write says why in the words of `qoc up`. */
import { expect, it } from "vitest";
import { folderProblem } from "../../src/app/inspect-desk.ts";

it.each([
  ["EROFS", "its file system is read-only"],
  ["EACCES", "your user may not read or write it"],
])("a folder refused with %s", (code, words) => {
  const refuse = (): never => {
    throw Object.assign(new Error(`${code}: raw, access '/desk'`), { code, path: "/desk" });
  };
  expect(folderProblem("/desk", refuse)).toBe(`/desk cannot be used: ${words}`);
  expect(folderProblem("/desk", () => undefined)).toBeUndefined();
});
