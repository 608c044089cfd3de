/** A desk with a checkpoint: its next start, `qoc journal verify`, and a program that can write its folder. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { appendRecord } from "../support/append-record.ts";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
afterEach(async () => {
  await desk.stop().catch(() => undefined);
  await discard(desk);
});

const FILE = ".qoc/checkpoints/checkpoint.json";

/** Enough records for a checkpoint at the stop. */
async function halted(): Promise<TempDesk> {
  const opened = await tempDesk({ config: (text) => text.replaceAll("enabled = true", "enabled = false") });
  await opened.call("halt", { reason: "for the test" });
  for (let n = 0; n < 1_100; n++)
    opened.open.desk.publish({ type: "command.refused", command: "x", actor: "agent:a", reason: "no", count: 1 });
  await opened.stop();
  return opened;
}

/** Whether a start has not used the checkpoint that it found. */
async function isReadWhole({ open, root }: TempDesk): Promise<boolean> {
  await open.logs.flush();
  const path = `${root}/.qoc/logs/desk.log`;
  return existsSync(path) && readFileSync(path, "utf8").includes("the checkpoint is not used");
}

it("starts from the checkpoint of its stop, and verify checks it", async () => {
  desk = await halted();
  expect(existsSync(`${desk.root}/${FILE}`)).toBe(true);
  expect(statSync(`${desk.root}/${FILE}`).mode & 0o777).toBe(0o600);
  desk = await tempDesk({ again: desk });
  const { state } = desk.open.desk;
  expect([state.trading.state, state.trading.reason]).toEqual(["halted", "for the test"]);
  expect(state.seq).toBeGreaterThan(1_100);
  const report = await desk.call<{ ok: boolean; checkpoint: number }>("journal verify", {});
  expect(report).toMatchObject({ ok: true });
  expect(report.checkpoint).toBeGreaterThan(1_100);
});

it("does not believe a checkpoint that a program without the host's key has changed", async () => {
  desk = await halted();
  const path = `${desk.root}/${FILE}`;
  const text = readFileSync(path, "utf8");
  const end = text.indexOf("\n") + 1;
  const changed = text.slice(end).replace('"state":"halted"', '"state":"active"');
  expect(changed).not.toBe(text.slice(end));
  const digest = createHash("sha256").update(changed).digest("hex");
  const head = text.slice(0, end).replace(/"contents":"[0-9a-f]{64}"/, `"contents":"${digest}"`);
  expect(head).toContain(digest);
  writeFileSync(path, `${head}${changed}`);
  desk = await tempDesk({ again: desk });
  expect(desk.open.desk.state.trading.state).toBe("halted");
  await expect(desk.call("journal verify", {})).resolves.toMatchObject({ ok: false, code: "CHECKPOINT_INVALID" });
});

it("becomes read-only for a resume that a process appended after its checkpoint", async () => {
  desk = await halted();
  appendRecord(desk.root, { type: "trading.changed", state: "active", reason: "forged", actor: "human" });
  desk = await tempDesk({ again: desk });
  expect(desk.open.desk.readOnly()).toMatch(/\(trading.changed\) has no valid signature/);
  expect(await isReadWhole(desk)).toBe(true);
});

it.each(["a stop", "a crash"])("believes a signed resume that follows its checkpoint, after %s", async (end) => {
  desk = await halted();
  const path = `${desk.root}/${FILE}`;
  const ofHalt = readFileSync(path);
  desk = await tempDesk({ again: desk });
  await desk.call("resume", { reason: "for the test" });
  await desk.stop();
  // The stop writes a checkpoint, so that the next start has no decision to check. A crash writes no checkpoint.
  expect(readFileSync(path).equals(ofHalt)).toBe(false);
  if (end === "a crash") writeFileSync(path, ofHalt);
  desk = await tempDesk({ again: desk });
  expect([desk.open.desk.readOnly(), desk.open.desk.state.trading.state]).toEqual([undefined, "active"]);
  expect(await isReadWhole(desk)).toBe(false);
  expect(await desk.call("journal verify", {})).toMatchObject({ ok: true });
});

it("becomes read-only if a record before its checkpoint was changed, and starts read-only then", async () => {
  desk = await halted();
  const path = `${desk.root}/.qoc/journal/000001.ndjson`;
  writeFileSync(path, readFileSync(path, "utf8").replace("for the test", "for the TEST"));
  desk = await tempDesk({ again: desk });
  await expect.poll(() => desk.open.desk.readOnly()).toMatch(/does not match its hash/);
  await desk.stop();
  desk = await tempDesk({ again: desk });
  expect(desk.open.desk.readOnly()).toMatch(/does not match its hash/);
});

it.each(["an older one", "another desk's", "none"])(
  "a checkpoint that becomes %s under a desk changes nothing",
  async (by) => {
    const other = await halted();
    const foreign = readFileSync(`${other.root}/${FILE}`);
    await discard(other);
    desk = await halted();
    const path = `${desk.root}/${FILE}`;
    const older = readFileSync(path);
    desk = await tempDesk({ again: desk });
    await desk.call("resume", { reason: "for the test" });
    await desk.stop();
    desk = await tempDesk({ again: desk });
    const swap = (): void => {
      if (by === "none") rmSync(path, { force: true });
      else writeFileSync(path, by === "an older one" ? older : foreign);
    };
    swap();
    await desk.call("halt", { reason: "after the swap" });
    expect(desk.open.desk.readOnly()).toBeUndefined();
    expect(await desk.call("journal verify", {})).toMatchObject({ ok: by !== "another desk's" });
    await desk.stop();
    // A crash writes no checkpoint.
    swap();
    desk = await tempDesk({ again: desk });
    const { trading } = desk.open.desk.state;
    expect([desk.open.desk.readOnly(), trading.state, trading.reason]).toEqual([undefined, "halted", "after the swap"]);
  },
);
