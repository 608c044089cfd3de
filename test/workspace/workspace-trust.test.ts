import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { command } from "../../src/commands/trust.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { keyPath, readDeskId } from "../../src/workspace/layout.ts";
import { type WorkspaceUser, findWorkspace, trustWorkspace } from "../../src/workspace/workspace-trust.ts";

const OWNER = process.getuid?.() ?? 0;
const THIRD = 61234;
const disk = nodeDisk();

let base: string;
let desk: string;
let below: string;
/** Owner of nothing here. Root's files would be accepted, so the owner must not be root. */
let user: WorkspaceUser;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "qoc-trust-"));
  desk = join(base, "desk");
  below = join(desk, "my/own/folder");
  mkdirSync(below, { recursive: true });
  writeFileSync(join(desk, "desk.toml"), "");
  user = { uid: 61235, home: join(base, "home") };
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function give(path: string, owner: number): void {
  if (OWNER === 0) chownSync(path, owner, owner);
}

function giveDesk(): void {
  give(desk, THIRD);
  give(join(desk, "desk.toml"), THIRD);
}

describe("a workspace", () => {
  it("of this user is found from a folder below it", async () => {
    expect(await findWorkspace(disk, below, { ...user, uid: OWNER })).toBe(desk);
  });

  it("of a parent is not taken for a folder that does not exist", async () => {
    const missing = join(below, "other-desk");
    await expect(findWorkspace(disk, missing, { ...user, uid: OWNER })).rejects.toMatchObject({
      code: "FOLDER_MISSING",
      message: `there is no folder ${missing}`,
      hint: `qoc init ${missing}, if it is to become a desk`,
    });
    await expect(trustWorkspace(disk, missing, user)).rejects.toMatchObject({ code: "FOLDER_MISSING" });
  });

  it("of another user is refused, from a folder below it too", async () => {
    giveDesk();
    await expect(findWorkspace(disk, below, user)).rejects.toMatchObject({
      code: "WORKSPACE_NOT_OURS",
      hint: `read its desk.toml, then: qoc trust ${desk}`,
    });
  });

  it.runIf(OWNER === 0)("of root is accepted", async () => {
    expect(await findWorkspace(disk, below, user)).toBe(desk);
  });

  it.runIf(OWNER === 0).each(["desk.toml", "."])("is refused if only %s belongs to another user", async (part) => {
    give(join(desk, part), THIRD);
    await expect(findWorkspace(disk, below, user)).rejects.toMatchObject({ code: "WORKSPACE_NOT_OURS" });
  });

  it.runIf(OWNER === 0).each([".qoc", ".qoc/desk-id"])(
    "is refused if another user made %s in a folder of all users, in which no desk.toml is",
    async (part) => {
      rmSync(join(desk, "desk.toml"));
      mkdirSync(join(desk, ".qoc"));
      writeFileSync(join(desk, ".qoc/desk-id"), `${"0".repeat(32)}\n`);
      expect(await findWorkspace(disk, below, user)).toBe(desk);
      give(join(desk, part), THIRD);
      await expect(findWorkspace(disk, below, user)).rejects.toMatchObject({ code: "WORKSPACE_NOT_OURS" });
    },
  );

  it("of another user is found after the user trusted it, and the list is outside the workspace, mode 0600", async () => {
    giveDesk();
    expect(await trustWorkspace(disk, below, user)).toEqual({ path: desk, owners: [OWNER === 0 ? THIRD : OWNER] });
    expect(await findWorkspace(disk, below, user)).toBe(desk);
    const list = join(base, "home/.qoc/trusted");
    expect(statSync(list).mode & 0o777).toBe(0o600);
    await trustWorkspace(disk, desk, user);
    expect(readFileSync(list, "utf8").trim().split("\n")).toHaveLength(1);
  });

  it.runIf(OWNER === 0)(
    "is refused again if a third user put a desk.toml into the folder that was trusted",
    async () => {
      giveDesk();
      await trustWorkspace(disk, below, user);
      give(join(desk, "desk.toml"), 61236);
      await expect(findWorkspace(disk, below, user)).rejects.toMatchObject({ code: "WORKSPACE_NOT_OURS" });
      const trusted = await trustWorkspace(disk, below, user);
      expect(trusted.owners).toEqual([THIRD, 61236]);
      expect(await findWorkspace(disk, below, user)).toBe(desk);
      const [line = ""] = command.render(trusted, { isTty: false, columns: 80, paint: (_shade, text) => text });
      expect(line).toContain(`uid ${THIRD} and 61236`);
    },
  );

  it("is refused again if its owner changed after the user trusted it", async () => {
    giveDesk();
    await trustWorkspace(disk, desk, user);
    const list = join(base, "home/.qoc/trusted");
    writeFileSync(list, readFileSync(list, "utf8").replace(/"owner":\d+/, '"owner":61236'));
    await expect(findWorkspace(disk, desk, user)).rejects.toMatchObject({ code: "WORKSPACE_NOT_OURS" });
  });

  it("is refused if the list has no readable line for it", async () => {
    giveDesk();
    mkdirSync(join(base, "home/.qoc"), { recursive: true });
    writeFileSync(join(base, "home/.qoc/trusted"), `${desk}\nnull\n{"path":7}\n`);
    await expect(findWorkspace(disk, desk, user)).rejects.toMatchObject({ code: "WORKSPACE_NOT_OURS" });
  });

  it("of this user is not added to the list", async () => {
    await trustWorkspace(disk, desk, { ...user, uid: OWNER });
    expect(await disk.facts(join(base, "home/.qoc/trusted"))).toBeUndefined();
  });
});

