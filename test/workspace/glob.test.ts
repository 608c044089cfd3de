/** Globs: what a pattern matches, and which patterns are refused. */
import { describe, expect, it } from "vitest";
import { globMatcher } from "../../src/workspace/glob.ts";

describe("globMatcher", () => {
  it.each([
    ["*.md", "a.md", true],
    ["*.md", "research/deep/a.md", true],
    ["*.md", "a.toml", false],
    ["?.md", "ab.md", false],
    ["{a,b}.md", "research/b.md", true],
    ["{a,b}.md", "c.md", false],
    ["*.{md,toml}", "desk.toml", true],
    ["[ab].md", "b.md", true],
    ["[ab].md", "c.md", false],
    ["[!ab].md", "c.md", true],
    ["[^ab].md", "a.md", false],
    ["note-{1..3}.md", "note-2.md", true],
    ["**/x.md", "x.md", true],
    ["**/x.md", "a/b/x.md", true],
    ["research/*", "research/a/b.md", false],
    ["research/**", "research/a/b.md", true],
    ["research/**/*.md", "research/a.md", true],
    ["{issues,research}/**/*-*.md", "issues/a/001-b.md", true],
    ["research/2026-*-*-*.md", "research/2026-07-05-a.md", true],
    ["**", "a/b/c", true],
    ["*", ".hidden", true],
  ])("%j against %j returns %s", (pattern, path, expected) => {
    expect(globMatcher(pattern)(path)).toBe(expected);
  });

  it.each([
    ["more than 200 characters", "a".repeat(201)],
    ["more than 3 stars in one name", "*a*a*a*b"],
    ["many stars", `${"*a".repeat(60)}b`],
    ["stars in many names", "*a*a*/*a*a*/*b"],
    ["more than 3 globstars", "**/a/**/a/**/a/**/b"],
    ["stars in alternatives", "{*a,*a}{*a,*a}*b"],
    ["many alternatives", "{a,aa}".repeat(20)],
    ["many alternatives with stars", `{${"a,".repeat(40)}a}*a*a*b`],
    ["extended globs", "+(a|aa)"],
    ["nested groups", "((a+)+)+b"],
    ["a leading negation", "!*.md"],
    ["an unclosed bracket", "[ab"],
    ["an unclosed brace", "{a,b"],
    ["escapes", "\\*.md"],
    ["no characters", ""],
  ])("a pattern with %s is refused", (_label, pattern) => {
    expect(() => globMatcher(pattern)).toThrow(expect.objectContaining({ code: "INVALID_INPUT" }));
  });
});
