/** Prepares an agent's program: finds it, wraps it in bubblewrap if that works here, and checks its version. */
import { dirname } from "node:path";
import { isWithin } from "../lib/path-containment.ts";
import { type RunFolders, agentEnvironment, bubblewrapArgs, readablePaths } from "./bubblewrap.ts";
import { type ProcessRequest, startProcess, timeoutMessage } from "./process.ts";
import { type LaunchDeps, type ProgramRun, RunAborted, STOPPED_BY_OPERATOR, waitForEnd } from "./program-run.ts";

/** On a busy machine some programs take seconds to print their version. */
const PROBE_MS = 30_000;
const PROBE_LINES_MAX = 20;

type Variables = Readonly<Record<string, string>>;

export interface SandboxedProgram {
  readonly path: string;
  readonly sandbox: "bubblewrap" | "none";
  /** The command line that runs `argv` in the sandbox. */
  wrap(argv: readonly string[]): readonly string[];
  /** The whole environment of the program; `extra` wins over the passed variables. */
  env(passed: Variables, extra: Variables): Variables;
}

/** @throws RunAborted if the program is not found, or needs a sandbox that is not available. */
export async function prepareSandbox(run: ProgramRun, argv: readonly string[]): Promise<SandboxedProgram> {
  const { program, launch, folders } = run;
  const { deps, settings } = launch;
  const [name, ...args] = argv;
  if (name === undefined)
    throw new RunAborted(`[agent] runtime = "${program.name}" needs command = ["program", "argument"]`);
  const executable = await deps.findProgram(name);
  if (executable === undefined)
    throw new RunAborted(`${name} is not installed or not on the desk's PATH; set [agent] command to its path`);
  if (isWithin(deps.workspace, executable.real))
    throw new RunAborted(`${name} is inside the workspace; move it to another directory`);
  const path = [executable.path, deps.nodePath].map((file) => dirname(file)).concat("/usr/bin", "/bin");
  const env: SandboxedProgram["env"] = (passed, extra) => agentEnvironment({ passed, extra, folders, path });
  const bubblewrap = await findWorkingBubblewrap(run);
  if (bubblewrap !== undefined) {
    const files = await fileArguments(deps, [deps.nodePath, ...args], folders);
    const hidden = [...deps.hidden, deps.workspace];
    const secretFiles = deps.secretFiles();
    const readable = readablePaths(executable.real, [...files.values()], [...hidden, ...secretFiles]);
    if (!("exposes" in readable)) {
      const options = { bubblewrap, folders, readable, hidden, secretFiles };
      const wrap: SandboxedProgram["wrap"] = (line) =>
        bubblewrapArgs({ ...options, argv: line.map((word) => files.get(word) ?? word) });
      return { path: executable.real, sandbox: "bubblewrap", env, wrap };
    }
    if (!settings.unconfined)
      throw new RunAborted(`${name} is installed next to ${readable.exposes}; move it to a separate directory`);
  }
  if (program.hasOwnTools && !settings.unconfined) {
    throw new RunAborted(`runtime ${program.name} needs bubblewrap; install it, or set [agent] unconfined = true`);
  }
  return { path: executable.path, sandbox: "none", env, wrap: (line) => line };
}

/**
 * Files that the command line names, such as a script: the real path by the argument. Only the real path is readable in
 * the sandbox. Folders, and files of the workspace or of the run, are left out.
 */
async function fileArguments(
  deps: LaunchDeps,
  args: readonly string[],
  folders: RunFolders,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const arg of args) {
    const real = arg.startsWith("/") ? await deps.realPath(arg) : undefined;
    if (real === undefined || isWithin(folders.root, real) || isWithin(deps.workspace, real)) continue;
    if ((await deps.disk.facts(real))?.kind === "file") files.set(arg, real);
  }
  return files;
}

/** bubblewrap may be installed and yet forbidden, as in many containers, so it is run once. */
async function findWorkingBubblewrap(run: ProgramRun): Promise<string | undefined> {
  const executable = await run.launch.deps.findProgram("bwrap");
  if (executable === undefined) return undefined;
  const argv = bubblewrapArgs({
    bubblewrap: executable.real,
    folders: run.folders,
    readable: [],
    hidden: [],
    secretFiles: [],
    argv: ["/usr/bin/true"],
  });
  const { isClean } = await runProbe(run, { argv, isSandboxed: true, env: {} });
  return isClean ? executable.real : undefined;
}

const VERSION = /\b(\d+)\.(\d+)\.(\d+)\b/;

/** @throws RunAborted if the program is older than its minimum version, or prints no version. */
export async function checkVersion(run: ProgramRun, sandboxed: SandboxedProgram): Promise<string | undefined> {
  const { program, launch } = run;
  if (program.minVersion === undefined) return undefined;
  const args = (launch.settings.command ?? []).slice(1);
  const { output } = await runProbe(run, {
    argv: sandboxed.wrap([sandboxed.path, ...args, "--version"]),
    isSandboxed: sandboxed.sandbox === "bubblewrap",
    env: sandboxed.env({}, {}),
  });
  const version = VERSION.exec(output)?.[0];
  if (version === undefined) throw new RunAborted(`could not parse a version from ${program.name} --version`);
  if (isOlder(version, program.minVersion))
    throw new RunAborted(`${program.name} ${version} is too old: version ${program.minVersion} or later is required`);
  return version;
}

function isOlder(version: string, minimum: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, least] of minimum.split(".").map(Number).entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part < least;
  }
  return false;
}

/** Runs a short command to its end. @throws RunAborted if the run is stopped or its time is over. */
async function runProbe(
  { launch, folders, signal, elapsedMs }: ProgramRun,
  command: Pick<ProcessRequest, "argv" | "isSandboxed" | "env">,
): Promise<{ readonly isClean: boolean; readonly output: string }> {
  const { deps, settings } = launch;
  const lines: string[] = [];
  const remainingMs = Math.max(0, settings.timeoutMs - elapsedMs());
  const timeoutMs = Math.min(PROBE_MS, remainingMs);
  const running = startProcess(deps, {
    ...command,
    cwd: folders.work,
    initialInput: "",
    keepsInputOpen: false,
    timeoutMs,
    onLine: (line) => {
      if (lines.length < PROBE_LINES_MAX) lines.push(line);
    },
  });
  const { isClean, stopReason } = await waitForEnd(running, signal);
  if (stopReason === STOPPED_BY_OPERATOR) throw new RunAborted(STOPPED_BY_OPERATOR);
  if (stopReason === timeoutMessage(timeoutMs) && remainingMs <= PROBE_MS)
    throw new RunAborted(timeoutMessage(settings.timeoutMs));
  return { isClean, output: lines.join("\n") };
}
