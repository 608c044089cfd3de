/** An editor knows a connector's types in a fresh workspace, with nothing installed. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { initDesk, refreshAuthorTypes } from "../../src/app/init.ts";
import { newConnector } from "../../src/app/new-connector.ts";
import { systemIds } from "../../src/app/system.ts";
import { packageJson } from "../../src/workspace/editor-types.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const disk = nodeDisk();
const SKELETON = readFileSync(`${packageRoot}/test/fixtures/adapters/my-venue/index.ts`, "utf8");

let root = "";
beforeEach(async () => {
  const base = mkdtempSync(join(tmpdir(), "qoc-types-"));
  root = join(base, "desk");
  await init();
});
afterEach(() => rmSync(dirname(root), { recursive: true, force: true }));
function init() {
  return initDesk({ disk, ids: systemIds, home: join(root, "../home"), cwd: dirname(root), path: root, packageRoot });
}
async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
/** `tsc --noEmit` in the workspace: what it says, and its exit code. */
function compile(): { status: number | null; out: string } {
  const tsc = `${packageRoot}/node_modules/typescript/bin/tsc`;
  const { status, stdout } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", root], { encoding: "utf8" });
  return { status, out: stdout };
}

describe("a fresh workspace", () => {
  it("a fresh workspace compiles the documented skeleton and a connector made by connectors new", async () => {
    await put("src/connectors/my-venue/index.ts", SKELETON);
    await newConnector({ disk, root, packageRoot, name: "other" });
    expect(compile()).toEqual({ status: 0, out: "" });
    expect(JSON.parse(readFileSync(join(root, "package.json"), "utf8"))).toMatchObject({
      type: "module",
      private: true,
    });
  });

  it("a fresh workspace compiles code that fits the SDK's types and refuses code that does not", async () => {
    await put("src/sdk.types.ts", readFileSync(`${packageRoot}/test/types/sdk.types.ts`, "utf8"));
    expect(compile()).toEqual({ status: 0, out: "" });
  });

  it.each([
    [
      "a missing method",
      SKELETON.replace("async cancelOrder", "async cancelAll"),
      "export class MyVenueConnector",
      "TS2420",
    ],
    ["a wrong answer", SKELETON.replace('status: "acknowledged" };', 'status: "done" };'), 'status: "done"', "TS2322"],
    ["a name without a type", `${SKELETON}\nexport const of = (venue) => venue;\n`, "export const of", "TS7006"],
  ])("the compiler reports the line of %s", async (_name, source, wrong, code) => {
    await put("src/connectors/my-venue/index.ts", source);
    const { status, out } = compile();
    const line = source.split("\n").findIndex((text) => text.includes(wrong)) + 1;
    expect(out).toMatch(new RegExp(`^\\S*src/connectors/my-venue/index\\.ts\\(${line},\\d+\\): error ${code}: `));
    expect(out.match(/error TS/g)).toHaveLength(1);
    expect(status).not.toBe(0);
  });

  it("a folder with a package of its own is refused, and its files are not changed", async () => {
    rmSync(root, { recursive: true });
    mkdirSync(root);
    writeFileSync(join(root, "package.json"), '{ "name": "mine" }');
    await expect(init()).rejects.toMatchObject({ code: "FOLDER_NOT_EMPTY" });
    expect(readdirSync(root)).toEqual(["package.json"]);
    expect(readFileSync(join(root, "package.json"), "utf8")).toBe('{ "name": "mine" }');
  });

  it.each([
    ["My Desk", "my-desk"],
    ["_desk.2", "desk.2"],
    ["стол", "desk"],
  ])("a workspace with the name %j has a package with the name %j", (name, named) => {
    expect(JSON.parse(packageJson(name))).toEqual({ name: named, private: true, type: "module" });
  });

  it("declarations of this version are not written again", async () => {
    const types = join(root, ".qoc/types/qoc-sdk.d.ts");
    const before = statSync(types);
    await refreshAuthorTypes(disk, root, packageRoot);
    expect(statSync(types).ino).toBe(before.ino);
  });

  it("missing or outdated declarations are written again, and no other file is changed", async () => {
    const types = join(root, ".qoc/types/qoc-sdk.d.ts");
    const text = readFileSync(types, "utf8");
    writeFileSync(join(root, "tsconfig.json"), "{}");
    rmSync(types);
    await refreshAuthorTypes(disk, root, packageRoot);
    expect(readFileSync(types, "utf8")).toBe(text);
    writeFileSync(types, "old");
    await refreshAuthorTypes(disk, root, packageRoot);
    expect(readFileSync(types, "utf8")).toBe(text);
    expect(readFileSync(join(root, "tsconfig.json"), "utf8")).toBe("{}");
  });
});
