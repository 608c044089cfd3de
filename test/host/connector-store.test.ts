/** What a connector may keep: bytes and files, each bounded. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { STORE_BYTES_MAX, openStore } from "../../src/host/connector-store.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "qoc-store-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it("a connector's store has no more files than one a KiB, however short their values are", async () => {
  const most = STORE_BYTES_MAX / 1024;
  await Promise.all(Array.from({ length: most - 1 }, (_, n) => writeFile(join(dir, `k${n}.json`), "1")));
  const store = openStore(nodeDisk(), dir);
  await store.put("last", 1);
  await expect(store.put("more", 1)).rejects.toMatchObject({ code: "TOO_LARGE" });
  await store.put("k0", "x".repeat(1_000));
  expect(await store.get("k0")).toHaveLength(1_000);
  expect(await readdir(dir)).toHaveLength(most);
});
