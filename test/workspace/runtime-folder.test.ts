import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QocError } from "../../src/domain/errors/error.ts";
import { type RuntimeUser, checkSockets, makeRuntimeFolder, runtimePaths } from "../../src/workspace/runtime-folder.ts";

const uid = process.getuid?.() ?? 0;
const OTHER_UID = 61234;
/** Only root can give a folder to another user. */
const isRoot = uid === 0;

let base: string;
let home: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "qoc-rt-"));
  home = join(base, "home");
  mkdirSync(home, { mode: 0o755 });
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function user(runtimeDir?: string): RuntimeUser {
  return { env: { XDG_RUNTIME_DIR: runtimeDir }, home, uid };
}

function folder(path: string, mode: number, owner = uid): string {
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  if (owner !== uid) chownSync(path, owner, owner);
  return path;
}

function failure(action: () => void): QocError {
  try {
    action();
  } catch (error) {
    if (error instanceof QocError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

function modeOf(path: string): number {
  return lstatSync(path).mode & 0o777;
}

describe("the place of the runtime folder", () => {
  it("is XDG_RUNTIME_DIR if that folder belongs to the user", () => {
    const mine = folder(join(base, "run"), 0o700);
    expect(runtimePaths("/desk", user(mine)).runtime).toMatch(new RegExp(`^${mine}/qoc/[0-9a-f]{16}$`));
  });

  it("is the home folder without XDG_RUNTIME_DIR, and never /tmp/qoc-UID", () => {
    expect(dirname(runtimePaths("/desk", user()).runtime)).toBe(join(home, ".qoc/run"));
  });

  it.each([
    ["is writable by others", () => folder(join(base, "open"), 0o777)],
    ["is a link", () => (symlinkSync(folder(join(base, "real"), 0o700), join(base, "link")), join(base, "link"))],
    ["is a file", () => (writeFileSync(join(base, "file"), ""), join(base, "file"))],
    ["is not absolute", () => "run"],
    ["is too long for a socket", () => folder(join(base, "x".repeat(80)), 0o700)],
    ["does not exist and others could make it", () => join(folder(join(base, "open"), 0o1777), "run")],
  ])("is the home folder if XDG_RUNTIME_DIR %s", (_, make) => {
    expect(dirname(runtimePaths("/desk", user(make())).runtime)).toBe(join(home, ".qoc/run"));
  });

  it.runIf(isRoot)("is the home folder if XDG_RUNTIME_DIR belongs to another user", () => {
    const others = folder(join(base, "run"), 0o700, OTHER_UID);
    expect(dirname(runtimePaths("/desk", user(others)).runtime)).toBe(join(home, ".qoc/run"));
  });

  it("is the same before and after the folder was made", () => {
    const before = runtimePaths("/desk", user(join(base, "new")));
    makeRuntimeFolder(before, user(join(base, "new")));
    expect(runtimePaths("/desk", user(join(base, "new")))).toEqual(before);
    expect(before.runtime).toContain(join(base, "new/qoc/"));
  });
});

describe("making the runtime folder", () => {
  it("makes each new folder 0700, also under umask 000", () => {
    const paths = runtimePaths("/desk", user());
    const umask = process.umask(0);
    try {
      makeRuntimeFolder(paths, user());
    } finally {
      process.umask(umask);
    }
    expect([paths.runtime, dirname(paths.runtime), join(home, ".qoc")].map(modeOf)).toEqual([0o700, 0o700, 0o700]);
  });

  it("makes its own folder 0700 again", () => {
    const paths = runtimePaths("/desk", user());
    makeRuntimeFolder(paths, user());
    chmodSync(paths.runtime, 0o755);
    makeRuntimeFolder(paths, user());
    expect(modeOf(paths.runtime)).toBe(0o700);
  });

  it("refuses a part that others can write to, and the command in its hint repairs it", () => {
    const open = folder(join(home, ".qoc"), 0o777);
    const paths = runtimePaths("/desk", user());
    const refused = failure(() => makeRuntimeFolder(paths, user()));
    expect(refused).toMatchObject({ code: "RUNTIME_FOLDER_UNSAFE", hint: `type: chmod go-w ${open}` });
    execFileSync("sh", ["-c", refused.hint.replace("type: ", "")]);
    makeRuntimeFolder(paths, user());
  });

  it("refuses a home folder that others can write to", () => {
    chmodSync(home, 0o777);
    const refused = failure(() => makeRuntimeFolder(runtimePaths("/desk", user()), user()));
    expect(refused.message).toBe(`${home}: other users can write to it, so the desk's socket is not safe there`);
  });

  it("refuses a link in place of a part, and the command in its hint repairs it", () => {
    folder(join(home, ".qoc"), 0o700);
    symlinkSync(folder(join(base, "elsewhere"), 0o700), join(home, ".qoc/run"));
    const paths = runtimePaths("/desk", user());
    const refused = failure(() => makeRuntimeFolder(paths, user()));
    expect(refused.message).toContain("it is not a real folder");
    execFileSync("sh", ["-c", refused.hint.replace("type: ", "")]);
    makeRuntimeFolder(paths, user());
  });

  it.runIf(isRoot)("refuses the folder that another user made first", () => {
    folder(join(home, ".qoc"), 0o700);
    folder(join(home, ".qoc/run"), 0o777, OTHER_UID);
    const refused = failure(() => makeRuntimeFolder(runtimePaths("/desk", user()), user()));
    expect(refused.message).toContain(`it belongs to user ${OTHER_UID}`);
    expect(refused.hint).toBe('type: export XDG_RUNTIME_DIR="$(mktemp -d)"');
  });

  it.runIf(isRoot)("refuses a parent that belongs to another user", () => {
    chownSync(base, OTHER_UID, OTHER_UID);
    const refused = failure(() => makeRuntimeFolder(runtimePaths("/desk", user()), user()));
    expect(refused.message).toContain(`${base}: it belongs to user ${OTHER_UID}`);
  });

  it("refuses a path that is too long for a socket, and the command in its hint gives a shorter path", () => {
    home = folder(join(base, "h".repeat(90)), 0o755);
    const refused = failure(() => makeRuntimeFolder(runtimePaths("/desk", user()), user()));
    expect(refused.message).toContain("limited to 103 bytes");
    const shorter = execFileSync("sh", ["-c", `${refused.hint.replace("type: ", "")}; echo "$XDG_RUNTIME_DIR"`]);
    const other = user(String(shorter).trim());
    makeRuntimeFolder(runtimePaths("/desk", other), other);
    rmSync(String(shorter).trim(), { recursive: true });
  });
});

describe("a client", () => {
  it("takes a missing socket as a desk that is down", () => {
    expect(() => checkSockets(runtimePaths("/desk", user()), user())).not.toThrow();
  });

  it("refuses a socket in a folder that others can write to", () => {
    const paths = runtimePaths("/desk", user());
    makeRuntimeFolder(paths, user());
    writeFileSync(paths.socket, "");
    checkSockets(paths, user());
    chmodSync(paths.runtime, 0o777);
    expect(failure(() => checkSockets(paths, user())).code).toBe("RUNTIME_FOLDER_UNSAFE");
  });

  it.runIf(isRoot)("refuses a socket of another user, and the command in its hint removes it", () => {
    const paths = runtimePaths("/desk", user());
    makeRuntimeFolder(paths, user());
    writeFileSync(paths.socket, "");
    chownSync(paths.socket, OTHER_UID, OTHER_UID);
    const refused = failure(() => checkSockets(paths, user()));
    expect(refused.message).toBe(
      `${paths.socket}: it belongs to user ${OTHER_UID}, so the desk's socket is not safe there`,
    );
    execFileSync("sh", ["-c", refused.hint.replace("type: ", "")]);
    checkSockets(paths, user());
  });
});
