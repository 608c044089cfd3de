/** An editor knows a connector's types in a fresh workspace, with nothing installed. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { initDesk, refreshAuthorTypes } from "../../src/main/init.ts";
import { newConnector } from "../../src/main/new-connector.ts";
import { systemIds } from "../../src/main/world.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const packageRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const disk = nodeDisk();
const SKELETON = readFileSync(`${packageRoot}/test/fixtures/adapters/my-venue/index.ts`, "utf8");

let root = "";
beforeEach(async () => {
  const base = mkdtempSync(join(tmpdir(), "qoc-types-"));
  root = join(base, "desk");
  await initDesk({ disk, ids: systemIds, home: join(base, "home"), cwd: base, path: root, packageRoot });
});
const put = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
/** `tsc --noEmit` in the workspace: what it says, and its exit code. */
const compile = (): { status: number | null; out: string } => {
  const { status, stdout } = spawnSync(process.execPath, [`${packageRoot}/node_modules/typescript/bin/tsc`, "--noEmit", "-p", root], { encoding: "utf8" });
  return { status, out: stdout };
};

describe("a fresh workspace", () => {
  it("compiles the documented skeleton, verbatim, and a connector that was made", async () => {
    await put("src/connectors/my-venue/index.ts", SKELETON);
    await newConnector({ disk, root, packageRoot, name: "other" });
    expect(compile()).toEqual({ status: 0, out: "" });
    expect(JSON.parse(readFileSync(join(root, "package.json"), "utf8"))).toMatchObject({ type: "module", private: true });
  });

  it("compiles what the SDK's types take, and refuses the rest", async () => {
    await put("src/sdk.types.ts", readFileSync(`${packageRoot}/test/types/sdk.types.ts`, "utf8"));
    expect(compile()).toEqual({ status: 0, out: "" });
  });

  it.each([
    ["a missing method", SKELETON.replace("async cancelOrder", "async cancelAll"), /index\.ts\(\d+,\d+\): error TS2420/],
    ["a wrong answer", SKELETON.replace('status: "acknowledged" };', 'status: "done" };'), /index\.ts\(\d+,\d+\): error TS2322/],
  ])("names the line of %s", async (_name, source, words) => {
    await put("src/connectors/my-venue/index.ts", source);
    const { status, out } = compile();
    expect(out).toMatch(words);
    expect(status).not.toBe(0);
  });

  it("gets the declarations again where they are gone or of another version, and nothing else is touched", async () => {
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
