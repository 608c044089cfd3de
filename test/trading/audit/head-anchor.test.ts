/** The anchor's file: it never leads the journal, costs no flush of an order, and survives a crash and a full disk. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeskEvent, Recorded } from "../../../src/domain/event.ts";
import type { Disk } from "../../../src/domain/ports.ts";
import { openJournal } from "../../../src/bus/journal.ts";
import { anchorPath, openHeadAnchor, parseSignedHead, readAnchors } from "../../../src/trading/audit/head-anchor.ts";
import { type CrashDisk, crashDisk } from "../../support/crash-disk.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { JOURNAL_DIR, runStarted, settled } from "../../support/journal-harness.ts";
import { quietLog } from "../../support/quiet-log.ts";
import { DESK_ID, KEYS, PAIRS } from "../../support/signed-journal.ts";

const KEY_PATH = "/home/.qoc/keys/id";
const PLACE = "a".repeat(32);
const SIGNER = { deskId: DESK_ID, publicPem: KEYS.host.publicPem };
const RESULT: DeskEvent = { type: "order.unknown", id: "a" as never, reason: "no answer" };

interface CountingDisk {
  readonly disk: Disk;
  readonly writes: string[];
  fail(code: string | undefined): void;
}

/** Counts atomic writes; `fail` makes them reject. */
function counting(inner: CrashDisk): CountingDisk {
  const writes: string[] = [];
  let failure: string | undefined;
  const disk = Object.create(inner) as Disk;
  disk.writeAtomic = async (path, data, mode) => {
    if (failure !== undefined) throw Object.assign(new Error(failure), { code: failure });
    writes.push(path);
    await inner.writeAtomic(path, data, mode);
  };
  for (const name of ["read", "readText", "list", "facts", "mkdir", "append"] as const)
    disk[name] = inner[name].bind(inner) as never;
  return { disk, writes, fail: (code) => void (failure = code) };
}

async function open(inner: CrashDisk = crashDisk()) {
  const clock = fakeClock();
  const log = quietLog();
  const counted = counting(inner);
  const { journal } = await openJournal({ disk: inner, dir: JOURNAL_DIR, clock, log });
  if (journal === undefined) throw new Error("corrupt");
  journal.epoch = 1;
  const anchor = openHeadAnchor({
    disk: counted.disk,
    clock,
    log,
    keyPath: KEY_PATH,
    place: PLACE,
    deskId: DESK_ID,
    sign: PAIRS.host.sign,
    journal,
  });
  const commit = async (event: DeskEvent): Promise<Recorded> => {
    const { recorded, committed } = journal.append(event, { durable: true });
    await committed;
    anchor.take(recorded);
    return recorded;
  };
  const anchored = async (): Promise<number | undefined> => {
    await settled();
    return (await readAnchors(inner, KEY_PATH, SIGNER))[0]?.head?.seq;
  };
  return { inner, clock, log, journal, anchor, commit, anchored, ...counted };
}

