/** The runs of the archive's index: their filters spare look-ups, and lose no key. */
import { describe, expect, it } from "vitest";
import {
  IndexRun,
  type ReadPart,
  aliasKey,
  endOf,
  entriesBytes,
  mergedEntries,
  sortedEntries,
  writeEntry,
} from "../../src/bus/archive-index.ts";
import { sha256Hex } from "../../src/domain/digest.ts";

const noPause = (): undefined => undefined;

function keysOf(name: string, count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, n) => aliasKey(`fills\0${name}${n}`));
}

function entriesOf(keys: readonly Buffer[]): Promise<Buffer> {
  const digest = Buffer.alloc(13);
  const written = keys.map((key, offset) => writeEntry("index", key, { layer: 1, offset, length: 1, digest }));
  return sortedEntries("index", written, noPause);
}

async function runOf(entries: Buffer, onRead: () => void = () => undefined): Promise<IndexRun> {
  const end = await endOf("index", entries, noPause);
  const read: ReadPart = (_name, offset, length) => {
    onRead();
    return entries.subarray(offset, offset + length);
  };
  const entryCount = entries.length / entriesBytes({ kind: "index", entries: 1 });
  const facts = { name: "000001-000001.index", kind: "index", entries: entryCount, sha256: sha256Hex(end) } as const;
  return new IndexRun(facts, end, read);
}

describe("A run of the index", () => {
  it.each([1, 2, 127, 128, 129, 6_000])(
    "of %i keys has each of them, and so has its merge with another run",
    async (count) => {
      const [keys, others] = [keysOf("a", count), keysOf("b", 300)];
      const both = { newer: await entriesOf(others), older: await entriesOf(keys) };
      const single = await runOf(await entriesOf(keys));
      const merged = await runOf(await mergedEntries("index", both, noPause));
      expect(keys.filter((key) => [...single.find(key)].length !== 1)).toEqual([]);
      expect([...keys, ...others].filter((key) => [...merged.find(key)].length !== 1)).toEqual([]);
    },
  );

  it("reads a page for 1 of 100 keys that it does not have", async () => {
    const entries = await entriesOf(keysOf("a", 500));
    let reads = 0;
    for (const key of keysOf("b", 2_000)) {
      // A page that was read is kept: each key has a run of its own.
      const run = await runOf(entries, () => (reads += 1));
      expect([...run.find(key)]).toEqual([]);
    }
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(60);
  });
});
