/** What a connector may keep: bytes and files, each bounded. */
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { STORE_BYTES_MAX, openStore } from "../../src/host/connector-store.ts";
import { systemClock } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "qoc-store-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

it("a connector's store has no more files than one a KiB, however short their values are", async () => {
  const most = STORE_BYTES_MAX / 1024;
  await Promise.all(Array.from({ length: most - 1 }, (_, n) => writeFile(join(dir, `k${n}.json`), "1")));
  const store = openStore(nodeDisk(), dir, systemClock);
  await store.put("last", 1);
  await expect(store.put("more", 1)).rejects.toMatchObject({ code: "TOO_LARGE" });
  await store.put("k0", "x".repeat(1_000));
  expect(await store.get("k0")).toHaveLength(1_000);
  expect(await readdir(dir)).toHaveLength(most);
});

it("values of a store are read and written one after the other, 4 MiB a second and as many at once", async () => {
  let now = 0;
  let waiting = 0;
  const after = (ms: number, run: () => void): (() => void) => {
    expect((waiting += 1)).toBe(1);
    now += ms;
    setImmediate(() => {
      waiting -= 1;
      run();
    });
    return () => undefined;
  };
  const store = openStore(nodeDisk(), dir, { monotonic: () => now, after });
  const large = "x".repeat(1024 * 1024 - 2);
  await Promise.all([store.put("large", large), store.get("large"), store.get("large"), store.get("large")]);
  expect(now).toBe(0);
  for (let n = 0; n < 50; n++) expect(await store.get("small")).toBeUndefined();
  expect(now).toBe(0);
  await Promise.all(Array.from({ length: 21 }, () => store.get("large")));
  expect(now).toBe(5_000);
});
