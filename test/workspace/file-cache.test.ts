import { link, mkdtemp, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { FileCache } from "../../src/workspace/file-cache.ts";

let root: string;
let now: number;
let loaded: string[];
let files: FileCache<string>;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "qoc-remembered-"));
  // The clock is a minute ahead, so that no file counts as recent.
  now = Date.now() + 60_000;
  loaded = [];
  files = new FileCache({ disk: nodeDisk(), root, clock: { now: () => now } }, async (path) => {
    loaded.push(path);
    return readFile(join(root, path), "utf8");
  });
});
afterEach(() => rm(root, { recursive: true, force: true }));

function write(name: string, text: string): Promise<void> {
  return writeFile(join(root, name), text);
}
function look(...names: string[]): Promise<readonly string[]> {
  return files.all(names);
}

/** Each leaves the file at a size of four bytes. */
const CHANGES: readonly [string, () => Promise<unknown>, string][] = [
  ["other text of the same length", () => write("a", "five"), "five"],
  [
    "other text, with the old modification time set again",
    async () => {
      await write("a", "five");
      await utimes(join(root, "a"), 1_000, 1_000);
    },
    "five",
  ],
  [
    "another file under its name, with the same modification time",
    async () => {
      await write("b", "five");
      await utimes(join(root, "b"), 1_000, 1_000);
      await rename(join(root, "b"), join(root, "a"));
    },
    "five",
  ],
  ["a second name", () => link(join(root, "a"), join(root, "b")), "four"],
];

describe("what was read from a file", () => {
  it("a part of a file that is kept does not keep the file in memory", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const names = Array.from({ length: 16 }, (_, n) => `large-${n}`);
    for (const name of names) await write(name, `${name} ${"x".repeat(4_000_000)}`);
    const titles = new FileCache({ disk: nodeDisk(), root, clock: { now: () => now } }, async (path) =>
      (await readFile(join(root, path), "utf8")).slice(0, 100),
    );
    collect();
    const before = process.memoryUsage().heapUsed;
    expect((await titles.all(names)).map((title) => title.length)).toEqual(names.map(() => 100));
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(16_000_000);
    expect(await titles.all(names)).toHaveLength(names.length);
  });

  it("an unchanged file is read once", async () => {
    await write("a", "four");
    expect(await look("a")).toEqual(["four"]);
    expect(await look("a")).toEqual(["four"]);
    expect(loaded).toEqual(["a"]);
  });

  it.each(CHANGES)("a file is read again after %s", async (_what, change, then) => {
    await write("a", "four");
    await utimes(join(root, "a"), 1_000, 1_000);
    await look("a");
    await change();
    expect(await look("a")).toEqual([then]);
    expect(loaded).toEqual(["a", "a"]);
  });

  it("a file is read on each call while it is too recent for a change to show in its times", async () => {
    now = Date.now();
    await write("a", "four");
    await look("a");
    await look("a");
    expect(loaded).toEqual(["a", "a"]);
  });

  it("values have the order of the requested paths, and a path that is no longer requested is forgotten", async () => {
    await write("a", "four");
    await write("b", "five");
    expect(await look("b", "a")).toEqual(["five", "four"]);
    expect(await look("a")).toEqual(["four"]);
    await look("a", "b");
    expect(loaded).toEqual(["b", "a", "b"]);
  });

  it("a path whose read failed is read again, and the other paths stay cached", async () => {
    await write("a", "four");
    await expect(look("a", "b")).rejects.toThrow("ENOENT");
    await write("b", "five");
    expect(await look("a", "b")).toEqual(["four", "five"]);
  });

  it("values are cached up to a total size, and further files are read each time", async () => {
    await write("a", "a".repeat(10 * 1024 * 1024));
    await write("b", "b".repeat(10 * 1024 * 1024));
    await look("a", "b");
    await look("a", "b");
    expect(loaded).toEqual(["a", "b", "b"]);
  });
});
