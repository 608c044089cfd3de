/** A start from a checkpoint gives the state that a fold of the whole journal gives, whatever the journal holds. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entriesBytes, runBytes } from "../../src/bus/archive-index.ts";
import { CHECKPOINT_FILE } from "../../src/bus/checkpoint.ts";
import type { Recorded } from "../../src/domain/event.ts";
import type { OrderId } from "../../src/domain/ids.ts";
import type { Disk } from "../../src/domain/ports.ts";
import {
  CHECKPOINTS,
  type CheckpointCut,
  type CheckpointedDesk,
  appendWithCuts,
  checkpointCuts,
  openCheckpointed,
} from "../support/checkpoint-harness.ts";
import { type CrashDisk, crashDisk } from "../support/crash-disk.ts";
import { FIRST_SEGMENT as SEGMENT, JOURNAL_DIR as JOURNAL } from "../support/journal-harness.ts";
import { scenario } from "../support/journal-scenario.ts";
import { diskWith } from "../../src/workspace/disk-with.ts";
import { mortalDisk } from "../support/mortal-disk.ts";
import { type Step, journalOf, randomSteps } from "../support/random-journal.ts";
import { expectWhole } from "../support/whole-fold.ts";

const HOUR = 3_600_000;

/** A fill of an order that may leave memory since the fourth record from the end. */
const LATE_FILL: readonly Step[] = [
  (told) => told.filled("c", { symbol: "MSFT" }),
  (told) =>
    told
      .wait(30 * 24 * HOUR)
      .trading("halted")
      .proposed("d", { symbol: "BTC/USD" }),
  (told) => told.fill("c", { quantity: "1" }),
  (told) => told.trading("halted"),
];
const LATE_FILL_RECORDS = journalOf(LATE_FILL).records().length;

/** A checkpoint of that record, another record some turns later, and then the fill: at each step of the checkpoint. */
function lateFillAfter(turns: number, more: number): [Step[], CheckpointCut[]] {
  const cuts = [turns, more].map((meanwhile, n) => ({ after: LATE_FILL_RECORDS - 4 + n, isStart: false, meanwhile }));
  return [[...LATE_FILL], cuts];
}
const EXAMPLES = Array.from({ length: 60 }, (_, turns) => [lateFillAfter(turns, 0), lateFillAfter(turns, 1)]).flat();

describe("a start from a checkpoint", () => {
  it("has the state of the whole fold, over random journals, checkpoints and starts", async () => {
    let used = 0;
    let archived = 0;
    await fc.assert(
      fc.asyncProperty(randomSteps, checkpointCuts(60), async (steps, places) => {
        const records = journalOf(steps).records();
        const disk = crashDisk();
        const { desk, usedCheckpoints } = await appendWithCuts(disk, records, places);
        used += usedCheckpoints;
        expectWhole(desk.state, records);
        archived += desk.state.orders.archived + desk.state.fills.archived;
        await desk.journal.close();
        const again = await openCheckpointed(disk);
        expect([again.from, again.errors]).toEqual([records.length, []]);
        expectWhole(again.state, records);
        await again.journal.close();
      }),
      { numRuns: EXAMPLES.length + 40, examples: EXAMPLES },
    );
    expect(used).toBeGreaterThan(20);
    expect(archived).toBeGreaterThan(100);
  });
});

/** A desk with archived orders and two layers, closed. */
async function archivedDesk(): Promise<{ readonly disk: CrashDisk; readonly records: readonly Recorded[] }> {
  const disk = crashDisk();
  const told = scenario().desk().connector("paper").account("paper");
  for (let n = 0; n < 30; n++) told.filled(`o${n}`).wait(HOUR);
  const records = told
    .wait(30 * 24 * HOUR)
    .trading("halted")
    .records();
  const desk = await openCheckpointed(disk);
  for (const [index, recorded] of records.entries()) {
    desk.append(recorded);
    if (index % 80 === 79) await desk.checkpoints.write();
  }
  await desk.checkpoints.write();
  await desk.journal.close();
  return { disk, records };
}

