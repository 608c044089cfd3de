import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeFolder } from "../../src/app/remove-folder.ts";

const FILES = 2_000;

let base: string;
let folder: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "qoc-remove-"));
  folder = join(base, "run");
  mkdirSync(folder);
});
afterEach(() => rm(base, { recursive: true, force: true }));

/** Puts a link to `target` in the place of `path` as soon as something in it is removed. */
async function swapOnceRemoving(path: string, target: string, isOver: () => boolean): Promise<void> {
  const count = readdirSync(path).length;
  while (!isOver() && existsSync(path) && readdirSync(path).length === count)
    await new Promise((resolve) => void setImmediate(resolve));
  if (!existsSync(path)) return;
  renameSync(path, `${path}-moved`);
  symlinkSync(target, path);
}

describe("a folder of a run's program", () => {
  it.skipIf(!existsSync("/proc/self/fd"))(
    "is removed without files of the operator, to which the program puts a link in the place of a folder meanwhile",
    async () => {
      const operators = join(base, "operator");
      mkdirSync(join(operators, "keys"), { recursive: true });
      writeFileSync(join(operators, "keys/desk"), "a key");
      const inside = join(folder, "work");
      mkdirSync(join(inside, "keys"), { recursive: true });
      writeFileSync(join(inside, "keys/none"), "");
      for (let n = 0; n < FILES; n += 1) writeFileSync(join(inside, `file-${n}`), "");
      let isOver = false;
      const swapping = swapOnceRemoving(inside, operators, () => isOver);
      await removeFolder(folder).catch(() => undefined);
      isOver = true;
      await swapping;
      expect(readdirSync(join(operators, "keys"))).toEqual(["desk"]);
    },
  );

  it("is removed whatever its depth, with its links and not with what they lead to", async () => {
    writeFileSync(join(base, "kept"), "");
    mkdirSync(join(base, "kept-folder/inner"), { recursive: true });
    mkdirSync(join(folder, "0"));
    // Together longer than the longest path.
    for (let n = 1; n < 60; n += 1) {
      mkdirSync(join(folder, `${n}`));
      renameSync(join(folder, `${n - 1}`), join(folder, `${n}/${"x".repeat(100)}`));
    }
    symlinkSync(join(base, "kept"), join(folder, "link"));
    symlinkSync(join(base, "kept-folder"), join(folder, "link-to-folder"));
    await removeFolder(folder);
    expect(readdirSync(base).toSorted()).toEqual(["kept", "kept-folder"]);
    expect(readdirSync(join(base, "kept-folder"))).toEqual(["inner"]);
  });

  it("that is not there is removed already", async () => {
    await expect(removeFolder(join(base, "none"))).resolves.toBeUndefined();
  });
});
