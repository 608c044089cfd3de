/** A list of issues says how many it leaves out. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk | undefined;
afterEach(async () => {
  await desk?.stop();
  if (desk !== undefined) await discard(desk);
});

it("a list of issues says how many others there are, and finds those of a status among all of them", async () => {
  desk = await tempDesk();
  const folder = join(desk.root, "issues");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "00001-first.md"), "---\nstatus: blocked\n---\nFirst.\n");
  for (let n = 10_001; n <= 12_000; n++) writeFileSync(join(folder, `${n}.md`), "---\nstatus: done\n---\n");
  const before = desk.said.length;
  expect(await desk.call("issues list", { status: "blocked" })).toMatchObject([{ path: "issues/00001-first.md" }]);
  expect(desk.said.slice(before)).toEqual([]);
  const listed = await desk.call<{ path: string }[]>("issues list");
  expect(listed).toHaveLength(2_000);
  expect(listed.some(({ path }) => path === "issues/00001-first.md")).toBe(false);
  expect(desk.said.slice(before)).toEqual([
    expect.stringMatching(/^not listed: \d+ with names before these \(qoc files list --under issues\)$/),
  ]);
});
