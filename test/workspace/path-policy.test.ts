/** Paths that someone named: the matrix of ways out of the workspace, each refused with its reason. */
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveInWorkspace } from "../../src/workspace/path-policy.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { openWorkspace } from "../../src/workspace/workspace.ts";
import { systemClock } from "../../src/app/system.ts";

const disk = nodeDisk();
let root: string;
beforeAll(() => {
  const base = mkdtempSync(join(tmpdir(), "qoc-confine-"));
  root = join(base, "desk");
  mkdirSync(join(root, "research"), { recursive: true });
  mkdirSync(join(base, "outside"));
  writeFileSync(join(base, "outside", "secret.md"), "secret");
  symlinkSync(join(base, "outside"), join(root, "research", "linked"));
  symlinkSync(join(base, "outside", "secret.md"), join(root, "research", "link.md"));
  linkSync(join(base, "outside", "secret.md"), join(root, "research", "hard.md"));
  symlinkSync("/dev/zero", join(root, "research", "zero.md"));
  symlinkSync(join(base, "outside", "gone.md"), join(root, "research", "dangling.md"));
  execFileSync("mkfifo", [join(root, "research", "pipe.md")]);
});

describe("a path", () => {
  it.each([
    ["../outside/secret.md"],
    ["research/../../outside/secret.md"],
    ["/etc/passwd"],
    ["C:\\secret"],
    ["research\\..\\secret.md"],
    ["research//note.md"],
    ["./research/note.md"],
    ["research/.hidden"],
    [".qoc/journal/000001.ndjson"],
    [".git/config"],
    ["node_modules/x.md"],
    ["research/note.md\u0000.txt"],
    ["research/%2e%2e/secret.md"],
    ["research/\u202egnp.md"],
    ["research/nоte.md"],
    ["research/note.md "],
    ["research/note."],
    ["research/note.. /x.md"],
    [".QOC/desk-id"],
    ["Node_Modules/x.md"],
    ["research/．．/secret.md"],
    ["research/\u2024\u2024/secret.md"],
    ["research/aa\u200bpl.md"],
    ["research/note\n.md"],
    [`research/${"a".repeat(200)}.md`],
    ["research/zero.md"],
    ["research/dangling.md"],
    ["research"],
    [""],
    ["a".repeat(500)],
    ["research/linked/secret.md"],
    ["research/link.md"],
    ["research/hard.md"],
    ["research/pipe.md"],
  ])("F1 F2 F6 the path %j is refused", async (path) => {
    await expect(resolveInWorkspace({ disk, root }, path, ["research"])).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
  });

  it.each([
    [`${"a".repeat(119)}.md`, "a file name has at most 121 characters"],
    ["-x.md", "a file name does not begin with a space, = or -, nor end with a space or ."],
    ["x.md.", "a file name does not begin with a space, = or -, nor end with a space or ."],
    ["x+y.md", "file names may contain only letters, digits, spaces, . _ ^ = and -"],
  ])("of which the name %j is refused says why", async (name, reason) => {
    const refused = resolveInWorkspace({ disk, root }, `research/${name}`, ["research"]);
    await expect(refused).rejects.toMatchObject({ details: { reason } });
  });

  it("a path of more than 15 folders is refused, and a walk of the workspace goes no deeper", async () => {
    const deep = (folders: number): string => `research${"/d".repeat(folders - 1)}`;
    mkdirSync(join(root, deep(200)), { recursive: true });
    for (const folders of [15, 16]) writeFileSync(join(root, deep(folders), "note.md"), "");
    await expect(resolveInWorkspace({ disk, root }, `${deep(16)}/note.md`)).rejects.toMatchObject({
      details: { reason: "a path has at most 15 folders" },
    });
    const { files } = openWorkspace({ disk, root, clock: systemClock, secretFiles: () => [] });
    const { entries } = await files.list({ under: "research/d", glob: undefined, after: "" });
    expect(entries.map(({ path }) => path)).toEqual([`${deep(15)}/note.md`]);
  });

  it("a path outside the allowed folders is refused", async () => {
    await expect(resolveInWorkspace({ disk, root }, "desk.toml", ["research"])).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
  });

  it("a path inside the allowed folders is accepted", async () => {
    expect(await resolveInWorkspace({ disk, root }, "research/2026-07-05 note_1.md", ["research"])).toBe(
      `${root}/research/2026-07-05 note_1.md`,
    );
  });
});
