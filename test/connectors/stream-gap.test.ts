/** The fills that a stream did not bring, over readings that a test ends itself. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StreamGap } from "../../connectors/stream-gap.ts";

const OVERLAP_MS = 60_000;
const START = 1_800_000_000_000;

interface Reading {
  readonly since: number;
  resolve(fillIds: readonly string[]): void;
  reject(error: Error): void;
}

let readings: Reading[];
let ends: number;
let warned: string[];
let gap: StreamGap;
beforeEach(() => {
  vi.useFakeTimers();
  [readings, ends, warned] = [[], 0, []];
  const options = {
    read: (since: number) =>
      new Promise<readonly string[]>((resolve, reject) => void readings.push({ since, resolve, reject })),
    onEnd: () => void (ends += 1),
    warn: (message: string, error: unknown) => void warned.push(`${message}: ${String(error)}`),
  };
  gap = new StreamGap(options, START);
});
afterEach(() => {
  gap.close();
  vi.useRealTimers();
});

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

it("a stream that is cut while its gap is read is not said to work, and all is read again once it is back", async () => {
  gap.begin();
  const first = gap.end();
  gap.saw(START + 5);
  gap.begin();
  readings[0]?.resolve(["a"]);
  await first;
  // A reading while the stream is down says nothing of what comes before the stream is back.
  await pass(120_000);
  expect([ends, readings.length]).toEqual([0, 1]);
  gap.saw(START + 70_000);
  const second = gap.end();
  readings[1]?.resolve(["a", "b"]);
  await second;
  expect([ends, readings.map(({ since }) => since)]).toEqual([1, [START - OVERLAP_MS, START - OVERLAP_MS]]);
});

it("a stream that is back while an earlier reading goes on waits for a reading that began after its return", async () => {
  gap.begin();
  const first = gap.end();
  gap.begin();
  const second = gap.end();
  readings[0]?.resolve([]);
  await pass(0);
  expect([ends, readings.length]).toEqual([0, 2]);
  readings[1]?.resolve([]);
  await Promise.all([first, second]);
  expect(ends).toBeGreaterThan(0);
});

it("a reading that fails ends nothing: the stream is opened again, and the next reading begins where it began", async () => {
  gap.begin();
  const first = gap.end();
  readings[0]?.reject(new Error("504"));
  await expect(first).rejects.toThrow("504");
  gap.saw(START + 90_000);
  const second = gap.end();
  readings[1]?.resolve([]);
  await second;
  expect([ends, readings[1]?.since]).toEqual([1, START - OVERLAP_MS]);
});

it("a reading for a message that was not understood is repeated until one has worked", async () => {
  gap.miss();
  readings[0]?.reject(new Error("504"));
  await pass(5_000);
  readings[1]?.reject(new Error("503"));
  await pass(10_000);
  readings[2]?.resolve([]);
  expect(warned).toEqual(["the fills cannot be read: Error: 504", "the fills cannot be read: Error: 503"]);
  expect(readings.map(({ since }) => since)).toEqual(Array.from({ length: 3 }, () => START - OVERLAP_MS));
});

it("the fills are read once more, because a venue lists a fill a moment after it has made it", async () => {
  gap.begin();
  const end = gap.end();
  readings[0]?.resolve([]);
  await end;
  gap.saw(START + 80_000);
  await pass(30_000);
  readings[1]?.resolve(["late"]);
  await pass(3_600_000);
  expect(readings.map(({ since }) => since)).toEqual([START - OVERLAP_MS, START - OVERLAP_MS]);
});

it("nothing is read or said after it was closed", async () => {
  gap.begin();
  const end = gap.end();
  gap.close();
  readings[0]?.resolve([]);
  await end;
  gap.miss();
  await pass(3_600_000);
  expect([ends, readings.length]).toEqual([0, 1]);
});
