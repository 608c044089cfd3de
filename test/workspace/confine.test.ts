/** Paths that someone named: the matrix of ways out of the workspace, each refused with its reason. */
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { confine } from "../../src/workspace/confine.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

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
    [""],
    ["a".repeat(500)],
    ["research/linked/secret.md"],
    ["research/link.md"],
    ["research/hard.md"],
    ["research/pipe.md"],
  ])("%s is refused", async (path) => {
    await expect(confine(disk, root, path, ["research"])).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it("outside the allowed folders is refused", async () => {
    await expect(confine(disk, root, "desk.toml", ["research"])).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  it("inside is taken", async () => {
    expect(await confine(disk, root, "research/2026-07-05 note_1.md", ["research"])).toBe(`${root}/research/2026-07-05 note_1.md`);
  });
});
