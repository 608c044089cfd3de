/** What holds an agent's program: the sandbox where it works, what of the machine is shown in it, and a version that is enough. */
import { dirname } from "node:path";
import { startProcess, timeoutMessage } from "./process.ts";
import { type RunFolders, agentEnvironment, readablePaths, bubblewrapArgs } from "./bubblewrap.ts";
import { type LaunchDeps, RunAborted, STOPPED_BY_OPERATOR, type ProgramRun, waitForEnd } from "./program-run.ts";
import { isWithin } from "../lib/path-containment.ts";

// Some take seconds to say their version on a busy machine.
const PROBE_MS = 30_000;

/** What holds one program: how its command is wrapped, and the environment it gets. */
export interface SandboxedProgram {
  readonly path: string;
  readonly sandbox: "bubblewrap" | "none";
  wrap(argv: readonly string[]): readonly string[];
  env(lent: Readonly<Record<string, string>>, told: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

export async function prepareSandbox(work: ProgramRun, argv: readonly string[]): Promise<SandboxedProgram> {
  const { program, launch, folders } = work;
  const { deps: world, settings } = launch;
  const [name, ...rest] = argv;
  if (name === undefined)
    throw new RunAborted(`[agent] runtime = "${program.name}" needs command = ["program", "argument"]`);
  const found = await world.findProgram(name);
  if (found === undefined)
    throw new RunAborted(`${name} is not installed, or not on the desk's PATH; [agent] command may name it`);
  if (isWithin(world.workspace, found.real))
    throw new RunAborted(`${name} stands inside the workspace; put it elsewhere`);
  const env: SandboxedProgram["env"] = (lent, told) =>
    agentEnvironment(
      lent,
      told,
      folders,
      [found.path, world.nodePath].map((file) => dirname(file)).concat("/usr/bin", "/bin"),
    );
  const bubblewrap = await workingBubblewrap(work);
  if (bubblewrap !== undefined) {
    const files = await filesIn(world, [world.nodePath, ...rest], folders);
    const readable = readablePaths(found.real, [...files.values()], [...world.hidden, world.workspace]);
    if (!("shows" in readable)) {
      const wrap: SandboxedProgram["wrap"] = (line) =>
        bubblewrapArgs(
          bubblewrap,
          folders,
          readable,
          line.map((word) => files.get(word) ?? word),
        );
      return { path: found.real, sandbox: "bubblewrap", env, wrap };
    }
    if (!settings.unconfined)
      throw new RunAborted(`${name} stands in a folder with ${readable.shows} in it; put it into a folder of its own`);
  }
  if (program.hasOwnTools && !settings.unconfined) {
    throw new RunAborted(
      `runtime ${program.name} needs bubblewrap to hold it; install it, or set [agent] unconfined = true`,
    );
  }
  return { path: found.path, sandbox: "none", env, wrap: (line) => line };
}

/**
 * Files of the operator that the command line names, such as a script, with the real path of each, by which alone it is shown;
 * never a folder, nor what a link leads to in the workspace.
 */
async function filesIn(
  world: LaunchDeps,
  words: readonly string[],
  folders: RunFolders,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const word of words) {
    const real = word.startsWith("/") ? await world.realPath(word) : undefined;
    if (real === undefined || isWithin(folders.root, real) || isWithin(world.workspace, real)) continue;
    if ((await world.disk.facts(real))?.kind === "file") files.set(word, real);
  }
  return files;
}

/** It may be installed and yet forbidden, as in many containers, so it is tried. */
async function workingBubblewrap(work: ProgramRun): Promise<string | undefined> {
  const found = await work.launch.deps.findProgram("bwrap");
  if (found === undefined) return undefined;
  const { isClean } = await asked(work, bubblewrapArgs(found.real, work.folders, [], ["/usr/bin/true"]), {});
  return isClean ? found.real : undefined;
}

const VERSION = /\b(\d+)\.(\d+)\.(\d+)\b/;

/** @throws RunStop where the program is older than its floor, or does not say. */
export async function checkVersion(work: ProgramRun, cell: SandboxedProgram): Promise<string | undefined> {
  const { program, launch } = work;
  if (program.minVersion === undefined) return undefined;
  const rest = (launch.settings.command ?? []).slice(1);
  const { text } = await asked(work, cell.wrap([cell.path, ...rest, "--version"]), cell.env({}, {}));
  const found = VERSION.exec(text)?.[0];
  if (found === undefined) throw new RunAborted(`${program.name} --version said nothing that is a version`);
  if (isOlder(found, program.minVersion))
    throw new RunAborted(`${program.name} ${found} is too old; its switches hold from ${program.minVersion} on`);
  return found;
}

function isOlder(version: string, floor: string): boolean {
  const [a, b] = [version, floor].map((text) => text.split(".").map(Number));
  for (const [index, least] of (b ?? []).entries()) {
    const mine = a?.[index] ?? 0;
    if (mine !== least) return mine < least;
  }
  return false;
}

/**
 * Runs a short question to its end.
 * @throws RunStop where the run's own end comes before the answer
 */
async function asked(
  { launch, folders, signal, elapsedMs: spentMs }: ProgramRun,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
) {
  const { deps: world, settings } = launch;
  const lines: string[] = [];
  const onLine = (text: string): void => void (lines.length < 20 && lines.push(text));
  const leftMs = Math.max(0, settings.timeoutMs - spentMs());
  const ask = {
    argv,
    env,
    cwd: folders.work,
    initialInput: "",
    keepsInputOpen: false,
    timeoutMs: Math.min(PROBE_MS, leftMs),
    onLine,
  };
  const { isClean, stopReason: stopped } = await waitForEnd(startProcess(world, ask), signal);
  if (stopped === STOPPED_BY_OPERATOR) throw new RunAborted(STOPPED_BY_OPERATOR);
  if (stopped === timeoutMessage(ask.timeoutMs) && leftMs <= PROBE_MS)
    throw new RunAborted(timeoutMessage(settings.timeoutMs));
  return { isClean, text: lines.join("\n") };
}
