/** A layer of the archive holds all that moves at once, however much that is. */
import { expect, it } from "vitest";
import { DiskArchive, layerName } from "../../src/bus/archive.ts";
import { writeLayer } from "../../src/bus/archive-writer.ts";
import { crashDisk } from "../support/crash-disk.ts";

it("a layer takes more lines at once than a call takes arguments", async () => {
  const disk = crashDisk();
  await disk.mkdir("/d");
  const clock = { monotonic: () => 0 };
  const archive = new DiskArchive({ disk, dir: "/d", onDamage: () => undefined });
  const line = Buffer.from("1\n");
  const sections = { profitRows: Array.from({ length: 200_000 }, () => line), valuePoints: [], trades: [] };
  const place = { number: 1, tradeTimes: { from: 0, to: 0 } };
  const { facts } = await writeLayer({ disk, dir: "/d", clock, archive }, place, { lines: [], sections });
  expect(facts.sections.profitRows.bytes).toBe(400_000);
  expect(await disk.read(`/d/${layerName(1)}`)).toHaveLength(400_000);
});
