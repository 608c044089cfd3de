/** A process that cannot be made or that ends: the life it was for ends in words, and nothing else does. */
import type ChildProcessModule from "node:child_process";
import { EventEmitter } from "node:events";
import { tmpdir } from "node:os";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { startProcess } from "../../src/host/process-transport.ts";
import type { Transport } from "../../src/host/transport.ts";
import { fakeClock } from "../support/fake-clock.ts";

const made = vi.hoisted(() => ({ isRefused: false }));

vi.mock("node:child_process", async (original) => {
  const real = await original<typeof ChildProcessModule>();
  /** As Node answers where no descriptor is left: a child without pipes, and an event a moment later. */
  const refused = (): object => {
    const child = new EventEmitter();
    process.nextTick(() => child.emit("error", Object.assign(new Error("spawn EMFILE"), { code: "EMFILE" })));
    return child;
  };
  const spawn = (...args: Parameters<typeof real.spawn>) => (made.isRefused ? refused() : real.spawn(...args));
  return { ...real, spawn };
});

function start(cwd: string, text = "") {
  return startProcess({ text, memoryMb: 64, cwd, clock: fakeClock(), residentMb: () => Promise.resolve(undefined) });
}

function endOf(transport: Transport): Promise<string> {
  return new Promise((resolve) => transport.onExit(resolve));
}

describe("a process that cannot be made", () => {
  beforeEach(() => void (made.isRefused = false));

  it("for want of descriptors is an error of that start alone", async () => {
    made.isRefused = true;
    expect(() => start(tmpdir())).toThrow("is a limit of this machine reached?");
    // The event that follows has a listener: without one it would end the desk.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("because its folder is gone ends its life, and can be killed", async () => {
    const transport = start(`${tmpdir()}/qoc-no-such-folder/x`);
    transport.post({ e: "ping", n: 1 });
    expect(await endOf(transport)).toMatch(/^its process could not be made: spawn .*ENOENT/);
    await transport.kill();
  });
});

describe("why a process ended", () => {
  it.each([
    [
      "by the last whole lines of its errors",
      `process.stderr.write("s3cret".repeat(1_000) + "\\nlast words\\n"); process.exitCode = 1;`,
      "last words",
    ],
    [
      "by nothing of a line that is no message",
      `require("fs").writeSync(3, "half a s3cret\\n"); setInterval(() => {}, 1_000);`,
      "it wrote a line of 13 characters that is not JSON",
    ],
    ["by its code, where it said nothing", "process.exit(7);", "its process ended with code 7"],
  ])("is told %s", async (_name, text, reason) => {
    expect(await endOf(start(tmpdir(), text))).toBe(reason);
  });
});