describe("the folder of the desk's files in the home folder", () => {
  it("is refused if other users can write to it, with the command that repairs it", async () => {
    const path = join(base, "home/.qoc");
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o777);
    await expect(findWorkspace(disk, below, { ...user, uid: OWNER })).rejects.toMatchObject({
      code: "HOME_FOLDER_UNSAFE",
      message: `${path}: other users can write to it, and its files name programs that would run as you`,
      hint: `type: chmod go-w ${path}`,
    });
  });

  it.runIf(OWNER === 0).each(["folder", "link"])("is refused if another user made it: a %s", async (kind) => {
    const path = join(base, "home/.qoc");
    mkdirSync(join(base, "home"));
    if (kind === "folder") mkdirSync(path);
    else {
      mkdirSync(join(base, "theirs"));
      symlinkSync(join(base, "theirs"), path);
      give(join(base, "theirs"), THIRD);
    }
    if (kind === "folder") give(path, THIRD);
    await expect(findWorkspace(disk, below, user)).rejects.toMatchObject({
      code: "HOME_FOLDER_UNSAFE",
      message: `${path}: it belongs to user ${THIRD}, and its files name programs that would run as you`,
    });
  });
});

describe("the id of a desk", () => {
  it.each(["../../../shared/key", "", "A".repeat(32), `${"a".repeat(32)}/x`, "a".repeat(31)])(
    "%j is refused when it is read from the workspace",
    async (id) => {
      mkdirSync(join(desk, ".qoc"));
      writeFileSync(join(desk, ".qoc/desk-id"), `${id}\n`);
      await expect(readDeskId(disk, desk)).rejects.toMatchObject({ code: "DESK_ID_INVALID" });
    },
  );

  it("of 32 hexadecimal digits names a key", async () => {
    mkdirSync(join(desk, ".qoc"));
    writeFileSync(join(desk, ".qoc/desk-id"), `${"0a".repeat(16)}\n`);
    expect(keyPath("/home/me", await readDeskId(disk, desk))).toBe(`/home/me/.qoc/keys/${"0a".repeat(16)}`);
  });

  it("from a journal that climbs out of the folder of keys is refused", () => {
    expect(() => keyPath("/home/me", "../../other/key")).toThrow("a desk's id has 32 characters");
  });
});
