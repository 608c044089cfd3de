/** What the system says of processes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { nodeProcesses, residentMb } from "../../src/app/processes.ts";

it.skipIf(process.platform !== "linux")("a process's resident memory is the value that Node reports", async () => {
  const mb = (await residentMb(process.pid)) ?? 0;
  const ours = process.memoryUsage.rss() / 1024 / 1024;
  expect(mb).toBeGreaterThan(ours / 2);
  expect(mb).toBeLessThan(ours * 2);
});

it.skipIf(process.platform !== "linux")(
  "a process's resident memory has the children of its threads in it",
  async () => {
    const child = `require("child_process").spawn(process.execPath, ["-e", "process.stdout.write('up');setInterval(() => {}, 1e6)"], { stdio: ["ignore", 1, 2] })`;
    const threads = `const { Worker } = require("worker_threads"); new Worker(${JSON.stringify(child)}, { eval: true }); setInterval(() => {}, 1e6)`;
    const parent = spawn(process.execPath, ["-e", threads], { stdio: ["ignore", "pipe", "inherit"], detached: true });
    const { pid = 0 } = parent;
    try {
      await once(parent.stdout, "data");
      const own = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
      expect(await residentMb(pid)).toBeGreaterThan(own + 20);
    } finally {
      process.kill(-pid, "SIGKILL");
    }
  },
);

it("the resident memory of a process that does not exist is undefined", async () => {
  expect(await residentMb(2 ** 30)).toBeUndefined();
});

it("the start of a process is not asked of a program that the PATH leads to, on systems without /proc", () => {
  const folder = mkdtempSync(join(tmpdir(), "qoc-ps-"));
  writeFileSync(join(folder, "ps"), `#!/bin/sh\ntouch ${folder}/ran\n`, { mode: 0o700 });
  vi.stubEnv("PATH", `${folder}:${process.env["PATH"]}`);
  const platform = Object.getOwnPropertyDescriptor(process, "platform") ?? {};
  Object.defineProperty(process, "platform", { ...platform, value: "darwin" });
  onTestFinished(() => {
    Object.defineProperty(process, "platform", platform);
    vi.unstubAllEnvs();
  });
  expect(nodeProcesses.startOf(99_999_999)).toBeUndefined();
  expect(existsSync(join(folder, "ran"))).toBe(false);
});
