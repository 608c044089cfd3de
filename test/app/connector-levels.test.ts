/** The level of each connector, with and without a live connector. */
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConnectorLevels } from "../../src/app/connector-levels.ts";
import type { ConnectorConfig } from "../../src/workspace/config.ts";
import { PLAIN } from "../support/process-sandbox.ts";

const root = mkdtempSync(join(tmpdir(), "qoc-levels-"));
const builtInFolder = join(root, "connectors");
for (const type of ["paper", "ccxt", "ibkr"]) {
  mkdirSync(join(builtInFolder, type), { recursive: true });
  writeFileSync(join(builtInFolder, type, "index.ts"), "");
}
writeFileSync(join(root, "mine.ts"), "");
symlinkSync(join(root, "mine.ts"), join(builtInFolder, "paper/link.ts"));
mkdirSync(join(root, "connectors-evil"));
writeFileSync(join(root, "connectors-evil/index.ts"), "");

type Partly = Pick<ConnectorConfig, "adapter" | "mode"> & { readonly isolation?: ConnectorConfig["isolation"] };
function config(name: string, { isolation = "worker", ...rest }: Partly = {}): ConnectorConfig {
  return { name, isolation, ...rest } as unknown as ConnectorConfig;
}
const LIVE = config("venue", { adapter: join(root, "mine.ts"), mode: "live" });
const PAPER = config("paper");
const FEED = config("feed", { adapter: join(root, "mine.ts") });

function levelsOf(configs: readonly ConnectorConfig[], wasLive: readonly string[] = []): ConnectorLevels {
  return new ConnectorLevels({
    configs,
    adapterPath: ({ adapter }) => adapter ?? join(builtInFolder, "paper/index.ts"),
    builtInFolder,
    wasLive: ({ name }) => wasLive.includes(name),
  });
}

describe("without a live connector", () => {
  it.each([
    [FEED, "worker"],
    [config("unstated", { adapter: join(root, "mine.ts"), mode: "unstated" }), "worker"],
    [config("own", { adapter: join(root, "mine.ts"), isolation: "process" }), "process"],
  ])("%j runs at the level of desk.toml", (connector, level) => {
    expect(levelsOf([connector, PAPER]).levelOf(connector)).toEqual({ level });
  });
});

describe("with a live connector", () => {
  it.each([
    ["a custom adapter", FEED, "process"],
    ["the live connector itself", LIVE, "process"],
    ["a connector that states no mode", config("u", { adapter: join(root, "mine.ts"), mode: "unstated" }), "process"],
    ["a built-in adapter", PAPER, "worker"],
    [
      "a built-in adapter, named by its path",
      config("p", { adapter: join(builtInFolder, "paper/index.ts") }),
      "worker",
    ],
    [
      "a built-in adapter that runs ccxt, which the user installs",
      config("c", { adapter: join(builtInFolder, "ccxt/index.ts") }),
      "process",
    ],
    [
      "a built-in adapter that runs @stoqey/ib, which the user installs",
      config("i", { adapter: join(builtInFolder, "ibkr/index.ts") }),
      "process",
    ],
    ["a link in the built-in folder", config("l", { adapter: join(builtInFolder, "paper/link.ts") }), "process"],
    ["a folder with a similar name", config("e", { adapter: join(root, "connectors-evil/index.ts") }), "process"],
    ["a file that does not exist", config("m", { adapter: join(builtInFolder, "paper/missing.ts") }), "process"],
  ])("%s", (_what, connector, level) => {
    expect(levelsOf([LIVE, connector]).levelOf(connector).level).toBe(level);
  });

  it("is known by desk.toml, by the journal, or by what its adapter reports", () => {
    expect(levelsOf([FEED, LIVE]).live).toBe("venue");
    expect(levelsOf([FEED]).live).toBeUndefined();
    expect(levelsOf([FEED], ["feed"]).live).toBe("feed");
    const levels = levelsOf([FEED, PAPER], ["feed"]);
    levels.report(FEED, { mode: "paper" });
    expect(levels.live).toBeUndefined();
    levels.report(PAPER, { mode: "live" });
    expect(levels.live).toBe("paper");
    // An adapter cannot take the rest of the desk back into its process.
    levels.report(PAPER, { mode: "paper" });
    expect(levels.live).toBe("paper");
  });

  it("waits until each connector was placed, and names a connector that is in the desk or could not be moved", async () => {
    const levels = levelsOf([FEED, LIVE, PAPER]);
    let answered = false;
    const obstacle = levels.obstacle().finally(() => (answered = true));
    levels.place(LIVE, { sandbox: PLAIN, failure: undefined });
    levels.place(PAPER, { sandbox: undefined, failure: undefined });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    levels.place(FEED, { sandbox: PLAIN, failure: "spawn EAGAIN" });
    expect(await obstacle).toBe("feed could not be moved to a process of its own: spawn EAGAIN");
    levels.place(FEED, { sandbox: undefined, failure: undefined });
    expect(await levels.obstacle()).toBe("feed still runs in the desk's process");
    levels.place(FEED, { sandbox: PLAIN, failure: undefined });
    expect(await levels.obstacle()).toBeUndefined();
    expect(levels.shown(FEED)).toMatchObject({ isolation: "process", isolationReason: "venue is live" });
  });

  it("does not wait for a connector that was stopped or quarantined in the desk's process", async () => {
    const levels = levelsOf([FEED, LIVE]);
    levels.place(FEED, { sandbox: undefined, failure: undefined });
    levels.end("feed");
    levels.settle("venue");
    expect(await levels.obstacle()).toBeUndefined();
  });
});