function change(disk: CrashDisk, path: string, edit: (bytes: Buffer) => Buffer): void {
  disk.put(path, edit(Buffer.from(disk.peek(path))));
}
function flipped(place: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const at = place < 0 ? bytes.length + place : place;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };
}
/** The table of a run follows its entries. */
function inTable(bytes: Buffer): Buffer {
  let entries = 1;
  while (runBytes({ kind: "index", entries }) < bytes.length) entries++;
  return flipped(entriesBytes({ kind: "index", entries }))(bytes);
}
function inHead(search: string | RegExp, replace: string): (bytes: Buffer) => Buffer {
  return (bytes) => Buffer.from(bytes.toString("utf8").replace(search, replace));
}
function cut(bytes: Buffer): Buffer {
  return bytes.subarray(0, -32);
}
/** As a program without the host's key can: the digest of the state is right, and its signature is not. */
function resealState(disk: CrashDisk): void {
  const text = disk.peek(FILE).toString("utf8");
  const end = text.indexOf("\n") + 1;
  const changed = text.slice(end).replace('"halted"', '"active"');
  const digest = createHash("sha256").update(changed).digest("hex");
  const head = text.slice(0, end).replace(/"contents":"[0-9a-f]{64}"/, `"contents":"${digest}"`);
  disk.put(FILE, `${head}${changed}`);
}
const FILE = `${CHECKPOINTS}/${CHECKPOINT_FILE}`;
async function nameOf(disk: CrashDisk, end: string): Promise<string> {
  const names = (await disk.list(CHECKPOINTS)).map(({ name }) => name).filter((name) => name.endsWith(end));
  return `${CHECKPOINTS}/${names.toSorted().at(-1)}`;
}

