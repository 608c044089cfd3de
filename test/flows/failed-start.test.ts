/** A start that fails at any step closes everything that was opened before it. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runDaemon } from "../../src/app/daemon.ts";
import { initDesk } from "../../src/app/init.ts";
import { systemClock, systemIds } from "../../src/app/system.ts";
import { Lifecycle } from "../../src/lib/lifecycle.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { runtimePaths } from "../../src/workspace/runtime-folder.ts";
import { freePort } from "../support/free-port.ts";

const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/** Every step of a start, in order. The first test compares this list with a real start. */
const STEPS = [
  "operator socket",
  "lock",
  "workspace lock",
  "logs",
  "journal",
  "anchor",
  "checkpoints",
  "history",
  "egress",
  "projections",
  "custom guards",
  "connectors",
  "agent socket",
  "refusal record",
  "agent endpoint",
  "news feeds",
  "agent runs",
  "schedules",
  "page sessions",
  "port",
  "page",
  "current folder",
  "free space check",
  "file watcher",
  "halt file",
  "connector starts",
  "addresses of the sockets",
  "proposal watcher",
  "order files",
  "desk.toml watcher",
];

let base: string;
let root: string;
let home: string;
let port: number;

beforeAll(async () => {
  base = mkdtempSync(join(realpathSync(tmpdir()), "qoc-failed-start-"));
  root = join(base, "desk");
  home = join(base, "home");
  await initDesk({ disk: nodeDisk(), ids: systemIds, home, cwd: base, path: root, packageRoot: PACKAGE_ROOT });
  port = await freePort();
  const config = join(root, "desk.toml");
  writeFileSync(config, readFileSync(config, "utf8").replace(/^port = \d+$/m, `port = ${port}`));
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

function env(runtime = "run"): Record<string, string | undefined> {
  return { PATH: process.env["PATH"], XDG_RUNTIME_DIR: join(home, runtime) };
}

function start(lifecycle: Lifecycle, ready: () => void, signal: AbortSignal, runtime?: string): Promise<unknown> {
  const options = {
    root,
    packageRoot: PACKAGE_ROOT,
    version: "0.0.0",
    disk: nodeDisk(),
    clock: systemClock,
    ids: systemIds,
    env: env(runtime),
    home,
  };
  return runDaemon(options, { answers: () => undefined, ready, line: () => undefined }, signal, lifecycle);
}

/** Opens the named step, registers it, and then throws: the worst moment for a failure. */
class FailingLifecycle extends Lifecycle {
  readonly opened: string[] = [];
  readonly #failing: string;

  constructor(failing: string) {
    super();
    this.#failing = failing;
  }

  override async open<T>(name: string, open: () => T | Promise<T>, close: (resource: T) => unknown): Promise<T> {
    const resource = await super.open(name, open, close);
    this.opened.push(name);
    if (name === this.#failing) throw new Error(`step failed: ${name}`);
    return resource;
  }
}

function canListen(): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** What keeps a process alive or holds the desk: threads, servers, file watchers, children. */
async function settledResources(): Promise<readonly string[]> {
  // A handle that was closed leaves the list one turn of the event loop later, a process when it has ended.
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  return resources();
}

function resources(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /MessagePort|TCPServer|PipeWrap|TCPSocket|FSEvent|Process/.test(name))
    .toSorted();
}

describe("a start of the daemon", () => {
  it("runs the steps of the list, and a stop gives everything back", async () => {
    const lifecycle = new FailingLifecycle("");
    const before = await settledResources();
    const stop = new AbortController();
    let whileUp: readonly string[] = [];
    const ready = (): void => {
      whileUp = resources();
      stop.abort();
    };
    await start(lifecycle, ready, stop.signal);
    expect(lifecycle.opened).toEqual(STEPS);
    expect(whileUp).toEqual(expect.arrayContaining(["MessagePort", "PipeWrap", "TCPServerWrap"]));
    await expect.poll(settledResources).toEqual(before);
  });

  it.each(STEPS)("that fails at the step %s leaves no lock, socket, port, worker or handle", async (step) => {
    const paths = runtimePaths(root, { env: env(), home, uid: process.getuid?.() ?? 0 });
    const folder = process.cwd();
    const before = await settledResources();
    const failed = start(new FailingLifecycle(step), () => undefined, new AbortController().signal);
    await expect(failed).rejects.toThrow(`step failed: ${step}`);
    expect(existsSync(paths.lock)).toBe(false);
    expect(existsSync(join(root, ".qoc/lock"))).toBe(false);
    expect(existsSync(paths.socket)).toBe(false);
    expect(await canListen()).toBe(true);
    expect(process.cwd()).toBe(folder);
    await expect.poll(settledResources).toEqual(before);
  });

  it("is refused while a desk with another runtime folder has the workspace open", async () => {
    const stop = new AbortController();
    let second: unknown;
    await start(
      new Lifecycle(),
      () => {
        second = start(new Lifecycle(), () => undefined, stop.signal, "other-run").catch((error: unknown) => error);
        void Promise.resolve(second).then(() => stop.abort());
      },
      stop.signal,
    );
    expect(await second).toMatchObject({ code: "LOCKED", details: { pid: process.pid } });
  });

  it("succeeds after the failed ones", async () => {
    const stop = new AbortController();
    await expect(start(new Lifecycle(), () => stop.abort(), stop.signal)).resolves.toMatchObject({ port });
  });
});
