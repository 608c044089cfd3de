/** Finds an issue by its path, its file's stem or its id. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { findIssue } from "../../src/runs/run-issue.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type Workspace, openWorkspace } from "../../src/workspace/workspace.ts";

let root: string;
function workspaceAt(path: string): Workspace {
  return openWorkspace({ disk: nodeDisk(), root: path, clock: { now: Date.now }, secretFiles: () => [] });
}
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "qoc-issues-"));
  mkdirSync(join(root, "issues"));
  const issues = {
    "000-other": "003-real",
    "003-real": "003",
    "008-late": "008",
    "008": "",
    "004-one": "009",
    "005-two": "009",
    "006-plain": "",
  };
  for (const [stem, id] of Object.entries(issues))
    writeFileSync(join(root, `issues/${stem}.md`), `---\nid: "${id}"\n---\n`);
});

describe("findIssue", () => {
  it.each([
    ["issues/003-real.md", "003-real"],
    ["005-two", "005-two"],
    ["003", "003-real"],
    ["issues/000-other.md", "000-other"],
    ["006", "006-plain"],
  ])("the reference %s finds the issue %s", async (ref, stem) => {
    expect((await findIssue(workspaceAt(root).issues, ref)).path).toBe(`issues/${stem}.md`);
  });

  it.each([
    ["003-real", "ID_AMBIGUOUS", "003-real matches 2: issues/000-other.md, issues/003-real.md"],
    ["008", "ID_AMBIGUOUS", "issues/008-late.md, issues/008.md"],
    ["009", "ID_AMBIGUOUS", "issues/004-one.md, issues/005-two.md"],
    ["010", "ISSUE_NOT_FOUND", "no issue 010"],
  ])("the reference %s finds no single issue and is refused with %s", async (ref, code, message) => {
    await expect(findIssue(workspaceAt(root).issues, ref)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});
