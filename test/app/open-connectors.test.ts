/** The code that is kept of connectors' files. */
import { mkdtempSync } from "node:fs";
import { copyFile, mkdir, readFile, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleOf } from "../../src/app/open-connectors.ts";
import { digestOf } from "../../src/domain/digest.ts";
import { readConfig } from "../../src/workspace/config.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const PLANTED = "\n// planted";
const DESK = `format = 1\n[[connector]]\nname = "v"\ntype = "custom"\nadapter = "./venue.ts"\n`;

/** A file of the cache with other code, which agrees with all that its first line states. */
async function plant(from: string, to: string): Promise<void> {
  const bytes = await readFile(from);
  const end = bytes.indexOf(10);
  const header = JSON.parse(bytes.toString("utf8", 0, end)) as { code: { bytes: number; digest: string } };
  const code = bytes.toString("utf8", end + 1, end + 1 + header.code.bytes) + PLANTED;
  const map = bytes.subarray(end + 1 + header.code.bytes);
  header.code = { bytes: Buffer.byteLength(code), digest: digestOf(code) };
  await writeFile(to, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n${code}`), map]));
}

describe("the code of a connector", () => {
  it("is kept beside the keys: code that lies in the desk's folder does not run", async () => {
    const parent = await realpath(mkdtempSync(join(tmpdir(), "qoc-kept-")));
    const [root, home] = [join(parent, "desk"), join(parent, "home")];
    // Earlier versions kept the code here.
    const earlier = join(root, ".qoc/bundles");
    await mkdir(earlier, { recursive: true });
    await writeFile(join(root, "desk.toml"), DESK);
    await writeFile(join(root, "venue.ts"), "export default class {}");
    const [connector] = readConfig(DESK, join(root, "desk.toml")).connectors;
    if (connector === undefined) throw new Error("no connector");
    const deps = { root, home, packageRoot: parent, disk: nodeDisk() };
    const fresh = await bundleOf(deps, connector);
    const kept = join(home, ".qoc/bundles");
    const [name = ""] = await readdir(kept);
    expect(await readdir(earlier)).toEqual([]);

    await plant(join(kept, name), join(earlier, name));
    await rm(join(kept, name));
    expect(await bundleOf(deps, connector)).toEqual(fresh);
    // The planted file agrees with all that it states.
    await copyFile(join(earlier, name), join(kept, name));
    expect((await bundleOf(deps, connector)).code).toContain(PLANTED);
  });
});
