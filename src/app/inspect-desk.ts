/** `qoc doctor` of a desk that is down: asks the machine what would keep the desk from starting. */
import { accessSync, constants } from "node:fs";
import { QocError, messageOf } from "../domain/errors/error.ts";
import { knownError } from "../domain/errors/known-error.ts";
import { type StartFacts, inspectRecordedDesk } from "../trading/doctor-down.ts";
import type { AgentFacts, DoctorCheck } from "../trading/doctor.ts";
import { checkKeyFiles } from "../trading/keys/key-files.ts";
import type { ConnectorConfig, DeskConfig } from "../workspace/config.ts";
import { historyProblem } from "../workspace/history.ts";
import { keyPath } from "../workspace/layout.ts";
import { findDeskProcess } from "../workspace/lock.ts";
import type { RuntimePaths } from "../workspace/runtime-folder.ts";
import { findProgram } from "./find-program.ts";
import { deskIdOf } from "./journal-guard.ts";
import { bundleOf } from "./open-connectors.ts";
import { isPortFree } from "./port-owner.ts";
import { nodeProcesses } from "./processes.ts";
import { type DeskFolder, readRecordedDesk, takeInterrupted } from "./read-recorded-desk.ts";

interface InspectOptions extends DeskFolder {
  readonly root: string;
  readonly packageRoot: string;
  readonly paths: Pick<RuntimePaths, "lock" | "runtime">;
  readonly uid: number;
}

export async function inspectDesk(options: InspectOptions): Promise<{ readonly checks: readonly DoctorCheck[] }> {
  const { root, env } = options;
  const desk = await readRecordedDesk(options, root);
  const { config } = desk;
  const lockedBy = await findDeskProcess(options, options.paths, nodeProcesses);
  if (lockedBy === undefined) await takeInterrupted(desk.state);
  const path = env["PATH"] ?? "";
  return inspectRecordedDesk(desk, {
    nodeVersion: process.versions.node,
    folderProblem: folderProblem(root),
    lockedBy,
    isPortFree: await isPortFree(config.workspace.port),
    keyProblem: await keyProblem(options),
    historyProblem: await historyProblem(options),
    agent: await agentFacts(config, path),
    adapterProblems: await adapterProblems(options, config),
  });
}

/** In the words of `qoc up`, which could not write the folder either. */
export function folderProblem(root: string, access = accessSync): string | undefined {
  try {
    access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const known = knownError(error);
    return known.code === "DISK_REFUSED" ? known.message : messageOf(error);
  }
}

async function keyProblem(options: InspectOptions): Promise<StartFacts["keyProblem"]> {
  const { disk, home, uid } = options;
  try {
    const path = keyPath(home, await deskIdOf(options));
    await checkKeyFiles(disk, path, uid);
    if ((await disk.facts(path)) === undefined) throw new QocError("KEY_MISSING", { path });
    return undefined;
  } catch (error) {
    if (error instanceof QocError) return { message: error.message, fix: error.hint };
    return { message: messageOf(error), fix: "check the disk of the key files, then qoc up" };
  }
}

async function agentFacts({ agent }: DeskConfig, path: string): Promise<AgentFacts> {
  const program = agent.runtime === "demo" ? undefined : (agent.command?.[0] ?? agent.runtime);
  return {
    program,
    isInstalled: program !== undefined && (await findProgram(program, path)) !== undefined,
    hasBubblewrap: (await findProgram("bwrap", path)) !== undefined,
  };
}

async function adapterProblems(
  options: InspectOptions,
  { connectors }: DeskConfig,
): Promise<StartFacts["adapterProblems"]> {
  const found = await Promise.all(
    connectors.filter(({ enabled }) => enabled).map((connector) => adapterProblem(options, connector)),
  );
  return found.flat();
}

async function adapterProblem(
  options: InspectOptions,
  config: ConnectorConfig,
): Promise<StartFacts["adapterProblems"]> {
  const { name: connector } = config;
  try {
    // Nothing is written to a desk that is down.
    await bundleOf(options, config, { cacheDir: undefined });
    return [];
  } catch (error) {
    const fix = error instanceof QocError ? error.hint : `qoc connectors test ${connector}`;
    return [{ connector, message: messageOf(error), fix }];
  }
}
