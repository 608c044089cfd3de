/** Key files that others could read or replace are not read; the hint repairs them. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { QocError } from "../../../src/domain/errors/error.ts";
import type { Disk } from "../../../src/domain/ports.ts";
import { checkKeyFiles } from "../../../src/trading/keys/key-files.ts";
import { createKeys } from "../../../src/trading/keys/operator-keys.ts";
import { nodeDisk } from "../../../src/workspace/disk.ts";
import { keyPath } from "../../../src/workspace/layout.ts";

const DESK = "a".repeat(32);
const UID = process.getuid?.() ?? 0;
let home: string;
let path: string;
let disk: Disk;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "qoc-keys-"));
  path = keyPath(home, DESK);
  disk = nodeDisk();
  await disk.mkdir(join(home, ".qoc/keys"));
  await createKeys(disk, path, DESK);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function problem(): Promise<QocError | undefined> {
  return checkKeyFiles(disk, path, UID).then(
    () => undefined,
    (error: unknown) => error as QocError,
  );
}

describe("the key files of a desk", () => {
  it("pass as they are made, and if no file exists", async () => {
    expect(await problem()).toBeUndefined();
    rmSync(join(home, ".qoc"), { recursive: true });
    expect(await problem()).toBeUndefined();
  });

  it.each<[string, number]>([
    ["", 0o640],
    ["", 0o604],
    ["", 0o620],
    [".host", 0o644],
    [".live", 0o660],
    [".pub", 0o666],
    [".certificates.json", 0o664],
    ["/..", 0o770],
    ["/../..", 0o707],
  ])("with %j of mode %o are refused, and the hint repairs it", async (suffix, mode) => {
    const target = join(path, suffix.startsWith("/") ? suffix : `../${DESK}${suffix}`);
    if (suffix === ".live") await disk.create(target, "locked", 0o600);
    chmodSync(target, mode);
    const refused = await problem();
    expect(refused?.code).toBe("KEY_FILE_UNSAFE");
    expect(refused?.message).toContain(target);
    execFileSync("/bin/sh", ["-c", String(refused?.hint).slice("type: ".length)]);
    expect(await problem()).toBeUndefined();
  });

  it("are refused if a file is a link, or of another user", async () => {
    renameSync(path, `${path}.real`);
    symlinkSync(`${path}.real`, path);
    expect(await problem()).toMatchObject({ code: "KEY_FILE_UNSAFE", message: expect.stringContaining("not a real") });
    const others: Disk = {
      ...disk,
      facts: async (at) => {
        const facts = await disk.facts(at);
        return facts === undefined || !at.endsWith(".pub") ? facts : { ...facts, uid: UID + 1 };
      },
    };
    rmSync(path);
    renameSync(`${path}.real`, path);
    await expect(checkKeyFiles(others, path, UID)).rejects.toMatchObject({
      code: "KEY_FILE_UNSAFE",
      message: expect.stringContaining(`it belongs to user ${UID + 1}`),
    });
  });
});
