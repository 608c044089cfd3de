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
  it("gets the bundle, the door and its token, and its output is its account", async () => {
    const stand = agentHarness(command, "command");
    const result = await stand.run({}, { bundle: "what to do" });
    expect(result.failure).toBeUndefined();
    const seen = JSON.parse(result.summary);
    // The root of a repository: nothing above it is looked at for settings.
    expect(seen).toMatchObject({ prompt: "what to do", head: "ref: refs/heads/main\n", inCwd: [".git"], inHome: [] });
    expect(seen.env).toMatchObject({ QOC_MCP_URL: "http://127.0.0.1:1/mcp", QOC_TOKEN: "[token]", QOC_RUN: "run-1" });
    expect(JSON.stringify([result, stand.notes])).not.toContain(TOKEN);
    expect(result.use).toEqual({ turns: null, toolCalls: 0, costUsd: null });
  });

  it("is not started without a sandbox, unless the operator says so", async () => {
    const stand = agentHarness(command, "command");
    const result = await stand.run({}, { settings: { unconfined: false } });
    expect(result.failure).toBe("runtime command needs bubblewrap; install it, or set [agent] unconfined = true");
    expect(stand.notes).toEqual([]);
    expect([...stand.doors, ...stand.folders]).toEqual([]);
  });

  it("is not started from the workspace, where agents write", async () => {
    const stand = agentHarness(command, "command");
    const world = { ...withoutBubblewrap, workspace: dirname(realpathSync(process.execPath)) };
    expect((await stand.run({}, { world })).failure).toMatch(/is inside the workspace/);
  });

  it("fails with its exit code", async () => {
    const stand = agentHarness(command, "command");
    expect((await stand.run({ code: 9 })).failure).toBe("exited with code 9");
  });

  it("stands though its folder cannot be removed, and says so", async () => {
    const stand = agentHarness(command, "command");
    const host = launchDeps();
    const left: string[] = [];
    const privateFolder = async () => {
      const { path } = await host.createPrivateFolder();
      left.push(path);
      return { path, remove: () => Promise.reject(new Error(`EACCES: permission denied, scandir '${path}'`)) };
    };
    const result = await stand.run({}, { world: { ...withoutBubblewrap, createPrivateFolder: privateFolder } });
    expect(result.failure).toBeUndefined();
    expect(result.summary).toContain('"prompt":"the bundle"');
    expect(stand.notes.at(-1)).toMatch(/^the run's folder was not removed: EACCES/);
    expect([...stand.doors]).toEqual([]);
    for (const path of left) rmSync(path, { recursive: true });
  });

  it("needs a name", async () => {
    const stand = agentHarness(command, "command");
    expect((await stand.run({}, { settings: { command: [] } })).failure).toMatch(/needs command = \["program"/);
  });

  it.skipIf(!bubblewrapWorks)("sees in bubblewrap neither workspace nor home, nor any other process", async () => {
    const stand = agentHarness(command, "command");
    const workspace = mkdtempSync(join(realpathSync(tmpdir()), "qoc-desk-"));
    writeFileSync(join(workspace, "desk.toml"), "");
    const home = mkdtempSync(join(realpathSync(tmpdir()), "qoc-home-"));
    const looksAt = [join(workspace, "desk.toml"), home, "/root", "/etc/shadow", "/etc/machine-id", "/usr/bin/env"];
    const result = await stand.run(
      { looksAt },
      { settings: { unconfined: false }, world: { workspace, hidden: [home] } },
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
      const stand = agentHarness(command, "command");
      const [workspace = "", home = "", files = ""] = ["desk", "home", "files"].map((name) =>
        mkdtempSync(join(realpathSync(tmpdir()), `qoc-${name}-`)),
      );
      for (const file of [join(workspace, "desk.toml"), join(home, "key"), join(files, "script")])
        writeFileSync(file, "");
      const links = [join(stand.folder, "plan.json"), home, join(workspace, "desk.toml")].map((target, index) => {
        const link = join(files, `link-${index}`);
        symlinkSync(target, link);
        return link;
      });
      // The plan stands behind a link; its program reads it all the same.
      const words = [
        launchDeps().nodePath,
        fixture("command"),
        ...links,
        home,
        join(workspace, "desk.toml"),
        join(files, "script"),
      ];
      const looksAt = [join(files, "script"), ...links.slice(1), join(home, "key"), join(workspace, "desk.toml")];
      const result = await stand.run(
        { looksAt },
        { settings: { unconfined: false, command: words }, world: { workspace, hidden: [home] } },
      );
      expect(result.failure).toBeUndefined();
      expect(result.metadata).toMatchObject({ sandbox: "bubblewrap" });
      expect(Object.values(JSON.parse(result.summary).sees)).toEqual([true, false, false, false, false]);
    },
  );
});
