/** Reads that several callers share. */
import { expect, it } from "vitest";
import { SharedRead } from "../../../connectors/ibkr/answers.ts";

function counted(gatherMs?: number) {
  const runs: ((value: number) => void)[] = [];
  const read = new SharedRead(() => new Promise<number>((resolve) => void runs.push(resolve)), gatherMs);
  return { read, runs };
}

it("a caller gets an answer that was asked for after its call, and callers that wait share it", async () => {
  const { read, runs } = counted();
  const first = read.read();
  const [second, third] = [read.read(), read.read()];
  expect(runs).toHaveLength(1);
  runs[0]?.(1);
  expect(await first).toBe(1);
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.(2);
  expect(await Promise.all([second, third])).toEqual([2, 2]);
  expect(runs).toHaveLength(2);
});

it("an answer that fails does not fail the callers that came later", async () => {
  let isFirst = true;
  const read = new SharedRead(() => {
    const fails = isFirst;
    isFirst = false;
    return fails ? Promise.reject(new Error("lost")) : Promise.resolve(7);
  });
  const [first, second] = [read.read(), read.read()];
  await expect(first).rejects.toThrow("lost");
  expect(await second).toBe(7);
});

it("callers of one moment share the first answer", async () => {
  const { read, runs } = counted(5);
  const calls = [read.read(), read.read()];
  expect(runs).toHaveLength(0);
  await expect.poll(() => runs.length).toBe(1);
  runs[0]?.(3);
  expect(await Promise.all(calls)).toEqual([3, 3]);
});
