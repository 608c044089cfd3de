/** Processes that cannot be started, and the reasons of processes that end. */
import childProcess from "node:child_process";
import { EventEmitter } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { startProcess } from "../../src/host/process-transport.ts";
import { type Transport, permissionFlags } from "../../src/host/transport.ts";
import { sharedEgress } from "../support/adapter-harness.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { PLAIN } from "../support/process-sandbox.ts";
import { systemIds } from "../../src/app/system.ts";

/** What Node returns if no file descriptor is left: a child without pipes that emits an error later. */
function refusedChild(): EventEmitter {
  const child = new EventEmitter();
  process.nextTick(() => child.emit("error", Object.assign(new Error("spawn EMFILE"), { code: "EMFILE" })));
  return child;
}

const folder = mkdtempSync(join(tmpdir(), "qoc-process-"));
afterAll(() => rmSync(folder, { recursive: true }));

function start(text = "", cwd = folder): Promise<Transport> {
  const residentMb = (): Promise<undefined> => Promise.resolve(undefined);
  return startProcess({
    text,
    memoryMb: 64,
    cwd,
    clock: fakeClock(),
    ids: systemIds,
    sandbox: PLAIN,
    residentMb,
    egress: sharedEgress,
    network: { tcp: [] },
  });
}

function endOf(transport: Transport): Promise<string> {
  return new Promise((resolve) => transport.onExit(resolve));
}

describe("a process that cannot be started", () => {
  const { spawn } = childProcess;
  afterEach(() => {
    childProcess.spawn = spawn;
    syncBuiltinESMExports();
  });

  it("because no file descriptor is left makes startProcess reject, and does not crash the host", async () => {
    childProcess.spawn = refusedChild as never;
    syncBuiltinESMExports();
    await expect(start()).rejects.toThrow("its process could not be started: check the process limit");
    // Node emits the error event later: without a listener it would end the desk.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("because its folder is missing ends with the reason, and can be killed", async () => {
    childProcess.spawn = ((program: string, args: string[], options: object) =>
      spawn(program, args, { ...options, cwd: `${folder}/missing` })) as never;
    syncBuiltinESMExports();
    const transport = await start();
    transport.post({ e: "ping", id: 1 });
    expect(await endOf(transport)).toMatch(/^its process could not be started: spawn .*ENOENT/);
    await transport.kill();
  });
});

it("the path of the socket to the egress thread is gone when the process runs", async () => {
  const transport = await start("setInterval(() => {}, 1_000);");
  expect(readdirSync(folder)).toEqual([]);
  await transport.kill();
});

it("a folder in which no socket can be made makes startProcess reject", async () => {
  await expect(start("", `${folder}/missing`)).rejects.toThrow("listen E");
});

describe("the reason of an ended process", () => {
  it.each([
    [
      "is the last complete lines of stderr",
      `process.stderr.write("s3cret".repeat(1_000) + "\\nlast words\\n"); process.exitCode = 1;`,
      "last words",
    ],
    [
      "contains nothing of what was written to the pipe of messages",
      `require("fs").writeSync(4, "half a s3cret, and more than a prefix of a frame\\n"); setInterval(() => {}, 1_000);`,
      "a message could not be read: a frame of 1718378856 + 1931501855 bytes is over the limit",
    ],
    ["is its exit code if stderr is empty", "process.exit(7);", "its process ended with code 7"],
  ])("%s", async (_name, text, reason) => {
    expect(await endOf(await start(text))).toBe(reason);
  });
});

it("a process opens no inspector at a signal of another program", async () => {
  const listeners = `throw new Error("listeners of SIGUSR1: " + process.listenerCount("SIGUSR1"));`;
  expect(await endOf(await start(listeners))).toContain("listeners of SIGUSR1: 1");
});

it("a process starts with Node's permission model, and without SQLite where Node has it", () => {
  expect(permissionFlags(new Set())).toEqual(["--experimental-permission"]);
  const newer = ["--permission", "--no-experimental-sqlite"];
  expect(permissionFlags(new Set(newer))).toEqual(newer);
});
