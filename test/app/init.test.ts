/** `qoc init` refuses a folder that is used for something else. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { CommandContext } from "../../src/commands/command.ts";
import { command } from "../../src/commands/init.ts";
import { initDesk } from "../../src/app/init.ts";
import { systemIds } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const base = mkdtempSync(join(tmpdir(), "qoc-init-"));

function init(path: string, home = join(base, "home")) {
  return initDesk({ disk: nodeDisk(), ids: systemIds, home, cwd: base, path, packageRoot: PACKAGE_ROOT });
}
function folder(name: string, files: readonly string[]): string {
  const path = join(base, name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), "x");
  return path;
}

describe("qoc init", () => {
  it("refuses the root folder, a file, and a folder with other things in it, and changes nothing", async () => {
    await expect(init("/")).rejects.toMatchObject({ code: "FOLDER_REFUSED" });
    const used = folder("used", ["main.py", "README.md"]);
    await expect(init(join(used, "main.py"))).rejects.toMatchObject({ code: "FOLDER_REFUSED" });
    await expect(init(used)).rejects.toMatchObject({ code: "FOLDER_NOT_EMPTY", details: { names: "main.py" } });
    expect(readdirSync(used).toSorted()).toEqual(["README.md", "main.py"]);
  });

  it("refuses a folder inside a desk, at any depth, and names a place beside it", async () => {
    await init("outer");
    const desk = join(base, "outer");
    for (const path of ["outer/inner", "outer/research/deep/inner"])
      await expect(init(path)).rejects.toMatchObject({
        code: "WORKSPACE_INSIDE",
        details: { path: join(base, path), desk },
        hint: `qoc init ${join(base, "inner")}`,
      });
    expect(readdirSync(desk)).not.toContain("inner");
    expect(readdirSync(join(desk, "research"))).not.toContain("deep");
  });

  it("names a place beside a desk in quotes, if a shell would take its path for more", async () => {
    await init("$(touch x)/outer");
    await expect(init("$(touch x)/outer/inner")).rejects.toMatchObject({
      hint: `qoc init '${join(base, "$(touch x)/inner")}'`,
    });
  });

  it("makes no key in a folder of the home that other users can write to, and no desk", async () => {
    const home = join(base, "shared-home");
    mkdirSync(join(home, ".qoc"), { recursive: true });
    chmodSync(join(home, ".qoc"), 0o777);
    const path = join(base, "of-shared-home");
    await expect(init(path, home)).rejects.toMatchObject({ code: "HOME_FOLDER_UNSAFE" });
    expect([readdirSync(join(home, ".qoc")), existsSync(path)]).toEqual([[], false]);
  });

  it.each([
    ["below a file", "main.py/desk"],
    ["of a name that is too long", `desk-${"x".repeat(255)}`],
  ])("says why a folder %s cannot be made", async (_what, name) => {
    writeFileSync(join(base, "main.py"), "x");
    const refused = init(join(base, name));
    await expect(refused).rejects.toMatchObject({ code: "FOLDER_REFUSED" });
    await expect(refused).rejects.toThrow(/cannot be a desk: E\w+: .*; nothing was changed$/);
  });

  it("with --template is refused as not implemented yet", async () => {
    const run = (): Promise<unknown> => command.run({ path: ".", template: "macro" }, {} as CommandContext);
    await expect(run()).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("--template") as string,
    });
  });

  it("takes an empty repository, keeps its files, and writes .gitignore", async () => {
    const repository = folder("my desk", ["README.md", "LICENSE"]);
    mkdirSync(join(repository, ".git"));
    const report = await init("my desk");
    expect(report.next).toBe("cd 'my desk' && qoc up");
    expect(readFileSync(join(repository, ".gitignore"), "utf8")).toBe(".qoc/\nnode_modules/\n");
    expect(readFileSync(join(repository, "README.md"), "utf8")).toBe("x");
  });

  it("does not change a .gitignore that is there, and git ignores the desk's state all the same", async () => {
    const repository = folder("ignoring", [".gitignore"]);
    await init("ignoring");
    expect(readFileSync(join(repository, ".gitignore"), "utf8")).toBe("x");
    spawnSync("git", ["init", "--quiet"], { cwd: repository });
    const { stdout } = spawnSync("git", ["status", "--porcelain", "--untracked-files=all"], { cwd: repository });
    expect(stdout.toString()).toContain("desk.toml");
    expect(stdout.toString()).not.toContain(".qoc/");
  });
});
