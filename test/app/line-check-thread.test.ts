import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { openLineChecker } from "../../src/app/line-check-thread.ts";
import { FIRST_SEGMENT, openJournalHarness, runStarted } from "../support/journal-harness.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url));
let segment: Buffer;

beforeAll(async () => {
  const { disk, journal } = await openJournalHarness();
  for (let i = 0; i < 3; i++) journal.append(runStarted(`Läufer ${i}`));
  await journal.close();
  segment = disk.peek(FIRST_SEGMENT);
});

it("the thread returns the end of the lines that match their hashes, in the order of the segments", async () => {
  const checker = openLineChecker(PACKAGE_ROOT);
  const damaged = Buffer.from(segment);
  const second = damaged.indexOf(10) + 1;
  damaged[second + 20] = (damaged[second + 20] ?? 0) ^ 1;
  const ends = await Promise.all([checker.check(segment), checker.check(damaged), checker.check(segment)]);
  expect(ends).toEqual([segment.length, second, segment.length]);
  checker.close();
});

it("a thread that ends or cannot start leaves the lines to the caller", async () => {
  const closed = openLineChecker(PACKAGE_ROOT);
  const waiting = closed.check(segment);
  closed.close();
  expect([0, segment.length]).toContain(await waiting);
  const missing = openLineChecker("/nonexistent");
  expect(await missing.check(segment)).toBe(0);
  expect(await missing.check(segment)).toBe(0);
});
