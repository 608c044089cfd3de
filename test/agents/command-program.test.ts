import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { command } from "../../src/agents/command-program.ts";
import {
  TOKEN,
  agentHarness,
  bubblewrapWorks,
  fixture,
  launchDeps,
  withoutBubblewrap,
} from "../support/agent-harness.ts";

describe("a run of any program", () => {
  it("gets the bundle, the endpoint and its token, and its output is the summary", async () => {
    const harness = agentHarness(command, "command");
    const result = await harness.run({}, { bundle: "what to do" });
    expect(result.failure).toBeUndefined();
    const seen = JSON.parse(result.summary);
    // The root of a repository, so the program searches no folder above it for settings.
    expect(seen).toMatchObject({ prompt: "what to do", head: "ref: refs/heads/main\n", inCwd: [".git"], inHome: [] });
    expect(seen.env).toMatchObject({ QOC_MCP_URL: "http://127.0.0.1:1/mcp", QOC_TOKEN: "[token]", QOC_RUN: "run-1" });
    expect(JSON.stringify([result, harness.notes])).not.toContain(TOKEN);
    expect(result.use).toEqual({ turns: null, toolCalls: 0, costUsd: null });
  });

  it("is not started without a sandbox unless `unconfined` is set", async () => {
    const harness = agentHarness(command, "command");
    const result = await harness.run({}, { settings: { unconfined: false } });
    expect(result.failure).toBe("runtime command needs bubblewrap; install it, or set [agent] unconfined = true");
    expect(harness.notes).toEqual([]);
    expect([...harness.openEndpoints, ...harness.folders]).toEqual([]);
  });

  it("is not started from the workspace", async () => {
    const harness = agentHarness(command, "command");
    const deps = { ...withoutBubblewrap, workspace: dirname(realpathSync(process.execPath)) };
    expect((await harness.run({}, { deps })).failure).toMatch(/is inside the workspace/);
  });

  it("fails with the program's exit code", async () => {
    const harness = agentHarness(command, "command");
    expect((await harness.run({ code: 9 })).failure).toBe("exited with code 9");
  });

  it("succeeds if its folder cannot be removed, and notes that", async () => {
    const harness = agentHarness(command, "command");
    const host = launchDeps();
    const left: string[] = [];
    const privateFolder = async () => {
      const { path } = await host.createPrivateFolder();
      left.push(path);
      return { path, remove: () => Promise.reject(new Error(`EACCES: permission denied, scandir '${path}'`)) };
    };
    const result = await harness.run({}, { deps: { ...withoutBubblewrap, createPrivateFolder: privateFolder } });
    expect(result.failure).toBeUndefined();
    expect(result.summary).toContain('"prompt":"the bundle"');
    expect(harness.notes.at(-1)).toMatch(/^the run's folder was not removed: EACCES/);
    expect([...harness.openEndpoints]).toEqual([]);
    for (const path of left) rmSync(path, { recursive: true });
  });

  it("fails if `command` is empty", async () => {
    const harness = agentHarness(command, "command");
    expect((await harness.run({}, { settings: { command: [] } })).failure).toMatch(/needs command = \["program"/);
  });

  it.skipIf(!bubblewrapWorks)("cannot see the workspace, the home or other processes in bubblewrap", async () => {
    const harness = agentHarness(command, "command");
    const workspace = mkdtempSync(join(realpathSync(tmpdir()), "qoc-desk-"));
    writeFileSync(join(workspace, "desk.toml"), "");
    const home = mkdtempSync(join(realpathSync(tmpdir()), "qoc-home-"));
    const looksAt = [join(workspace, "desk.toml"), home, "/root", "/etc/shadow", "/etc/machine-id", "/usr/bin/env"];
    const result = await harness.run(
      { looksAt },
      { settings: { unconfined: false }, deps: { workspace, hidden: [home] } },
    );
    expect(result.failure).toBeUndefined();
    expect(result.metadata).toMatchObject({ sandbox: "bubblewrap" });
    const seen = JSON.parse(result.summary);
    expect(Object.values(seen.sees)).toEqual([false, false, false, false, false, true]);
    expect(seen.processes).toBeLessThanOrEqual(3);
    expect(seen).toMatchObject({ inCwd: [".git"], inHome: [] });
  });

  it.skipIf(!bubblewrapWorks)(
    "sees in bubblewrap the files that its command names, and no folder or workspace that a link leads to",
    async () => {
      const harness = agentHarness(command, "command");
      const [workspace = "", home = "", files = ""] = ["desk", "home", "files"].map((name) =>
        mkdtempSync(join(realpathSync(tmpdir()), `qoc-${name}-`)),
      );
      for (const file of [join(workspace, "desk.toml"), join(home, "key"), join(files, "script")])
        writeFileSync(file, "");
      const links = [join(harness.folder, "plan.json"), home, join(workspace, "desk.toml")].map((target, index) => {
        const link = join(files, `link-${index}`);
        symlinkSync(target, link);
        return link;
      });
      // The plan is behind a symbolic link, and the program can read it.
      const words = [
        launchDeps().nodePath,
        fixture("command"),
        ...links,
        home,
        join(workspace, "desk.toml"),
        join(files, "script"),
      ];
      const looksAt = [join(files, "script"), ...links.slice(1), join(home, "key"), join(workspace, "desk.toml")];
      const result = await harness.run(
        { looksAt },
        { settings: { unconfined: false, command: words }, deps: { workspace, hidden: [home] } },
      );
      expect(result.failure).toBeUndefined();
      expect(result.metadata).toMatchObject({ sandbox: "bubblewrap" });
      expect(Object.values(JSON.parse(result.summary).sees)).toEqual([true, false, false, false, false]);
    },
  );
});
