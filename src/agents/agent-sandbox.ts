/** What holds an agent's program: the sandbox where it works, what of the machine is shown in it, and a version that is enough. */
import { dirname } from "node:path";
import { startProcess, tookLonger } from "./process.ts";
import { type RunFolders, agentEnvironment, isInside, readablePaths, wrapped } from "./bubblewrap.ts";
import { type LaunchWorld, RunStop, STOPPED, type Work, endOf } from "./run-context.ts";

// Some take seconds to say their version on a busy machine.
const PROBE_MS = 30_000;

/** What holds one program: how its command is wrapped, and the environment it gets. */
export interface Cell {
  readonly path: string;
  readonly sandbox: "bubblewrap" | "none";
  wrap(argv: readonly string[]): readonly string[];
  env(lent: Readonly<Record<string, string>>, told: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

export async function cellOf(work: Work, argv: readonly string[]): Promise<Cell> {
  const { program, launch, folders } = work;
  const { world, settings } = launch;
  const [name, ...rest] = argv;
  if (name === undefined)
    throw new RunStop(`[agent] runtime = "${program.name}" needs command = ["program", "argument"]`);
  const found = await world.find(name);
  if (found === undefined)
    throw new RunStop(`${name} is not installed, or not on the desk's PATH; [agent] command may name it`);
  if (isInside(found.real, world.workspace)) throw new RunStop(`${name} stands inside the workspace; put it elsewhere`);
  const env: Cell["env"] = (lent, told) =>
    agentEnvironment(
      lent,
      told,
      folders,
      [found.path, world.node].map((file) => dirname(file)).concat("/usr/bin", "/bin"),
    );
  const bubblewrap = await workingBubblewrap(work);
  if (bubblewrap !== undefined) {
    const files = await filesIn(world, [world.node, ...rest], folders);
    const readable = readablePaths(found.real, [...files.values()], [...world.hidden, world.workspace]);
    if (!("shows" in readable)) {
      const wrap: Cell["wrap"] = (line) =>
        wrapped(
          bubblewrap,
          folders,
          readable,
          line.map((word) => files.get(word) ?? word),
        );
      return { path: found.real, sandbox: "bubblewrap", env, wrap };
    }
    if (!settings.unconfined)
      throw new RunStop(`${name} stands in a folder with ${readable.shows} in it; put it into a folder of its own`);
  }
  if (program.hasHands && !settings.unconfined) {
    throw new RunStop(
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
  world: LaunchWorld,
  words: readonly string[],
  folders: RunFolders,
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const word of words) {
    const real = word.startsWith("/") ? await world.realPath(word) : undefined;
    if (real === undefined || isInside(real, folders.root) || isInside(real, world.workspace)) continue;
    if ((await world.disk.facts(real))?.kind === "file") files.set(word, real);
  }
  return files;
}

/** It may be installed and yet forbidden, as in many containers, so it is tried. */
async function workingBubblewrap(work: Work): Promise<string | undefined> {
  const found = await work.launch.world.find("bwrap");
  if (found === undefined) return undefined;
  const { isClean } = await asked(work, wrapped(found.real, work.folders, [], ["/usr/bin/true"]), {});
  return isClean ? found.real : undefined;
}

const VERSION = /\b(\d+)\.(\d+)\.(\d+)\b/;

/** @throws RunStop where the program is older than its floor, or does not say. */
export async function versionOf(work: Work, cell: Cell): Promise<string | undefined> {
  const { program, launch } = work;
  if (program.floor === undefined) return undefined;
  const rest = (launch.settings.command ?? []).slice(1);
  const { text } = await asked(work, cell.wrap([cell.path, ...rest, "--version"]), cell.env({}, {}));
  const found = VERSION.exec(text)?.[0];
  if (found === undefined) throw new RunStop(`${program.name} --version said nothing that is a version`);
  if (isOlder(found, program.floor))
    throw new RunStop(`${program.name} ${found} is too old; its switches hold from ${program.floor} on`);
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
  { launch, folders, signal, spentMs }: Work,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
) {
  const { world, settings } = launch;
  const lines: string[] = [];
  const line = (text: string): void => void (lines.length < 20 && lines.push(text));
  const leftMs = Math.max(0, settings.timeoutMs - spentMs());
  const ask = {
    argv,
    env,
    cwd: folders.work,
    opening: "",
    answers: false,
    timeoutMs: Math.min(PROBE_MS, leftMs),
    line,
  };
  const { isClean, stopped } = await endOf(startProcess(world, ask), signal);
  if (stopped === STOPPED) throw new RunStop(STOPPED);
  if (stopped === tookLonger(ask.timeoutMs) && leftMs <= PROBE_MS) throw new RunStop(tookLonger(settings.timeoutMs));
  return { isClean, text: lines.join("\n") };
}
