/**
 * Each command in a hint can be pasted: it parses with the real parser. A command in a hint begins with `qoc` and ends
 * at a semicolon, a comma or the end of the text.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ERRORS, type ErrorCode, type ErrorDefinition, QocError } from "../../src/domain/errors/error.ts";
import { problemsIn } from "../support/hint-problems.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** A path with a space shows whether a hint quotes it. */
const DETAILS = {
  ...{ path: "/a b/desk", file: "/a b/desk/desk.toml", quoted: "'/a b'", id: "20260705-001", connector: "paper" },
  ...{ command: "orders propose", gap: "5-9", action: "approve", digest: `sha256:${"a".repeat(64)}`, pid: 7, line: 3 },
  ...{ key: "guard", source: "env:KEY", segment: "000001.ndjson", fix: "chmod 600 x", names: "a", issue: "001" },
  ...{ client: "claude", free: 7071, ca: "x", next: "qoc status" },
  ...{ run: "run-1", name: "paper", agent: "claude", program: "claude", schedule: "morning", task: "snapshot" },
};

describe("hints", () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])("each command in the hint of %s can be pasted", (code) => {
    const { hint, hintForAgents = "" }: ErrorDefinition = ERRORS[code];
    expect(new QocError(code, DETAILS).hint).toMatch(/\S/);
    expect(problemsIn(new QocError(code, DETAILS).hint), hint).toEqual([]);
    expect(hintForAgents).not.toMatch(/\bqoc /);
  });

  it("no hint of reject, approve or cancel leads back to the same failure", () => {
    expect(new QocError("PROPOSAL_INVALID", DETAILS).hint).toContain("qoc reject ");
    expect(new QocError("DIGEST_MISMATCH", DETAILS).hint).not.toContain("qoc approve");
  });

  const printed = readdirSync(join(ROOT, "test/transcripts"))
    .filter((name) => name.endsWith(".txt"))
    .flatMap((name) => readFileSync(join(ROOT, "test/transcripts", name), "utf8").split("\n"))
    .filter((line) => /(^|\s|\t)(next|fix): |\t.*qoc \w/.test(line) && !line.startsWith("$"))
    .map((line) => line.replaceAll(/<([A-Z]+)\d*>/g, (_, kind: string) => (kind === "DIR" ? "/w" : "20260705-001")));
  it.each([...new Set(printed)])("each command in the printed hint can be pasted: %s", (line) => {
    expect(problemsIn(line)).toEqual([]);
  });

  it("finds a command that cannot be pasted", () => {
    expect(problemsIn("qoc reload puts it in force")).toHaveLength(1);
    expect(problemsIn("qoc resolve 20260705-001")).toHaveLength(1);
    expect(problemsIn("qoc nothing; edit x, then qoc help nothing")).toHaveLength(2);
    expect(problemsIn('qoc resolve 20260705-001 -m "it, too"; or qoc status')).toEqual([]);
  });
});

/** The commands in the texts of the source that tell a person what to do. */
describe("texts of the source", () => {
  const files = (folder: string): readonly string[] =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name));
  const fixes = files("src").flatMap((file) =>
    [
      ...readFileSync(join(ROOT, file), "utf8").matchAll(
        /\b(?:fix|next)\b:? *(?:=|\?|:)? *(?:\n *)?(["'`])((?:(?!\1)[^\\\n]|\\.)*)\1/g,
      ),
    ]
      .map(([, , text = ""]) => ({
        file,
        text: text.replaceAll(/\\(["'`])/g, "$1").replaceAll(/\$\{[^}]*\}/g, "paper"),
      }))
      .filter(({ text }) => text.includes("qoc ")),
  );
  it.each(fixes)("each command of $text can be pasted ($file)", ({ text }) => expect(problemsIn(text)).toEqual([]));
  it("finds the texts", () => expect(fixes.length).toBeGreaterThan(20));
});
