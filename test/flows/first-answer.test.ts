/** Connectors are starting before the desk's first answer, and load nothing until then. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { initDesk } from "../../src/app/init.ts";
import { type OpenDesk, openDesk } from "../../src/app/open-desk.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import type { Disk } from "../../src/domain/ports.ts";
import { Lifecycle } from "../../src/lib/lifecycle.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

let lifecycle: Lifecycle;
let open: OpenDesk;
/** The paths of connectors' files that the desk has looked at. */
let looked: string[];

beforeEach(async () => {
  looked = [];
  const real = nodeDisk();
  const disk: Disk = {
    ...real,
    facts: (path) => {
      if (path.includes("/connectors/")) looked.push(path);
      return real.facts(path);
    },
  };
  const folder = mkdtempSync(join(tmpdir(), "qoc-answer-"));
  const [root, home] = [join(folder, "desk"), join(folder, "home")];
  await initDesk({ disk, ids: systemIds, home, cwd: folder, path: root, packageRoot: PACKAGE_ROOT });
  const env = { PATH: process.env["PATH"], XDG_RUNTIME_DIR: join(home, "run") };
  lifecycle = new Lifecycle();
  const options = { root, packageRoot: PACKAGE_ROOT, version: "0.0.0", disk, ids: systemIds, env, home };
  open = await openDesk({ ...options, clock: systemClock }, lifecycle);
  looked = [];
});
afterEach(() => lifecycle.close());

function states(): readonly string[] {
  return open.fleet.venues.status().map(({ state }) => state);
}

/** Long enough for what a start does at once. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("a start of connectors", () => {
  it("waits for the first answer, and they are starting meanwhile", async () => {
    let answered = (): void => undefined;
    const starting = open.fleet.start(new Promise<void>((resolve) => (answered = resolve)));
    await turns();
    expect([states(), looked]).toEqual([["starting"], []]);
    answered();
    await starting;
    expect(states()).toEqual(["ready"]);
    expect(looked).not.toEqual([]);
  });

  it("that waits for the first answer does not keep the desk from stopping", async () => {
    const starting = open.fleet.start(new Promise(() => undefined));
    await turns();
    await open.fleet.stop();
    await starting;
    expect([states(), looked]).toEqual([["stopped"], []]);
  });
});