describe("a checkpoint that is not what the desk wrote", () => {
  it.each<[string, RegExp, (disk: CrashDisk) => unknown]>([
    ["is absent", /no checkpoint/, (disk) => disk.remove(FILE)],
    ["is empty", /cut off/, (disk) => disk.put(FILE, "")],
    [
      "is cut off",
      /cut off|not those that were signed/,
      (disk) => change(disk, FILE, (bytes) => bytes.subarray(0, -200)),
    ],
    ["has another state", /not those that were signed/, (disk) => change(disk, FILE, flipped(-300))],
    ["has another state with its digest", /did not sign/, resealState],
    ["names another record", /did not sign/, (disk) => change(disk, FILE, inHead(/"seq":(\d+)/, '"seq":1$1'))],
    ["is of another desk", /another desk/, (disk) => change(disk, FILE, inHead("desk-1", "desk-2"))],
    ["has no signature", /first line/, (disk) => change(disk, FILE, inHead(/"signature":"[^"]*"/, '"signature":7'))],
    ["lacks a layer", /missing or has another size/, async (disk) => disk.remove(await nameOf(disk, ".layer"))],
    ["lacks a part of its index", /another size/, async (disk) => change(disk, await nameOf(disk, ".index"), cut)],
    ["has another table", /not what was signed/, async (disk) => change(disk, await nameOf(disk, ".index"), inTable)],
    [
      "has another filter",
      /not what was signed/,
      async (disk) => change(disk, await nameOf(disk, ".index"), flipped(-1)),
    ],
  ])("%s: it is not used, and the journal is read as a whole", async (_name, reason, damage) => {
    const { disk, records } = await archivedDesk();
    await damage(disk);
    const desk = await openCheckpointed(disk);
    expect([desk.from, reason.test(desk.reason ?? "")], desk.reason).toEqual([0, true]);
    expectWhole(desk.state, records);
    await desk.checkpoints.write();
    await desk.journal.close();
    const again = await openCheckpointed(disk);
    expect(again.from).toBe(records.length);
    expectWhole(again.state, records);
  });

  it("follows a segment that was changed: the journal is read as a whole, and found corrupt", async () => {
    const { disk } = await archivedDesk();
    change(disk, SEGMENT, (bytes) => Buffer.concat([bytes, bytes]));
    await expect(openCheckpointed(disk)).rejects.toThrow(/corrupt/);
  });

  it("of another version of Qoc is not used", async () => {
    const { disk, records } = await archivedDesk();
    const desk = await openCheckpointed(disk, { version: "1.0.1" });
    expect([desk.from, desk.reason]).toEqual([0, "it is of Qoc 1.0.0, format 11"]);
    expectWhole(desk.state, records);
  });

  it("of a journal that was set back is not used, so that the records that are gone do not count", async () => {
    const { disk, records } = await archivedDesk();
    const segments = (await disk.list(JOURNAL)).map(({ name }) => name).toSorted();
    await disk.remove(`${JOURNAL}/${segments.at(-1)}`);
    const desk = await openCheckpointed(disk);
    expect(desk.from).toBe(0);
    expectWhole(desk.state, records.slice(0, desk.journal.head.seq));
  });

  it("of a journal with another record at its place is not used", async () => {
    const oneSegment = { segmentBytes: 10_000_000 };
    const write = async (reason: string): Promise<{ readonly disk: CrashDisk; readonly records: Recorded[] }> => {
      const disk = crashDisk();
      const records = scenario().desk().connector("paper").trading("halted", reason).trading("active").records();
      const desk = await openCheckpointed(disk, oneSegment);
      for (const recorded of records) desk.append(recorded);
      await desk.checkpoints.write();
      await desk.journal.close();
      return { disk, records };
    };
    const [one, other] = [await write("one"), await write("two")];
    one.disk.put(SEGMENT, other.disk.peek(SEGMENT));
    const desk = await openCheckpointed(one.disk, oneSegment);
    expect(desk.from).toBe(0);
    expectWhole(desk.state, other.records);
  });

  type List = (desk: CheckpointedDesk) => unknown;
  async function expectDamaged(end: string, read: List): Promise<void> {
    const { disk } = await archivedDesk();
    const desk = await openCheckpointed(disk);
    expect(() => read(desk)).not.toThrow();
    const again = await openCheckpointed(disk);
    for (const { name } of await disk.list(CHECKPOINTS))
      if (name.endsWith(`.${end}`)) change(disk, `${CHECKPOINTS}/${name}`, (bytes) => Buffer.alloc(bytes.length));
    const damaged: unknown = expect.objectContaining({ code: "ARCHIVE_DAMAGED" });
    expect(() => read(again)).toThrow(damaged);
    expect(again.damage).toEqual([damaged]);
  }
  const listOrders = ({ archive }: CheckpointedDesk): unknown => archive.orders(["filled"], 1_000_000, 30);
  const listFills = ({ archive }: CheckpointedDesk): unknown => archive.fillKeys(0, 1_000);
  it.each([
    ["orders", listOrders],
    ["fills", listFills],
  ])("a list of %s that reads a changed layer of the archive says that it is damaged", async (_name, read) => {
    await expectDamaged("layer", read);
  });
  it.each([
    ["orders", "index", listOrders],
    ["orders", "lists", listOrders],
    ["fills", "lists", listFills],
  ])("a list of %s that reads a changed file of the archive (%s) says that it is damaged", async (_name, end, read) => {
    await expectDamaged(end, read);
  });

  it.each([
    ["a layer", ".layer"],
    ["a page of the index", ".index"],
  ])("has another byte in %s: the look-up that reads it fails, and no checkpoint follows", async (_name, end) => {
    const { disk } = await archivedDesk();
    for (const { name } of await disk.list(CHECKPOINTS))
      if (name.endsWith(end))
        for (let at = 20; at < 4_000; at += 40) change(disk, `${CHECKPOINTS}/${name}`, flipped(at));
    const desk = await openCheckpointed(disk);
    expect(desk.from).toBeGreaterThan(0);
    expect(() => desk.state.orders.get("o0" as OrderId)).toThrow(expect.objectContaining({ code: "ARCHIVE_DAMAGED" }));
    expect(desk.damage).toHaveLength(1);
    const before = Buffer.from(disk.peek(FILE));
    await desk.checkpoints.write();
    expect(disk.peek(FILE).equals(before)).toBe(true);
  });
});

describe("the next checkpoint", () => {
  it("is written when the journal has grown by as much as the state has, and by a segment at least", async () => {
    const disk = crashDisk();
    const desk = await openCheckpointed(disk);
    const orders = Array.from({ length: 120 }, (_, number) => `o${number}`);
    const told = orders.reduce((all, id) => all.proposed(id, { symbol: "AAPL" }), scenario().desk());
    const written: { readonly sealed: number; readonly chars: number }[] = [];
    for (const recorded of told.records()) {
      desk.append(recorded);
      await desk.journal.flush();
      desk.checkpoints.take(recorded);
      // Resolves when none is being written: the records are too few for a last one.
      await desk.checkpoints.close();
      const sealed = desk.journal.sealed.length;
      const chars = (await disk.facts(FILE))?.size ?? 0;
      if (chars !== (written.at(-1)?.chars ?? 0)) written.push({ sealed, chars });
    }
    const sizes = desk.journal.sealed.map(({ bytes }) => bytes);
    expect(written[0]?.sealed).toBe(1);
    expect(written.length).toBeGreaterThan(2);
    for (const [index, { sealed, chars }] of written.entries()) {
      const next = written[index + 1];
      if (next === undefined) continue;
      const grown = sizes.slice(sealed, next.sealed).reduce((sum, bytes) => sum + bytes, 0);
      // The state is the largest part of the file.
      expect(grown).toBeGreaterThan(chars / 2);
      expect(grown).toBeLessThan(chars + 2 * (sizes[0] ?? 0));
    }
    await desk.journal.close();
  });
});

describe("a crash while checkpoints are written", () => {
  it("at any write leaves a desk with the state of its journal", async () => {
    const { records } = await archivedDesk();
    let isOver = false;
    let used = 0;
    for (let writes = 1; !isOver; writes++) {
      const disk = crashDisk();
      const mortal = mortalDisk(disk, writes);
      isOver = await Promise.race([run(mortal, records).then(() => true), mortal.death.then(() => false)]);
      const after = disk.crash(writes);
      const desk = await openCheckpointed(after);
      used += desk.from === 0 ? 0 : 1;
      expectWhole(desk.state, records.slice(0, desk.journal.head.seq));
      await desk.checkpoints.write();
      await desk.journal.close();
      const again = await openCheckpointed(after);
      expect(again.from).toBe(again.journal.head.seq);
      expectWhole(again.state, records.slice(0, again.journal.head.seq));
      await again.journal.close();
    }
    expect(used).toBeGreaterThan(10);
  });

  it("a failed write leaves memory as it is, and the next one succeeds", async () => {
    const { records } = await archivedDesk();
    const disk = crashDisk();
    let isFull = true;
    const full = diskWith(disk, {
      writeAtomic: (path, data) =>
        isFull ? Promise.reject(new Error("no space left on device")) : disk.writeAtomic(path, data),
    });
    const desk = await openCheckpointed(full);
    for (const recorded of records) desk.append(recorded);
    await desk.checkpoints.write();
    expect(desk.errors).toEqual(["the checkpoint is not written: no space left on device"]);
    expect([desk.state.orders.size, desk.state.orders.archived]).toEqual([30, 0]);
    isFull = false;
    await desk.checkpoints.write();
    expect([desk.state.orders.size, desk.state.orders.archived]).toEqual([0, 30]);
    expectWhole(desk.state, records);
  });
});

async function run(disk: Disk, records: readonly Recorded[]): Promise<void> {
  const desk = await openCheckpointed(disk);
  for (const [index, recorded] of records.entries()) {
    desk.append(recorded);
    if (index % 60 === 59) await desk.checkpoints.write();
  }
  await desk.checkpoints.write();
  await desk.journal.close();
}
