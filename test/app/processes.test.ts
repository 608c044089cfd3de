/** What the system says of processes. */
import { expect, it } from "vitest";
import { residentMb } from "../../src/app/processes.ts";

it.skipIf(process.platform !== "linux")("a process's memory is what Node says of it", async () => {
  const mb = (await residentMb(process.pid)) ?? 0;
  const ours = process.memoryUsage.rss() / 1024 / 1024;
  expect(mb).toBeGreaterThan(ours / 2);
  expect(mb).toBeLessThan(ours * 2);
});

it("a process that is not there has no memory to tell", async () => {
  expect(await residentMb(2 ** 30)).toBeUndefined();
});
