import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bubblewrapArgs, runFolders } from "../../src/agents/bubblewrap.ts";
import { command } from "../../src/agents/command-program.ts";
import { type ProcessEnd, startProcess } from "../../src/agents/process.ts";
import { agentHarness, bubblewrapWorks, launchDeps, withoutBubblewrap } from "../support/agent-harness.ts";

const STUBBORN = fileURLToPath(new URL("../fixtures/agents/stubborn.mjs", import.meta.url));

let marks = 0;
function newMarker(): string {
  return `mark-${process.pid}-${(marks += 1)}-end`;
}

/** Processes whose command line contains the mark; a zombie process has no command line. */
function countProcesses(mark: string): number {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  }).length;
}

function waitUntilGone(mark: string): Promise<void> {
  return expect.poll(() => countProcesses(mark), { message: `processes of ${mark}` }).toBe(0);
}

interface FixtureResult {
  readonly lines: readonly string[];
  readonly end: ProcessEnd;
}

/** Starts the fixture, stops it at a line, and waits for its end. */
async function runFixture(
  args: readonly string[],
  { stopAt, timeoutMs = 20_000 }: { stopAt?: string; timeoutMs?: number } = {},
): Promise<FixtureResult> {
  const lines: string[] = [];
  const running = startProcess(launchDeps(), {
    argv: [process.execPath, STUBBORN, ...args],
    env: {},
    cwd: "/",
    initialInput: "",
    keepsInputOpen: false,
    timeoutMs,
    onLine: (text) => {
      lines.push(text);
      if (text === stopAt) running.stop("enough");
    },
  });
  return { lines, end: await running.ended };
}

describe("a program of a run", () => {
  it("L4 is killed together with its child if it ignores SIGTERM", async () => {
    const mark = newMarker();
    const { end } = await runFixture(["stays", mark], { stopAt: "both are up" });
    expect(end).toMatchObject({ stopReason: "enough", description: "was killed by SIGKILL", isClean: false });
    await waitUntilGone(mark);
  });

  it("A5 is ended at its time limit if it does not exit", async () => {
    const mark = newMarker();
    const { end } = await runFixture(["stays", mark], { timeoutMs: 1_000 });
    expect(end.stopReason).toBe("took longer than 1 s");
    await waitUntilGone(mark);
  });

  it("is stopped at a line that is too long, after the lines before it were read", async () => {
    const { lines, end } = await runFixture(["long-line"]);
    expect(lines).toEqual(["before"]);
    expect(end.stopReason).toBe("wrote a line of more than 4194304 bytes");
  });

  it("may write any amount to standard error, of which the end is kept", async () => {
    const { lines, end } = await runFixture(["errors"]);
    expect(lines).toEqual(["said all"]);
    expect(end.stderr).toBe("the last word");
  });

  it("may write invalid UTF-8", async () => {
    const { lines, end } = await runFixture(["bytes"]);
    expect(lines.at(-1)).toBe("said all");
    expect(end.isClean).toBe(true);
  });

  it("is stopped at a line whose handler throws, and the desk goes on", async () => {
    const { ended: over } = startProcess(launchDeps(), {
      ...{
        argv: [process.execPath, STUBBORN, "stays", newMarker()],
        env: {},
        cwd: "/",
        initialInput: "",
        keepsInputOpen: false,
        timeoutMs: 20_000,
      },
      onLine: () => {
        throw new Error(`no such thing ${"x".repeat(10_000)}`);
      },
    });
    const { stopReason: stopped = "" } = await over;
    expect(stopped).toMatch(/^wrote a line that could not be processed: no such thing x+$/);
    expect(stopped.length).toBeLessThan(600);
  });

  it("is read to its last line, also without a line end", async () => {
    expect((await runFixture(["half"])).lines).toEqual(["a line without its end"]);
  });

  it("is stopped if it asks without end and reads no answer", async () => {
    let sent = 0;
    const running = startProcess(launchDeps(), {
      argv: [process.execPath, STUBBORN, "deaf"],
      env: {},
      cwd: "/",
      initialInput: "",
      keepsInputOpen: true,
      timeoutMs: 20_000,
      onLine: (line) => {
        sent += line.length;
        running.send(`${line}\n`);
        if (sent > 64 * 1024 * 1024) running.stop("enough");
      },
    });
    expect((await running.ended).stopReason).toBe("does not read what the desk sends");
  });

  it("fails if the program cannot be started", async () => {
    const { ended: over } = startProcess(launchDeps(), {
      ...{
        argv: ["/etc/passwd"],
        env: {},
        cwd: "/",
        initialInput: "x".repeat(1_000_000),
        keepsInputOpen: true,
        timeoutMs: 5_000,
        onLine: () => undefined,
      },
    });
    expect((await over).description).toMatch(/^could not be started: .*EACCES/);
  });

  it.skipIf(!bubblewrapWorks)("inside bubblewrap leaves no process, also if bubblewrap itself ends none", async () => {
    const mark = newMarker();
    const root = mkdtempSync(join(realpathSync(tmpdir()), "qoc-left-"));
    const folders = runFolders(root);
    mkdirSync(folders.work);
    const stray = `setsid sleep 60 </dev/null >/dev/null 2>&1 & exit 0; # ${mark}`;
    const sandboxed = {
      bubblewrap: "/usr/bin/bwrap",
      folders,
      readable: [],
      hidden: [],
      secretFiles: [],
      argv: ["/bin/sh", "-c", stray],
    };
    const { ended: over } = startProcess(launchDeps(), {
      // A program can take this from bubblewrap's first process, which it can trace.
      argv: bubblewrapArgs(sandboxed).filter((arg) => arg !== "--die-with-parent"),
      isSandboxed: true,
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      initialInput: "",
      keepsInputOpen: false,
      timeoutMs: 20_000,
      onLine: () => undefined,
    });
    expect(await over).toMatchObject({ isClean: true, stopReason: undefined });
    expect(countProcesses(mark)).toBe(0);
    rmSync(root, { recursive: true });
  });

  const ways: readonly [string, object][] = [
    ["none", withoutBubblewrap],
    ...(bubblewrapWorks ? [["bubblewrap", {}] as [string, object]] : []),
  ];
  it.each(ways)("L4 leaves no process or folder when the operator stops it; sandbox: %s", async (sandbox, deps) => {
    const mark = newMarker();
    const harness = agentHarness(command, "command");
    const settings = { command: [launchDeps().nodePath, STUBBORN, "stays", mark] };
    const running = harness.run(
      {},
      { settings, deps, onNote: (line) => (line === "says: both are up" ? harness.stop.abort() : undefined) },
    );
    expect(await running).toMatchObject({
      failure: "stopped by the operator",
      summary: "both are up",
      metadata: { sandbox },
    });
    await waitUntilGone(mark);
    expect([...harness.folders, ...harness.openEndpoints]).toEqual([]);
  });
});
