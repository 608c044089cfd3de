/** Runs a scripted agent through the real launcher, with real processes and folders and a fake endpoint. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRuntime } from "../../src/agents/launch.ts";
import type { AgentProgram, AgentSettings, RunResult } from "../../src/agents/runtime.ts";
import type { LaunchDeps } from "../../src/agents/program-run.ts";
import { endSandbox } from "../../src/app/end-sandbox.ts";
import { systemClock } from "../../src/app/system.ts";
import { nodeDisk } from "../../src/workspace/disk.ts";
import { removeFolder } from "../../src/app/remove-folder.ts";

export const TOOLS = ["qoc_orders_propose", "qoc_quotes_get", "qoc_status"];
export const TOKEN = "qoc_0123456789abcdef-the-token-of-this-run";

export interface RunOptions {
  readonly settings?: Partial<AgentSettings>;
  readonly deps?: Partial<LaunchDeps>;
  readonly bundle?: string;
  /** Whether the agent listed the endpoint's tools. */
  readonly hasListed?: boolean;
  readonly onNote?: (line: string) => void;
}

export interface AgentHarness {
  readonly folder: string;
  readonly notes: readonly string[];
  /** Run and tool of each call that the program itself refused. */
  readonly refused: readonly string[];
  /** Runs whose endpoint is open; empty after a run. */
  readonly openEndpoints: ReadonlySet<string>;
  /** Private folders that were created and not yet removed. */
  readonly folders: ReadonlySet<string>;
  readonly stop: AbortController;
  run(plan: object, options?: RunOptions): Promise<RunResult>;
  evidence(): any;
}

export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/agents/${name}.mjs`, import.meta.url));
}

async function fileOf(program: string) {
  for (const path of program.startsWith("/") ? [program] : [`/usr/bin/${program}`, `/usr/local/bin/${program}`]) {
    const real = await realpath(path).catch(() => undefined);
    if (real !== undefined) return { path, real };
  }
  return undefined;
}

export function launchDeps(more: Partial<LaunchDeps> = {}): LaunchDeps {
  return {
    spawn,
    killGroup: (group, signal) => {
      try {
        process.kill(-group, signal);
      } catch {
        // The process has already ended.
      }
    },
    endSandbox,
    clock: systemClock,
    disk: nodeDisk(),
    env: { PATH: "/usr/bin:/bin" },
    findProgram: fileOf,
    realPath: (path) => realpath(path).catch(() => undefined),
    createPrivateFolder: async () => {
      const path = await mkdtemp(join(realpathSync(tmpdir()), "qoc-run-"));
      return { path, remove: () => removeFolder(path) };
    },
    nodePath: realpathSync(process.execPath),
    hidden: ["/home/someone"],
    secretFiles: () => [],
    workspace: "/desks/of/someone",
    openTranscript: () => ({ path: ".qoc/runs/x.ndjson", line: () => undefined, close: () => Promise.resolve() }),
    ...more,
  };
}

/** Whether bubblewrap can create a sandbox; many containers have it installed but forbid it. */
export const bubblewrapWorks = (() => {
  try {
    execFileSync("bwrap", ["--ro-bind", "/", "/", "--unshare-pid", "/usr/bin/true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** Hides bubblewrap, so that tests that do not need a sandbox run the same on every machine. */
export const withoutBubblewrap: Partial<LaunchDeps> = {
  findProgram: async (program) => (program === "bwrap" ? undefined : fileOf(program)),
};

export function agentHarness(program: AgentProgram, script: string): AgentHarness {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "qoc-agent-"));
  const notes: string[] = [];
  const refused: string[] = [];
  const openEndpoints = new Set<string>();
  const folders = new Set<string>();
  const stop = new AbortController();
  return {
    folder,
    notes,
    refused,
    openEndpoints,
    folders,
    stop,
    run: (
      plan,
      {
        settings = {},
        deps = withoutBubblewrap,
        bundle = "the bundle",
        hasListed = true,
        onNote = () => undefined,
      } = {},
    ) => {
      const planFile = join(folder, "plan.json");
      writeFileSync(planFile, JSON.stringify({ tools: TOOLS.map((tool) => `mcp__qoc__${tool}`), ...plan }));
      const host = launchDeps(deps);
      const openEndpoint = (run: string) => {
        openEndpoints.add(run);
        return {
          url: "http://127.0.0.1:1/mcp",
          token: TOKEN,
          tools: TOOLS,
          hasListed: () => hasListed,
          onCall: () => undefined,
          close: () => Promise.resolve(void openEndpoints.delete(run)),
        };
      };
      const runtime = createRuntime(program, {
        openEndpoint,
        refusals: { record: ({ actor, command }) => void refused.push(`${actor.replace("agent:", "")} ${command}`) },
        deps: {
          ...host,
          createPrivateFolder: async () => {
            const made = await host.createPrivateFolder();
            folders.add(made.path);
            return {
              path: made.path,
              remove: async () => {
                await made.remove();
                folders.delete(made.path);
              },
            };
          },
        },
        settings: {
          command: [host.nodePath, fixture(script), planFile],
          maxTurns: 10,
          maxCostUsd: 1,
          timeoutMs: 20_000,
          env: [],
          unconfined: true,
          ...settings,
        },
      });
      const issue = { id: "001", path: "issues/001.md", title: "t", symbols: [], body: "" };
      const note = (line: string): void => {
        notes.push(line);
        onNote(line);
      };
      return runtime.run(
        { run: "run-1", issue, bundle },
        () => Promise.reject(new Error("not here")),
        { line: note },
        stop.signal,
      );
    },
    evidence: () => JSON.parse(readFileSync(join(folder, "evidence.json"), "utf8")),
  };
}
