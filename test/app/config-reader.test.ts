/** What is said of a desk.toml that cannot be read. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { QocError } from "../../src/domain/errors/error.ts";
import { configReader } from "../../src/app/config-reader.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

let home: string;
beforeAll(() => void (home = mkdtempSync(join(tmpdir(), "qoc-config-"))));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it.each([
  ["is absent", () => undefined, "desk.toml: the file does not exist"],
  ["is a folder", (root: string) => mkdirSync(join(root, "desk.toml")), "desk.toml: EISDIR"],
])("a desk.toml that %s is an error that says so, and how to bring it back", async (name, make, message) => {
  const root = join(home, name);
  mkdirSync(root);
  make(root);
  const reader = configReader({ disk: nodeDisk(), root, home });
  for (const read of [() => reader.text(), () => reader.read()])
    await expect(read()).rejects.toMatchObject({
      code: "CONFIG_UNREADABLE",
      message: expect.stringContaining(message) as string,
      hint: expect.stringContaining("git --no-pager --git-dir=.qoc/history.git cat-file blob desk:desk.toml") as string,
    });
});

it("the command that brings back a desk.toml starts no program that the git dir's configuration names", async () => {
  const root = join(home, "planted");
  const gitDir = join(root, ".qoc/history.git");
  mkdirSync(gitDir, { recursive: true });
  writeFileSync(join(root, "desk.toml"), "format = 1\n");
  const git = (...args: readonly string[]): string =>
    execFileSync("git", [`--git-dir=${gitDir}`, `--work-tree=${root}`, ...args], { encoding: "utf8" });
  git("init", "--quiet", "--initial-branch=desk");
  git("add", "desk.toml");
  git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message=a");
  const object = git("rev-parse", "desk:desk.toml").trim();
  rmSync(join(root, "desk.toml"));
  const error: unknown = await configReader({ disk: nodeDisk(), root, home })
    .text()
    .catch((thrown: unknown) => thrown);
  const [command = ""] = /GIT_\S+ git .*(?=; then)|git .*(?=; then)/.exec((error as QocError).hint) ?? [];
  const typed = () => spawnSync("sh", ["-c", command], { cwd: root, encoding: "utf8", timeout: 10_000 });
  expect(typed().stdout).toBe("format = 1\n");
  writeFileSync(join(root, "program"), `#!/bin/sh\ntouch ${root}/ran\nexit 1\n`, { mode: 0o700 });
  const remote = `[remote "x"]\n\turl = ext::${root}/program\n\tpromisor = true\n[protocol "ext"]\n\tallow = always\n`;
  const planted = `[core]\n\trepositoryformatversion = 1\n[extensions]\n\tpartialClone = x\n${remote}`;
  writeFileSync(join(gitDir, "config"), planted);
  rmSync(join(gitDir, "objects", object.slice(0, 2), object.slice(2)));
  expect(typed().status).not.toBe(0);
  expect(existsSync(join(root, "ran"))).toBe(false);
});