describe("the anchor", () => {
  it("follows the result of an order after a pause, and never within its flush", async () => {
    const stand = await open();
    await stand.commit(RESULT);
    expect(stand.writes).toEqual([]);
    stand.clock.advance(49);
    expect(await stand.anchored()).toBeUndefined();
    stand.clock.advance(1);
    expect(await stand.anchored()).toBe(1);
  });

  it("is written at most once a second for other records, and for orders that follow each other without a pause", async () => {
    const stand = await open();
    for (let n = 0; n < 100; n++) {
      await stand.commit(RESULT);
      stand.clock.advance(30);
      await settled();
    }
    expect(stand.writes.length).toBeGreaterThanOrEqual(2);
    expect(stand.writes.length).toBeLessThanOrEqual(3);
    const quiet = await open();
    for (let n = 0; n < 20; n++) {
      await quiet.commit(runStarted(`r${n}`));
      quiet.clock.advance(100);
      await settled();
    }
    expect(quiet.writes).toHaveLength(2);
  });

  it("waits for the result of an approval that starts before it is due, and a second at most", async () => {
    const stand = await open();
    await stand.commit(RESULT);
    stand.clock.advance(40);
    await stand.commit({
      type: "order.submitting",
      id: "b" as never,
      clientOrderId: "c" as never,
      digest: "d" as never,
    });
    stand.clock.advance(49);
    expect(await stand.anchored()).toBeUndefined();
    stand.clock.advance(1);
    expect(await stand.anchored()).toBe(2);
  });

  it("an approval alone is anchored after a second, not in its course", async () => {
    const stand = await open();
    for (const type of ["order.reviewed", "order.approved", "order.submitting"])
      await stand.commit({ type, id: "b" } as never);
    stand.clock.advance(999);
    expect(await stand.anchored()).toBeUndefined();
    stand.clock.advance(1);
    expect(await stand.anchored()).toBe(3);
  });

  it("is not written again while nothing was recorded", async () => {
    const stand = await open();
    await stand.commit(RESULT);
    await stand.anchor.write();
    stand.clock.advance(10_000);
    await stand.anchor.write();
    await stand.anchor.close();
    expect(stand.writes).toEqual([anchorPath(KEY_PATH, PLACE)]);
    expect(stand.clock.waiting).toBe(0);
  });

  it("names durable records only", async () => {
    const stand = await open();
    await stand.commit(runStarted("first"));
    const held = stand.inner.hold();
    stand.journal.append(runStarted("second"), { durable: true });
    await settled();
    expect(stand.anchor.signedHead().seq).toBe(1);
    await stand.anchor.write();
    expect(await stand.anchored()).toBe(1);
    held.release();
    await stand.journal.flush();
    await stand.anchor.close();
    expect(await stand.anchored()).toBe(2);
  });

  it("names nothing of a batch that waited while the batch before it was flushed, and failed", async () => {
    const stand = await open();
    await stand.commit(runStarted("first"));
    const held = stand.inner.hold();
    const second = stand.journal.append(runStarted("second"), { durable: true });
    await settled();
    stand.journal.append(runStarted("third"), { durable: true });
    stand.inner.fail({ on: "write", nth: 1, code: "ENOSPC" });
    held.release();
    await second.committed;
    await settled();
    await stand.anchor.close();
    expect(await stand.anchored()).toBe(2);
  });

  it("names nothing of a write that failed", async () => {
    const stand = await open();
    await stand.commit(runStarted("first"));
    stand.inner.fail({ on: "sync", nth: 1, code: "EIO" });
    await stand.commit(runStarted("lost")).catch(() => undefined);
    await stand.anchor.close();
    expect(await stand.anchored()).toBe(1);
  });

  it("keeps the last head on a full disk, says so once, and catches up", async () => {
    const stand = await open();
    await stand.commit(RESULT);
    await stand.anchor.write();
    stand.fail("ENOSPC");
    await stand.commit(RESULT);
    for (let n = 0; n < 5; n++) {
      stand.clock.advance(1_000);
      await settled();
    }
    expect(stand.anchor.facts).toMatchObject({ head: { seq: 1 }, failure: "ENOSPC" });
    expect(stand.log.lines.filter((line) => JSON.stringify(line).includes("anchored"))).toHaveLength(1);
    expect(await stand.anchored()).toBe(1);
    stand.fail(undefined);
    stand.clock.advance(1_000);
    expect(await stand.anchored()).toBe(2);
    expect(stand.anchor.facts.failure).toBeUndefined();
  });

  it("never leads the journal that a power cut leaves", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 20 }), fc.nat(), async (steps, seed) => {
        const stand = await open();
        for (const [index, step] of steps.entries()) {
          if (step === 0) stand.journal.append(runStarted(`lazy${index}`));
          else if (step === 1) await stand.commit(RESULT);
          else if (step === 2) stand.clock.advance(400);
          else await stand.anchor.write();
          await settled();
        }
        const after = stand.inner.crash(seed);
        const [anchor] = await readAnchors(after, KEY_PATH, SIGNER);
        const { scan } = await openJournal({ disk: after, dir: JOURNAL_DIR, clock: fakeClock(), log: quietLog() });
        expect(anchor?.head?.seq ?? 0).toBeLessThanOrEqual(scan.head.seq);
        if (anchor?.head?.seq === scan.head.seq) expect(anchor.head.hash).toBe(scan.head.hash);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a signed head", () => {
  it("is read back, and any change of it is refused", async () => {
    const stand = await open();
    await stand.commit(RESULT);
    const text = JSON.stringify(stand.anchor.signedHead());
    expect(parseSignedHead(text, SIGNER)).toMatchObject({ seq: 1, epoch: 1 });
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom("0", "1", "a", "}", " "), (at, char) => {
        const changed = text.slice(0, at) + char + text.slice(at + 1);
        const read = parseSignedHead(changed, SIGNER);
        // Base64 has unused bits at its end, which change no byte of the signature.
        if (read !== undefined) expect({ ...read, signature: "" }).toEqual({ ...JSON.parse(text), signature: "" });
      }),
      { numRuns: 300 },
    );
    expect(parseSignedHead(text, { ...SIGNER, deskId: "f".repeat(32) })).toBeUndefined();
    expect(parseSignedHead(text, { ...SIGNER, publicPem: KEYS.desk })).toBeUndefined();
  });

  it("of a file that is no head is damaged, and other files of the folder are not read", async () => {
    const disk = crashDisk();
    await disk.mkdir(`${KEY_PATH}.heads`);
    disk.put(anchorPath(KEY_PATH, PLACE), "junk");
    disk.put(`${KEY_PATH}.heads/.1-2.tmp`, "junk");
    expect(await readAnchors(disk, KEY_PATH, SIGNER)).toEqual([{ place: PLACE, head: undefined }]);
    expect(await readAnchors(crashDisk(), KEY_PATH, SIGNER)).toEqual([]);
  });
});
