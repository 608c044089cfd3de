/** Text of others in a command that a person pastes is one word of it, in each shell. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { quoteForShell } from "../../src/lib/shell.ts";

const TEXTS = [
  "/tmp/a b",
  "it's",
  "$(touch x) `touch x` ; touch x # ! * ~",
  "\\",
  "a\\",
  "\\'; touch x #",
  "'\\''; touch x '",
  "\\\\''\\",
  '"\\"',
  "a\nb",
];

describe("quoteForShell", () => {
  it("leaves a plain path as it is", () => {
    expect(quoteForShell("/home/a-b/desk_1.d")).toBe("/home/a-b/desk_1.d");
  });

  it.each(TEXTS)("makes one word of %j for sh and bash", (text) => {
    for (const shell of ["sh", "bash"])
      expect(execFileSync(shell, ["-c", `printf '[%s]' ${quoteForShell(text)}`], { encoding: "utf8" })).toBe(
        `[${text}]`,
      );
  });

  it("has no backslash in single quotes, where fish takes it for another sign than sh does", () => {
    for (const text of TEXTS) {
      const outside = quoteForShell(text).replaceAll(/'[^'\\]*'|"(?:['"]|\\\\)*?"/g, "");
      expect(outside, text).toBe("");
    }
  });
});
