/** A venue that does not answer at the start does not keep the operator from the desk: the sockets answer first. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { operatorCredentials } from "../../src/app/client-credentials.ts";
import { type UpFacts, runDaemon } from "../../src/app/daemon.ts";
import { initDesk } from "../../src/app/init.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { callDaemon } from "../../src/cli/client.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { runtimePaths } from "../../src/workspace/runtime-folder.ts";
import { adapterFixture } from "../support/adapter-fixture.ts";
import { freePort } from "../support/free-port.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const UID = process.getuid?.() ?? 0;
let base: string;
let root: string;
let home: string;
let stop: AbortController;
let stopped: Promise<unknown>;
let lines: string[];

interface Running {
  readonly answered: UpFacts;
  /** Resolves when the connectors have started, or the desk stops. */
  readonly ready: Promise<UpFacts>;
  call(command: string, input?: Record<string, unknown>): Promise<any>;
}

/** Starts a desk with `paper` and the slow connector, and resolves when it answers. */
async function up(options: Readonly<Record<string, string | number>>, isolation = "worker"): Promise<Running> {
  const table = Object.entries(options).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  writeFileSync(join(root, "slow.ts"), adapterFixture("slow-connect"));
  writeFileSync(
    join(root, "desk.toml"),
    `${readFileSync(join(root, "desk.toml"), "utf8").replace(/^port = \d+$/m, `port = ${await freePort()}`)}
[[connector]]
name = "slow"
type = "custom"
adapter = "./slow.ts"
mode = "paper"
isolation = "${isolation}"
[connector.options]
${table.join("\n")}
`,
  );
  const env = { PATH: process.env["PATH"], XDG_RUNTIME_DIR: join(home, "run") };
  const common = { disk: nodeDisk(), ids: systemIds, home, root };
  let setReady: (facts: UpFacts) => void = () => undefined;
  const ready = new Promise<UpFacts>((resolve) => (setReady = resolve));
  const answered = await new Promise<UpFacts>((resolve, reject) => {
    const screen = { answers: resolve, ready: setReady, line: (text: string) => void lines.push(text) };
    const desk = { ...common, packageRoot: PACKAGE_ROOT, version: "0.0.0", clock: systemClock, env };
    stopped = runDaemon(desk, screen, stop.signal);
    stopped.catch(reject);
  });
  const { socket: socketPath } = runtimePaths(root, { env, home, uid: UID });
  return {
    answered,
    ready,
    call: (command, input = {}) =>
      callDaemon({
        address: { socketPath, credentials: () => operatorCredentials(common, UID) },
        request: { command, input, cwd: root },
        progress: { line: () => undefined },
        onValue: () => Promise.resolve(),
        signal: new AbortController().signal,
      }),
  };
}

beforeEach(async () => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "qoc-slow-")));
  [root, home, lines, stop] = [join(base, "desk"), join(base, "home"), [], new AbortController()];
  await initDesk({ disk: nodeDisk(), ids: systemIds, home, cwd: base, path: root, packageRoot: PACKAGE_ROOT });
});
afterEach(async () => {
  stop.abort();
  await stopped;
  rmSync(base, { recursive: true, force: true });
});

/** A stop that waited for `connect` would take 10 s. */
const MUCH_LESS_THAN_CONNECT_MS = 9_000;

describe.each(["worker", "process"])("a connector at the %s level whose connect does not return", (isolation) => {
  it.each(["hang", "spin"])("(%s) leaves the desk open, and the desk stops at once", async (start) => {
    const desk = await up({ start }, isolation);
    expect(desk.answered.connectors).toContainEqual(expect.objectContaining({ name: "slow", state: "starting" }));
    const status = await desk.call("status");
    expect(status.connectors).toContainEqual(expect.objectContaining({ name: "slow", state: "starting" }));
    await expect
      .poll(async () => (await desk.call("connectors list"))[0])
      .toMatchObject({ name: "paper", state: "ready" });
    const order = { side: "buy", symbol: "X", quantity: "1", type: "limit", limitPrice: "1", rationale: "try" };
    const proposed = await desk.call("orders propose", { ...order, connector: "slow" });
    expect(JSON.stringify(proposed.verdict)).toContain("connector slow is starting; see qoc connectors list");
    expect(await desk.call("orders show", { id: proposed.id })).toMatchObject({ state: "proposed" });
    const { checks } = await desk.call("doctor");
    expect(checks).toContainEqual(expect.objectContaining({ name: "connector slow", status: "warn" }));
    expect(await desk.call("halt", { reason: "stop" })).toMatchObject({ trading: "halted" });
    expect(await desk.call("inbox list")).toBeDefined();
    const began = performance.now();
    await desk.call("down");
    await stopped;
    expect(performance.now() - began).toBeLessThan(MUCH_LESS_THAN_CONNECT_MS);
    expect(lines.join("\n")).toMatch(/slow is starting.*paper is ready.*slow is stopped/s);
    expect(lines.at(-1)).toBe("the desk is down");
  });
});

describe("a connector whose connect takes its time", () => {
  it("is ready when the desk says so, and a proposal that waited is judged then", async () => {
    const desk = await up({ start: "wait", ms: 1_000 });
    writeFileSync(
      join(root, "orders/proposed/early.toml"),
      'connector = "slow"\nside = "buy"\nsymbol = "X"\nquantity = "1"\ntype = "limit"\nlimit_price = "101"\nrationale = "TEXT"\n',
    );
    const early = async (): Promise<any> =>
      (await desk.call("status")).proposals.find(({ id }: { id: string }) => id === "early");
    const starting = expect.stringContaining("slow is starting") as string;
    expect(await early()).toMatchObject({ decision: "block", reason: starting });
    const { connectors } = await desk.ready;
    expect(connectors.map(({ state }) => state)).toEqual(["ready", "ready"]);
    await expect.poll(async () => JSON.stringify(await early())).not.toContain("starting");
  });
});
