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

it("a fill that the venue dates years ahead hides no fill of now: the next gap begins at the time of now", async () => {
  gap.saw(START + 365 * 24 * 3_600_000);
  await pass(600_000);
  gap.saw(START + 590_000);
  gap.begin();
  const end = gap.end();
  readings[0]?.resolve([]);
  await end;
  expect(readings[0]?.since).toBe(START + 590_000 - OVERLAP_MS);
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

/** A fill that is listed some time after it was made, without its commission until then. */
interface MadeFill {
  readonly fillId: string;
  readonly at: number;
  readonly listedAt: number;
}

/** A stream of fills whose commissions are read; the answers of the readings, and what they had read. */
async function trade({ everyMs, forMs, listedMs }: Readonly<Record<"everyMs" | "forMs" | "listedMs", number>>) {
  const made: MadeFill[] = [];
  const read = new Set<string>();
  const sizes: number[] = [];
  vi.setSystemTime(START);
  const options = {
    read: async (since: number): Promise<readonly string[]> => {
      const listed = made.filter(({ at, listedAt }) => at >= since && listedAt <= Date.now());
      await new Promise((resolve) => setTimeout(resolve, 200));
      sizes.push(listed.length);
      for (const { fillId, at } of listed) {
        read.add(fillId);
        steady.saw(at);
      }
      return listed.map(({ fillId }) => fillId);
    },
    onEnd: () => undefined,
    warn: (message: string) => void warned.push(message),
  };
  const steady = new StreamGap(options, START);
  for (let passed = 0; passed < forMs; passed += everyMs) {
    const at = Date.now();
    const fillId = `fill-${made.length}`;
    made.push({ fillId, at, listedAt: at + (made.length % 7 === 0 ? listedMs : 100) });
    steady.saw(at);
    steady.readIn(5_000, fillId);
    await pass(everyMs);
  }
  await pass(3_600_000);
  steady.close();
  return { made: made.map(({ fillId }) => fillId), read, sizes };
}

it.each([
  ["one a second", { everyMs: 1_000, listedMs: 25_000 }],
  ["four a second", { everyMs: 250, listedMs: 2_000 }],
  ["one in 20 s, some listed after two minutes", { everyMs: 20_000, listedMs: 120_000 }],
])("fills that keep coming, %s: all are read, by readings that do not grow", async (_name, pace) => {
  const short = await trade({ ...pace, forMs: 1_800_000 });
  const long = await trade({ ...pace, forMs: 7_200_000 });
  for (const { made, read } of [short, long]) expect(made.filter((fillId) => !read.has(fillId))).toEqual([]);
  expect(warned).toEqual([]);
  expect(Math.max(...long.sizes)).toBeLessThanOrEqual(1.1 * Math.max(...short.sizes));
  // Less than one every five seconds: the venue limits requests.
  expect(long.sizes.length).toBeLessThan(7_200 / 5 + 20);
});

it("messages that are not understood, a hundred a second, are read once every five seconds, and after the last", async () => {
  for (let count = 0; count < 900; count += 1) {
    gap.miss();
    for (const reading of readings) reading.resolve([]);
    await pass(10);
  }
  expect(readings).toHaveLength(2);
  await pass(5_000);
  expect(readings).toHaveLength(3);
});

it("a fill that the venue announces and does not list is given up, however often the stream was cut meanwhile", async () => {
  gap.miss("never");
  for (let cut = 0; cut < 20; cut += 1) {
    readings.at(-1)?.resolve([]);
    await pass(100);
    gap.begin();
    const end = gap.end();
    readings.at(-1)?.resolve([]);
    await end;
  }
  expect(warned).toEqual([]);
  for (let minute = 0; minute < 40; minute += 1) {
    readings.at(-1)?.resolve([]);
    await pass(60_000);
  }
  expect(warned).toEqual(["the venue announced fill never, and does not list it: it was given up"]);
});
