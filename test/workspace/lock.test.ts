/** One desk a workspace: a living owner is respected, a dead one's lock is taken over exactly. */
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { diskWith } from "../../src/workspace/disk-with.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { type Processes, findDeskProcess, isAlive, lockOwner, takeLock } from "../../src/workspace/lock.ts";

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
      message: expect.stringMatching(/^this desk is up already \(pid 100, since 2.*\): \/desk$/) as string,
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

  it("of a running desk is respected in a folder that has two paths", async () => {
    const parent = mkdtempSync(join(tmpdir(), "qoc-lock-"));
    const [root, other] = [join(parent, "desk"), join(parent, "other")];
    mkdirSync(root);
    symlinkSync(root, other);
    await takeLock(disk, join(root, "lock"), { root, nonce: "n1", processes: world() });
    const second = { root: other, nonce: "n2", processes: world({ pid: 200 }, { 100: "t1", 200: "t2" }) };
    await expect(takeLock(disk, join(other, "lock"), second)).rejects.toMatchObject({
      code: "LOCKED",
      details: { pid: 100, path: root },
    });
    expect(await lockOwner(disk, join(root, "lock"))).toMatchObject({ nonce: "n1" });
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

  it("of a killed desk is taken over by one of two processes that have both found it", async () => {
    const at = path();
    await takeLock(disk, at, { root: "/desk", nonce: "killed", processes: world() });
    const alive = { 200: "t2", 300: "t3" };
    const first = { root: "/desk", nonce: "first", processes: world({ pid: 200 }, alive) };
    const second = { root: "/desk", nonce: "second", processes: world({ pid: 300 }, alive) };
    let creations = 0;
    // The second process has read the lock, and has not touched it yet.
    const overtaken = async <T>(change: () => Promise<T>): Promise<T> => {
      creations += 1;
      if (creations === 1) await takeLock(disk, at, first);
      return change();
    };
    const slow = diskWith(disk, {
      create: (file, data, mode) =>
        file === at ? disk.create(file, data, mode) : overtaken(() => disk.create(file, data, mode)),
      move: (from, to) => overtaken(() => disk.move(from, to)),
    });
    await expect(takeLock(slow, at, second)).rejects.toMatchObject({ code: "LOCKED", details: { pid: 200 } });
    expect(creations).toBeGreaterThan(0);
    expect(await lockOwner(disk, at)).toMatchObject({ nonce: "first" });
    expect(readdirSync(dirname(at))).toEqual(["lock"]);
  });

  it("is taken over though a process was killed while it took it over", async () => {
    const at = path();
    for (const file of [at, `${at}.taking`])
      await takeLock(disk, file, { root: "/desk", nonce: "killed", processes: world() });
    await takeLock(disk, at, { root: "/desk", nonce: "n2", processes: world({ pid: 200 }, { 200: "t2" }) });
    expect(await lockOwner(disk, at)).toMatchObject({ nonce: "n2" });
    expect(readdirSync(dirname(at))).toEqual(["lock"]);
  });

  it("a release does not remove a lock that another process has taken over", async () => {
    const at = path();
    const lock = await takeLock(disk, at, { root: "/desk", nonce: "n1", processes: world() });
    await takeLock(disk, at, { root: "/desk", nonce: "n2", processes: world({ pid: 200 }, { 200: "t2" }) });
    await lock.release();
    expect(await lockOwner(disk, at)).toMatchObject({ nonce: "n2" });
  });
});

describe("the process of a desk", () => {
  async function lockedDesk() {
    const root = mkdtempSync(join(tmpdir(), "qoc-lock-"));
    await disk.mkdir(join(root, ".qoc"));
    const paths = { runtime: join(root, "run"), lock: join(root, "run/lock") };
    await disk.mkdir(paths.runtime);
    return { root, paths, own: join(root, ".qoc/lock") };
  }
  const owner = (root: string, pid = 100) => ({ root, nonce: "n", processes: world({ pid }, { [pid]: "t1" }) });

  it("is found by the lock beside its sockets, and by the one in its folder if its sockets are elsewhere", async () => {
    const { root, paths, own } = await lockedDesk();
    const find = (processes = world()) => findDeskProcess({ disk, root }, paths, processes);
    expect(await find()).toBeUndefined();
    const inFolder = await takeLock(disk, own, owner(root));
    expect(await find()).toEqual({ pid: 100, otherFolder: paths.runtime });
    await takeLock(disk, paths.lock, owner(root));
    expect(await find()).toEqual({ pid: 100, otherFolder: undefined });
    await inFolder.release();
    expect(await find()).toEqual({ pid: 100, otherFolder: undefined });
  });

  it("is not found if it has ended, or if the lock was copied with the folder", async () => {
    const { root, paths, own } = await lockedDesk();
    await takeLock(disk, own, owner(root));
    expect(await findDeskProcess({ disk, root }, paths, world({}, {}))).toBeUndefined();
    await takeLock(disk, own, owner("/original"));
    expect(await findDeskProcess({ disk, root }, paths, world())).toBeUndefined();
  });
});
