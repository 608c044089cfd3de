/** What the system says of processes. */
import { expect, it } from "vitest";
import { residentMb } from "../../src/app/processes.ts";

it.skipIf(process.platform !== "linux")("a process's resident memory is the value that Node reports", async () => {
  const mb = (await residentMb(process.pid)) ?? 0;
  const ours = process.memoryUsage.rss() / 1024 / 1024;
  expect(mb).toBeGreaterThan(ours / 2);
  expect(mb).toBeLessThan(ours * 2);
});

it("the resident memory of a process that does not exist is undefined", async () => {
  expect(await residentMb(2 ** 30)).toBeUndefined();
});
