/** The real disk: whole files or none, and a full disk that loses nothing. */
import { execFileSync } from "node:child_process";
import { closeSync, constants, linkSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync } from "node:fs";
import { readlinkSync, rmSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openJournal } from "../../src/bus/journal.ts";
import { scanJournal, segmentName } from "../../src/bus/journal-read.ts";
import { systemClock } from "../../src/app/system.ts";
import { knownError } from "../../src/domain/errors/known-error.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { openWorkspace } from "../../src/workspace/workspace.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { quietLog } from "../support/quiet-log.ts";

const disk = nodeDisk();
function folder(): string {
  return mkdtempSync(join(tmpdir(), "qoc-disk-"));
}

describe("files", () => {
  it("writeAtomic replaces the whole file and leaves no temporary file", async () => {
    const dir = folder();
    await disk.writeAtomic(`${dir}/a`, "one");
    await disk.writeAtomic(`${dir}/a`, "two");
    expect(readFileSync(`${dir}/a`, "utf8")).toBe("two");
    expect(readdirSync(dir)).toEqual(["a"]);
  });

  it("a file is created once, and a second create fails", async () => {
    const dir = folder();
    await disk.create(`${dir}/a`, "one");
    await expect(disk.create(`${dir}/a`, "two")).rejects.toMatchObject({ code: "EEXIST" });
    expect(readFileSync(`${dir}/a`, "utf8")).toBe("one");
    expect(readdirSync(dir)).toEqual(["a"]);
  });

  it("a file is read neither through a link nor beyond the size limit", async () => {
    const dir = folder();
    writeFileSync(`${dir}/a`, "12345");
    symlinkSync(`${dir}/a`, `${dir}/b`);
    await expect(disk.read(`${dir}/b`)).rejects.toMatchObject({ code: "ELOOP" });
    expect(await disk.readText(`${dir}/a`, 5)).toBe("12345");
    await expect(disk.read(`${dir}/a`, 4)).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
  });

  it.each([0, 1, 511, 512, 513, 5_000, 300_000])("a file of %i bytes is read whole", async (size) => {
    const dir = folder();
    writeFileSync(`${dir}/a`, "x".repeat(size));
    expect((await disk.read(`${dir}/a`)).length).toBe(size);
  });

  it("a file that states no size is read to its end, and not beyond the limit", async () => {
    const text = await disk.readText("/proc/self/status");
    expect(text).toMatch(/^Name:.*\n$/s);
    await expect(disk.read("/dev/zero", 10_000)).rejects.toMatchObject({ code: "FILE_TOO_LARGE" });
  });
});

describe("reads at once", () => {
  it("a small file is read with the facts of that very file", async () => {
    const dir = folder();
    writeFileSync(`${dir}/a`, "12345");
    const small = disk.readSmall(`${dir}/a`, 5);
    expect(small).toEqual({ bytes: Buffer.from("12345"), facts: await disk.facts(`${dir}/a`) });
    linkSync(`${dir}/a`, `${dir}/b`);
    expect(disk.readSmall(`${dir}/b`, 5)).toMatchObject({ facts: { kind: "file", links: 2 } });
  });

  it("an absent file is known from what the other methods must look at, and a FIFO is not waited for", () => {
    const dir = folder();
    writeFileSync(`${dir}/large`, "123456");
    symlinkSync(`${dir}/large`, `${dir}/link`);
    symlinkSync(`${dir}/none`, `${dir}/dangling`);
    mkdirSync(`${dir}/folder`);
    execFileSync("mkfifo", [`${dir}/pipe`]);
    for (const name of ["none", "large/below"]) expect(disk.readSmall(`${dir}/${name}`, 5), name).toBe("absent");
    for (const name of ["large", "link", "dangling", "folder", "pipe"])
      expect(disk.readSmall(`${dir}/${name}`, 5), name).toBeUndefined();
    for (const path of ["/proc/self/status", "/dev/zero"]) expect(disk.readSmall(path, 5), path).toBeUndefined();
  });

  it("a folder is listed up to its limit, and no further", async () => {
    const dir = folder();
    for (const name of ["a", "b", "c"]) writeFileSync(`${dir}/${name}`, "");
    symlinkSync(`${dir}/a`, `${dir}/link`);
    mkdirSync(`${dir}/folder`);
    const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
    expect(disk.listSmall(dir, 5)?.toSorted(byName)).toEqual((await disk.list(dir)).toSorted(byName));
    expect(disk.listSmall(dir, 4)).toBeUndefined();
    for (const name of ["none", "a"]) expect(disk.listSmall(`${dir}/${name}`, 5), name).toBeUndefined();
  });

  it("a folder that was small before is listed as it is now, and not above its limit", async () => {
    const dir = folder();
    writeFileSync(`${dir}/a`, "");
    expect(disk.listSmall(dir, 2)).toEqual([{ name: "a", kind: "file" }]);
    mkdirSync(`${dir}/b`);
    expect(disk.listSmall(dir, 2)?.toSorted((x, y) => (x.name < y.name ? -1 : 1))).toEqual([
      { name: "a", kind: "file" },
      { name: "b", kind: "directory" },
    ]);
    writeFileSync(`${dir}/c`, "");
    for (const _again of [1, 2]) expect(disk.listSmall(dir, 2)).toBeUndefined();
    rmSync(dir, { recursive: true });
    expect(disk.listSmall(dir, 2)).toBeUndefined();
  });
});

