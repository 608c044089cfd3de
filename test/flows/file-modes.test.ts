/** The modes of everything that a desk writes, while the umask lets others read and write. */
import { chmodSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TempDesk, discard, tempDesk } from "../support/temp-desk.ts";

let desk: TempDesk;
let umask: number;

beforeAll(async () => {
  umask = process.umask(0);
  desk = await tempDesk();
});
afterAll(async () => {
  process.umask(umask);
  await discard(desk);
});

function pathsIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...pathsIn(path)] : [path];
  });
}

function openToOthers(folder: string): string[] {
  return [folder, ...pathsIn(folder)].filter((path) => (lstatSync(path).mode & 0o077) !== 0);
}

describe("under umask 000", () => {
  it("every file and folder of a desk that traded and wrote notes is the user's alone", async () => {
    const { id, digest } = await desk.call<{ id: string; digest: string }>("orders propose", {
      connector: "paper",
      symbol: "SPX",
      side: "buy",
      quantity: "1",
      type: "market",
      rationale: "test",
    });
    await desk.call("approve", { id, digest });
    await desk.reaches(id, "filled");
    await desk.call("inbox write", { title: "note", text: "text" });
    await desk.call("research write", { name: "note", text: "text" });
    await desk.call("issues new", { title: "look" });
    await desk.call("files write", { path: "research/deep/folder/x.md", text: "text" });
    await desk.call("snapshot");
    await desk.settled();
    expect((await desk.call<{ checks: { name: string; status: string }[] }>("doctor")).checks).toContainEqual(
      expect.objectContaining({ name: "files", status: "ok" }),
    );
    await desk.stop();
    expect(pathsIn(desk.root).some((path) => path.includes("/history.git/objects/"))).toBe(true);
    expect(openToOthers(desk.root)).toEqual([]);
    const outside = openToOthers(dirname(desk.home)).filter((path) => !path.endsWith(".pub"));
    expect(outside).toEqual([]);
  });
});

describe("doctor", () => {
  it("warns of a secret file and of a desk that other users can read, with the command that repairs it", async () => {
    const secret = join(desk.home, "venue key");
    writeFileSync(secret, "key-123456");
    chmodSync(secret, 0o644);
    chmodSync(desk.root, 0o755);
    const again = await tempDesk({
      again: desk,
      config: (toml) =>
        `${toml}\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./v.ts"\n[connector.auth]\nkey = { file = ${JSON.stringify(secret)} }\n`,
    });
    const { checks } = await again.call<{ checks: { name: string; status: string; fix?: string }[] }>("doctor");
    const fixes = checks.filter(({ name }) => name === "files" || name === "secrets").map(({ fix }) => fix);
    expect(fixes).toEqual([`chmod -R go= ${desk.root}`, `chmod 600 '${secret}'`]);
    await again.stop();
  });
});
