/** Folders of a running desk that git removes with their last file: nothing fails, and each write makes its folder. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { Disk } from "../../src/domain/ports.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop();
  await discard(desk);
});

/** As `git stash -u` and `git clean -d` do. */
function removeFolders(): void {
  for (const folder of ["orders", "inbox", "snapshots", "schedules", "issues", "entities", "research"])
    rmSync(join(desk.root, folder), { recursive: true, force: true });
}

const READS = [
  "status",
  "orders list",
  "positions list",
  "inbox list",
  "issues list",
  "snapshots list",
  "schedules list",
  "entities list",
  "news list",
  "research list",
  "doctor",
];

it("no command that reads fails without the folders of the desk, of which status lists each once", async () => {
  const listed: string[] = [];
  const disk = nodeDisk();
  const counted: Disk = { ...disk, list: (path) => (listed.push(path), disk.list(path)) };
  desk = await tempDesk({ disk: counted });
  listed.length = 0;
  await desk.call("status");
  // The inbox is listed for a new item, too.
  const ofStatus = listed.filter((path) => !path.endsWith("/inbox"));
  expect(new Set(ofStatus).size).toBeGreaterThan(5);
  expect(ofStatus).toEqual([...new Set(ofStatus)]);
  removeFolders();
  for (const command of READS) await expect(desk.call(command), command).resolves.toBeDefined();
});

it("each command that writes makes its folder again", async () => {
  desk = await tempDesk();
  const order = { side: "buy", symbol: "SPX", quantity: "1", rationale: "test" };
  const working = { ...order, type: "limit", limitPrice: "2000" };
  const again = async (input: Record<string, unknown>): Promise<{ id: string; digest: string; path: string }> => {
    removeFolders();
    return desk.call("orders propose", input);
  };
  const filled = await again({ ...order, type: "market" });
  await desk.call("approve", { id: filled.id, digest: filled.digest });
  await expect.poll(() => existsSync(join(desk.root, `orders/executed/${filled.id}.toml`))).toBe(true);
  const rejected = await again(working);
  await desk.call("reject", { id: rejected.id, comment: "no" });
  await desk.settled();
  expect(desk.read(`orders/rejected/${rejected.id}.toml`)).toContain("no");
  removeFolders();
  const { path: snapshot } = await desk.call<{ path: string }>("snapshot");
  expect(existsSync(join(desk.root, snapshot))).toBe(true);
  removeFolders();
  const written = [
    await desk.call<{ path: string }>("inbox write", { title: "a message", text: "t" }),
    await desk.call<{ path: string }>("issues new", { title: "an issue" }),
    await desk.call<{ path: string }>("schedules add", { name: "daily", cron: "0 9 * * *", task: "snapshot" }),
  ];
  for (const { path } of written) expect(existsSync(join(desk.root, path)), path).toBe(true);
  desk.open.desk.history.touch();
  await desk.open.desk.history.flush();
  const [message] = written;
  removeFolders();
  await desk.call("history restore", { path: message?.path, at: "HEAD" });
  expect(desk.read(message?.path ?? "")).toContain("a message");
  expect(await desk.call("journal verify")).toMatchObject({ ok: true });
});
