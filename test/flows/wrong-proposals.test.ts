/** A file that is no proposal is named with its whole error, and reject takes it out of the way. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

it("reject of a wrong proposal, as its hint says, moves the file to orders/rejected", async () => {
  desk = await tempDesk();
  await desk.write("orders/proposed/typo-key.toml", 'side = "buy"\nquantiy = "1"\n');
  const refusal = await desk.call("approve", { id: "typo-key", digest: "x" }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ hint: expect.stringContaining("qoc reject orders/proposed/typo-key.toml") });
  const rejected = await desk.call("reject", { id: "orders/proposed/typo-key.toml", comment: "fix the key" });
  expect(rejected).toMatchObject({ id: "typo-key", state: "rejected" });
  expect(existsSync(join(desk.root, "orders/rejected/typo-key.toml"))).toBe(true);
  expect(await desk.call("status")).toMatchObject({ proposals: [] });
  await expect(desk.call("reject", { id: "typo-key" })).rejects.toMatchObject({ code: "ORDER_NOT_FOUND" });
});
