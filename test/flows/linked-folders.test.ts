/** Folders of the desk that are links, as git and archives make them: no file is taken or put through one. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let elsewhere: string;
beforeEach(async () => {
  elsewhere = mkdtempSync(join(tmpdir(), "qoc-elsewhere-"));
  desk = await tempDesk();
});
afterEach(async () => {
  await desk.stop();
  await discard(desk);
  rmSync(elsewhere, { recursive: true });
});

function replaceByLink(folder: string): void {
  rmSync(join(desk.root, folder), { recursive: true });
  symlinkSync(elsewhere, join(desk.root, folder));
}

const DOCTOR_SAYS = (folder: string) =>
  expect.objectContaining({ status: "fail", message: `${folder} is a link: the desk reads and writes nothing there` });

it("takes no file of elsewhere into the folder, where agents read it: orders/approved is a link", async () => {
  writeFileSync(join(elsewhere, "config.json"), '{"auth": "a secret of the operator"}');
  replaceByLink("orders/approved");
  await desk.call("status");
  expect(readdirSync(elsewhere)).toEqual(["config.json"]);
  expect(readdirSync(join(desk.root, "orders/proposed"))).toEqual([]);
  const { checks } = await desk.call<{ checks: unknown[] }>("doctor");
  expect(checks).toContainEqual(DOCTOR_SAYS("orders/approved"));
});

it("puts no file of the folder elsewhere: orders/proposed is a link", async () => {
  replaceByLink("orders/proposed");
  writeFileSync(join(desk.root, "orders/approved/config.toml"), "[agent]\n");
  await desk.call("status");
  expect(readdirSync(elsewhere)).toEqual([]);
  const { checks } = await desk.call<{ checks: unknown[] }>("doctor");
  expect(checks).toContainEqual(DOCTOR_SAYS("orders/proposed"));
});

it("moves no file in folders below a link: orders is a link", async () => {
  for (const name of ["pending", "proposed", "approved"]) mkdirSync(join(elsewhere, name));
  writeFileSync(join(elsewhere, "approved/config.toml"), "[agent]\n");
  replaceByLink("orders");
  await desk.call("status");
  expect(readdirSync(join(elsewhere, "proposed"))).toEqual([]);
  const { checks } = await desk.call<{ checks: unknown[] }>("doctor");
  expect(checks).toContainEqual(DOCTOR_SAYS("orders"));
});

it("writes and lists nothing through a link: inbox, issues, orders/pending", async () => {
  for (const folder of ["inbox", "issues", "orders/pending"]) replaceByLink(folder);
  writeFileSync(join(elsewhere, "001-diary.md"), "# a diary\n");
  await expect(desk.call("issues list")).resolves.toEqual([]);
  await expect(desk.call("inbox list")).resolves.toEqual([]);
  const order = { side: "buy", symbol: "SPX", quantity: "1", type: "market", rationale: "test" };
  await expect(desk.call("orders propose", order)).rejects.toMatchObject({
    code: "PATH_REFUSED",
    message: expect.stringContaining("orders/pending is a link, not a folder"),
  });
  await expect(desk.call("inbox write", { title: "a message", text: "a text" })).rejects.toMatchObject({
    code: "PATH_REFUSED",
  });
  expect(readdirSync(elsewhere)).toEqual(["001-diary.md"]);
});

it("makes no folder at the place from which the desk's folder was moved while it runs", async () => {
  const moved = `${desk.root}-moved`;
  renameSync(desk.root, moved);
  try {
    desk.open.logs.error("a line for the log");
    await desk.open.logs.flush();
    await expect(desk.call("snapshot")).rejects.toThrow();
    expect(existsSync(desk.root)).toBe(false);
  } finally {
    rmSync(desk.root, { recursive: true, force: true });
    renameSync(moved, desk.root);
  }
});
