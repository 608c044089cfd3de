/** What is said of a desk.toml that cannot be read. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
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
      hint: expect.stringContaining("git --git-dir=.qoc/history.git show desk:desk.toml") as string,
    });
});
