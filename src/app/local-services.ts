/** Services for commands that run in the caller's process: making a desk, starting it, reading a desk that is down. */
import { mkdirSync, realpathSync } from "node:fs";
import { type JournalScan, type ScanOptions, scanJournal } from "../bus/journal-read.ts";
import { openReplay, upgraded } from "../bus/replay.ts";
import type { LocalServices } from "../commands/command.ts";
import { createProposalCache } from "../trading/desk.ts";
import { protectKey } from "../trading/operator-key.ts";
import { rebuild } from "../trading/rebuild.ts";
import { recordedStatus } from "../trading/status.ts";
import { decisionLog } from "../trading/decision-log.ts";
import type { DeskState } from "../domain/desk-state.ts";
import { QocError } from "../domain/error.ts";
import { type DeskConfig, loadConfig } from "../workspace/config.ts";
import { LAYOUT, findWorkspace, globalConfigPath, keyPath, logFolder, runtimePaths } from "../workspace/layout.ts";
import { isAlive, lockOwner } from "../workspace/lock.ts";
import { readLogs } from "../workspace/logs.ts";
import { secretFilesOf } from "../workspace/files.ts";
import { openWorkspace } from "../workspace/workspace.ts";
import { certifyAdapter } from "./certify-adapter.ts";
import { runDaemon, type UpFacts } from "./daemon.ts";
import { startDaemon } from "./start-daemon.ts";
import { runDemo } from "./run-demo.ts";
import { initDesk } from "./init.ts";
import { newConnector } from "./new-connector.ts";
import { journalReport } from "./journal-report.ts";
import type { DeskOptions } from "./open-desk.ts";
import { nodeProcesses } from "./processes.ts";

export interface LocalServicesOptions extends Omit<DeskOptions, "root"> {
  readonly cwd: string;
  readonly bin: string;
  /** Called with the daemon's facts when it is ready. */
  readonly ready: (facts: UpFacts) => void;
}

export function createLocalServices(options: LocalServicesOptions): LocalServices {
  const { disk, clock, version, home } = options;
  const at = async (from: string) => {
    const root = realpathSync(await findWorkspace(disk, from));
    return { root, outside: runtimePaths(root, options.env, process.getuid?.() ?? 0) };
  };
  return {
    disk,
    clock,
    version,
    init: (request) => initDesk({ ...options, ...request }),
    up: async ({ detach, from }, _note, signal) => {
      const { root, outside } = await at(from);
      if (!detach) return runDaemon({ ...options, root }, options.ready, signal);
      await refuseRunning(options, root, outside.lock);
      mkdirSync(outside.runtime, { recursive: true, mode: 0o700 });
      return startDaemon(
        { bin: options.bin, root, socket: outside.socket, logFile: `${outside.runtime}/up.log`, env: options.env },
        signal,
      );
    },
    statusOf: async (from) => {
      const { root } = await at(from);
      const { state, config } = await readDesk(options, root);
      return recordedStatus({
        workspace: openWorkspace({ disk, root, clock, secretFiles: () => secretFilesOf(config) }),
        clock,
        state,
        config,
        proposals: createProposalCache(),
      });
    },
    verifyOf: async (from, note) => {
      const { root } = await at(from);
      const scan = await scanOf(options, root, {
        progress: (done, of, records) => note(`segment ${done} of ${of}, ${records} records`),
      });
      const first = scan.events[0]?.event;
      const key = first?.type === "desk.created" ? `${keyPath(home, first.deskId)}.pub` : "";
      return journalReport(scan, (await disk.facts(key)) === undefined ? undefined : await disk.readText(key));
    },
    rebuildOf: async (from, note) => {
      const { root, outside } = await at(from);
      await refuseRunning(options, root, outside.lock);
      const workspace = openWorkspace({ disk, root, clock, secretFiles: () => [] });
      return rebuild(workspace, upgraded((await scanOf(options, root)).events), note);
    },
    decisionsOf: async (from, limit) => decisionLog((await readDesk(options, (await at(from)).root)).state, limit),
    logsOf: async (from, query) => {
      const { root } = await at(from);
      const config = await loadConfig(disk, `${root}/${LAYOUT.config}`, globalConfigPath(home));
      return readLogs(disk, logFolder(root, home, config.workspace.logDir), query);
    },
    protectKey: async (from, passphrase) => {
      const { root } = await at(from);
      const id = (await disk.readText(`${root}/${LAYOUT.state}/desk-id`)).trim();
      return protectKey(disk, keyPath(home, id), passphrase);
    },
    newConnector: async ({ name, from }) => newConnector({ ...options, root: await findWorkspace(disk, from), name }),
    mcp: async (from, signal) => {
      const { root, outside } = await at(from);
      return (await import("./mcp-stdio.ts")).serveMcpOverStdio(
        {
          socketPath: outside.socket,
          root,
          version,
          clock,
          connection: options.ids.random(8),
          token: options.env["QOC_TOKEN"] || undefined,
        },
        signal,
      );
    },
    certify: (request, say) => certifyAdapter(options, request, say),
    demo: (request, screen, signal) => runDemo({ ...options, bin: options.bin }, request, screen, signal),
  };
}

function scanOf(options: LocalServicesOptions, root: string, scan: ScanOptions = {}): Promise<JournalScan> {
  return scanJournal(options.disk, `${root}/${LAYOUT.journal}`, scan);
}

/** Folds the journal without writing to it. */
async function readDesk(
  options: LocalServicesOptions,
  root: string,
): Promise<{ state: DeskState; config: DeskConfig }> {
  const config = await loadConfig(options.disk, `${root}/${LAYOUT.config}`, globalConfigPath(options.home));
  const { state, take } = openReplay();
  await scanOf(options, root, { take });
  return { config, state };
}

async function refuseRunning(options: LocalServicesOptions, root: string, lock: string): Promise<void> {
  const owner = await lockOwner(options.disk, lock);
  if (owner !== undefined && isAlive(owner, nodeProcesses))
    throw new QocError("LOCKED", { pid: owner.pid, path: root });
}
