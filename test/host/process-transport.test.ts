/** Processes that cannot be started, and the reasons of processes that end. */
import childProcess from "node:child_process";
import { EventEmitter } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { MessageChannel } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import type { EgressConnection } from "../../src/host/egress.ts";
import { startProcess } from "../../src/host/process-transport.ts";
import type { Transport } from "../../src/host/transport.ts";
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

function start(cwd: string, text = "", egress: EgressConnection = sharedEgress.connect({ tcp: [] })) {
  const residentMb = (): Promise<undefined> => Promise.resolve(undefined);
  return startProcess({
    text,
    memoryMb: 64,
    cwd,
    clock: fakeClock(),
    ids: systemIds,
    sandbox: PLAIN,
    residentMb,
    egress,
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

  it("because no file descriptor is left makes startProcess throw, and does not crash the host", async () => {
    childProcess.spawn = refusedChild as never;
    syncBuiltinESMExports();
    expect(() => start(tmpdir())).toThrow("its process could not be started: check the process limit");
    // Node emits the error event later: without a listener it would end the desk.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("because its folder is missing ends with the reason, and can be killed", async () => {
    const transport = start(`${tmpdir()}/qoc-no-such-folder/x`);
    transport.post({ e: "ping", id: 1 });
    expect(await endOf(transport)).toMatch(/^its process could not be started: spawn .*ENOENT/);
    await transport.kill();
  });
});

it("a process that does not read its network data is ended before the data fill the desk's memory", async () => {
  const { port1, port2 } = new MessageChannel();
  const egress = { port: port1, onEnd: () => undefined, close: () => port1.close() };
  const transport = start(tmpdir(), "setInterval(() => {}, 1_000);", egress);
  for (let sent = 0; sent < 100; sent++) port2.postMessage({ type: "data", id: 1, d: new Uint8Array(1024 * 1024) });
  expect(await endOf(transport)).toBe("it did not read 67108864 bytes of network data");
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
      `require("fs").writeSync(3, "half a s3cret, and more than a prefix of a frame\\n"); setInterval(() => {}, 1_000);`,
      "a message could not be read: a frame of 1718378856 + 1931501855 bytes is over the limit",
    ],
    ["is its exit code if stderr is empty", "process.exit(7);", "its process ended with code 7"],
  ])("%s", async (_name, text, reason) => {
    expect(await endOf(start(tmpdir(), text))).toBe(reason);
  });
});