/** The flags of the open file at this path, as the kernel has them. */
function flagsOf(path: string): number {
  const fd = readdirSync("/proc/self/fd").find((each) => linkOf(`/proc/self/fd/${each}`) === path);
  const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
  return Number.parseInt(flags ?? "", 8);
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor of the list itself is closed by now.
    return undefined;
  }
}

describe("a pipe in the place of a file that is appended to", () => {
  it.each(["without a reader", "with a reader"])("is refused at once, %s", async (how) => {
    const path = `${folder()}/000001.ndjson`;
    execFileSync("mkfifo", [path]);
    const read = (): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const reader = how === "with a reader" ? read() : undefined;
    const outcome = disk.append(path, { isSynced: true }).catch((error: unknown) => error);
    const first = await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 3_000, "it waits"))]);
    // Ends an open that waits for a reader.
    closeSync(reader ?? read());
    expect(first).toMatchObject({
      code: "DISK_REFUSED",
      message: `${path} cannot be used: it is a pipe or a device, not a file`,
      hint: `mv ${path} ${path}.old; then type the command again`,
    });
  });
});

describe.runIf(process.platform === "linux")("a file whose writes are synced", () => {
  // ext4, XFS and Btrfs.
  const writesThrough = [0xef53, 0x58465342, 0x9123683e].includes(statfsSync(tmpdir()).type);

  it("is written through on file systems that are known to do so, and no other file is", async () => {
    const dir = folder();
    const opened = async (name: string, isSynced: boolean): Promise<number> => {
      const file = await disk.append(`${dir}/${name}`, { isSynced });
      await file.write("text");
      await file.sync();
      const flags = flagsOf(`${dir}/${name}`);
      await file.close();
      return flags & constants.O_DSYNC;
    };
    expect(await opened("plain", false)).toBe(0);
    for (const _again of ["new", "known"])
      expect(await opened("synced", true)).toBe(writesThrough ? constants.O_DSYNC : 0);
    expect(readFileSync(`${dir}/synced`, "utf8")).toBe("texttext");
  });

  it("is the journal", async () => {
    const dir = folder();
    const { journal } = await openJournal({ disk, dir, clock: fakeClock(), log: quietLog() });
    expect(flagsOf(`${dir}/${segmentName(1)}`) & constants.O_DSYNC).toBe(writesThrough ? constants.O_DSYNC : 0);
    await journal?.close();
  });
});

/** A file system of 256 KiB, where this machine lets us mount one. */
function mountSmall(): string | undefined {
  const dir = join(folder(), "small");
  mkdirSync(dir);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", dir], { stdio: "ignore" });
    return dir;
  } catch {
    return undefined;
  }
}

const small = mountSmall();
if (small === undefined) console.warn("skipped: a full disk needs the right to mount a small file system");

describe.skipIf(small === undefined)("a full disk", () => {
  const dir = small ?? "";
  beforeAll(() => mkdirSync(`${dir}/journal`));
  afterAll(() => void execFileSync("umount", ["-l", dir]));

  it("a full disk keeps the old file and every acknowledged record, and the journal fails permanently", async () => {
    await disk.writeAtomic(`${dir}/state`, "old");
    const { journal } = await openJournal({ disk, dir: `${dir}/journal`, clock: systemClock, log: quietLog() });
    let acknowledged = 0;
    let failure: unknown;
    for (let i = 0; i < 2_000 && failure === undefined; i++) {
      try {
        await journal?.append(
          { type: "command.refused", command: "x".repeat(500), actor: "human", reason: String(i), count: 1 },
          { durable: true },
        ).committed;
        acknowledged += 1;
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toMatchObject({ code: "JOURNAL_FAILED" });
    expect(() => journal?.append({ type: "desk.stopped" })).toThrow(/writing the journal failed/);
    await expect(disk.writeAtomic(`${dir}/state`, "n".repeat(300_000))).rejects.toMatchObject({
      ...{ code: "ENOSPC", path: `${dir}/state` },
    });
    expect(readFileSync(`${dir}/state`, "utf8")).toBe("old");
    const file = await disk.append(`${dir}/log`);
    await expect(file.write("n".repeat(300_000))).rejects.toMatchObject({ code: "ENOSPC", path: `${dir}/log` });
    await file.close();
    const { files } = openWorkspace({ disk, root: dir, clock: systemClock, secretFiles: () => [] });
    const note = { path: "research/note.md", text: "n".repeat(250_000) };
    const written = files.write(() => Promise.resolve(note));
    await expect(written.catch((error: unknown) => Promise.reject(knownError(error)))).rejects.toMatchObject({
      message: `${dir}/research/note.md cannot be used: the disk is full`,
      hint: `free some space on the disk of ${dir}/research; then type the command again`,
    });
    const scan = await scanJournal(disk, `${dir}/journal`);
    expect(scan.corrupt).toBeUndefined();
    expect(scan.events.length).toBeGreaterThanOrEqual(acknowledged);
    expect(acknowledged).toBeGreaterThan(50);
  });
});
