/** One desk a workspace: a living owner is respected, a dead one's lock is taken over exactly. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type Processes, isAlive, lockOwner, takeLock } from "../../src/workspace/lock.ts";

const disk = nodeDisk();
function path(): string {
  return join(mkdtempSync(join(tmpdir(), "qoc-lock-")), "lock");
}
function world(over: Partial<Processes> = {}, alive: Record<number, string> = { 100: "t1" }): Processes {
  return {
    pid: 100,
    bootId: "boot-1",
    startOf: (pid) => alive[pid],
    ...over,
  };
}

describe("the lock", () => {
  it("the lock is held until it is released", async () => {
    const at = path();
    const lock = await takeLock(disk, at, { root: "/desk", nonce: "n1", processes: world() });
    await expect(
      takeLock(disk, at, { root: "/desk", nonce: "n2", processes: world({ pid: 200 }, { 100: "t1", 200: "t2" }) }),
    ).rejects.toMatchObject({
      code: "LOCKED",
      details: { pid: 100 },
    });
    await lock.release();
    expect(await lockOwner(disk, at)).toBeUndefined();
    await takeLock(disk, at, { root: "/desk", nonce: "n2", processes: world({ pid: 200 }, { 200: "t2" }) });
  });

  it.each([
    ["the process is gone", world({ pid: 200 }, { 200: "t2" })],
    ["its pid is another process now", world({ pid: 200 }, { 100: "t9", 200: "t2" })],
    ["the machine was started anew", world({ pid: 200, bootId: "boot-2" }, { 100: "t1", 200: "t2" })],
  ])("the lock of a killed desk is taken over: %s", async (_name, later) => {
    const at = path();
    await takeLock(disk, at, { root: "/desk", nonce: "n1", processes: world() });
    await takeLock(disk, at, { root: "/desk", nonce: "n2", processes: later });
    expect(await lockOwner(disk, at)).toMatchObject({ pid: 200, nonce: "n2" });
  });

  it("a lock of a running desk in another folder is taken over, since the workspace was copied", async () => {
    const at = path();
    await takeLock(disk, at, { root: "/desk", nonce: "n1", processes: world() });
    await takeLock(disk, at, { root: "/copy", nonce: "n2", processes: world({ pid: 200 }, { 100: "t1", 200: "t2" }) });
    expect(await lockOwner(disk, at)).toMatchObject({ pid: 200, root: "/copy" });
  });

  it("a lock file with invalid content is taken over", async () => {
    const at = path();
    writeFileSync(at, "garbage");
    await takeLock(disk, at, { root: "/desk", nonce: "n1", processes: world() });
    const owner = await lockOwner(disk, at);
    expect(owner !== undefined && isAlive(owner, world())).toBe(true);
  });

  it("one of many processes that start at once gets the lock", async () => {
    const at = path();
    const alive = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [i + 1, `t${i}`]));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        takeLock(disk, at, { root: "/desk", nonce: `n${i}`, processes: world({ pid: i + 1 }, alive) }),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
  });

  it("a release does not remove a lock that another process has taken over", async () => {
    const at = path();
    const lock = await takeLock(disk, at, { root: "/desk", nonce: "n1", processes: world() });
    await takeLock(disk, at, { root: "/desk", nonce: "n2", processes: world({ pid: 200 }, { 200: "t2" }) });
    await lock.release();
    expect(await lockOwner(disk, at)).toMatchObject({ nonce: "n2" });
  });
});
