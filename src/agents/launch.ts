/**
 * Starts an agent's program for one run: private empty folders, an environment by allow-list, a sandbox where there is one,
 * a way in that closes with the run, and bounds on turns, cost and time. What the program says is never trusted.
 */
import type { Disk } from "../domain/ports.ts";
import type { Transcript } from "../workspace/run-transcripts.ts";
import { type Running, type ProcessWorld, startProcess } from "./process.ts";
import type { AgentProgram, AgentSettings, LaunchAsk, RunDoor, RunResult, RunTask, Runtime } from "./runtime.ts";
import { type RunFolders, agentEnvironment, boundary, isInside, readablePaths, runFolders, wrapped } from "./sandbox.ts";
import { NEVER_LISTED, type Tally, dollars, tallyOf } from "./tally.ts";

export interface LaunchWorld extends ProcessWorld {
  readonly disk: Disk;
  /** The desk's own environment, of which little is lent. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a program stands that is named as the shell would name it, and its real path; undefined: nowhere. */
  readonly find: (program: string) => Promise<{ readonly path: string; readonly real: string } | undefined>;
  /** Where a path leads through any links; undefined: nowhere. */
  readonly realPath: (path: string) => Promise<string | undefined>;
  /** A new empty folder that nobody else may read, with its way back. */
  readonly privateFolder: () => Promise<{ readonly path: string; remove(): Promise<void> }>;
  /** The Node that runs the desk; programs written in JavaScript ask for it by name. */
  readonly node: string;
  /** What no agent's program may see, by real paths: homes, keys, sockets, other runs. */
  readonly hidden: readonly string[];
  /** The workspace, which no agent's program sees. */
  readonly workspace: string;
  /** Where what a run's program says is kept. */
  readonly transcript: (run: string) => Transcript;
}

export interface Launch {
  readonly world: LaunchWorld;
  readonly settings: AgentSettings;
  /** Opens the way in for a run. */
  readonly door: (run: string) => RunDoor;
  /** Hears of each tool that the program itself did not let its agent use. */
  readonly refused: (run: string, tool: string) => void;
}

/** Why a run cannot start or go on, in words for the operator. */
class RunStop extends Error {}

// Some take seconds to say their version on a busy machine.
const PROBE_MS = 30_000;
/** A program that writes without end is ended for it. */
const LINES_MAX = 200_000;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** An agent's program as a runtime. */
export const launched = (program: AgentProgram, launch: Launch): Runtime => ({
  name: program.name,
  work: async (task, _call, note, signal) => {
    const folder = await launch.world.privateFolder();
    const door = launch.door(task.run);
    try {
      const folders = runFolders(folder.path);
      await makeFolders(launch.world.disk, folders);
      return await workIn({ program, launch, task, door, folders, note, signal });
    } catch (error) {
      if (error instanceof RunStop) return { summary: "", proposals: [], failure: error.message };
      throw error;
    } finally {
      await door.close();
      await folder.remove();
    }
  },
});

interface Work {
  readonly program: AgentProgram;
  readonly launch: Launch;
  readonly task: RunTask;
  readonly door: RunDoor;
  readonly folders: RunFolders;
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

const workIn = async (work: Work): Promise<RunResult> => {
  const { program, launch, task, door, folders, signal } = work;
  const lent = lentOf(launch.world.env, [...program.lends, ...launch.settings.env]);
  const ask: LaunchAsk = { door, settings: launch.settings, bundle: task.bundle, lent, setup: folders.setup, cwd: folders.work };
  const line = program.line(ask);
  const cell = await cellOf(work, line.argv);
  const version = await versionOf(work, cell);
  await writeSetup(launch.world.disk, folders.setup, line.files);
  const hide = redactor(lent, door.token);
  const note = (text: string): void => work.note(hide(text));
  note(cell.sandbox === "none" ? "no bubblewrap here: it is held by its own switches alone" : `in ${cell.sandbox}`);
  const tally = tallyOf(program, launch.settings, door, note);
  const talk = program.talk(ask);
  const transcript = launch.world.transcript(task.run);
  transcript.line(JSON.stringify({ told: task.bundle }));
  let [unread, heard] = [0, 0];
  const running: Running = startProcess(launch.world, {
    argv: cell.wrap([cell.path, ...line.argv.slice(1)]),
    env: cell.env(lent, { ...line.env, QOC_RUN: task.run }),
    cwd: folders.work,
    opening: talk.opening,
    answers: talk.answers,
    timeoutMs: launch.settings.timeoutMs,
    line: (raw) => {
      // Before anything is cut to a length, which could leave half of a secret that nobody knows any more.
      const text = hide(raw);
      heard += 1;
      if (heard > LINES_MAX) return running.stop(`it wrote more than ${LINES_MAX} lines`);
      transcript.line(text);
      const events = talk.read(text, (answer) => running.send(answer));
      if (events === undefined) unread += text.trim() === "" ? 0 : 1;
      for (const event of events ?? []) {
        if (event.kind === "refused") launch.refused(task.run, event.tool);
        const why = tally.take(event);
        if (why !== undefined) running.stop(why);
        // A program that keeps the conversation open is let go once it said that it is done.
        else if (event.kind === "end" && talk.answers) running.stop(ENDED);
      }
    },
  });
  const abort = (): void => running.stop("it was stopped by the operator");
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const end = await running.over;
  signal.removeEventListener("abort", abort);
  // Nothing more comes in, and what was under way has come to its end, before anybody counts what it did.
  await door.close();
  await transcript.close();
  const failure = failureOf(program, door, tally, end);
  return {
    summary: hide(tally.words()),
    proposals: [],
    ...(failure === undefined ? {} : { failure: hide(failure) }),
    use: tally.use(),
    facts: {
      sandbox: cell.sandbox,
      bounds: boundsOf(launch.settings),
      transcript: transcript.path,
      ...(version === undefined ? {} : { version }),
      ...(unread === 0 ? {} : { unread_lines: String(unread) }),
    },
  };
};

const makeFolders = async (disk: Disk, { home, work, setup, temp }: RunFolders): Promise<void> => {
  const { folders, head } = boundary(work);
  for (const path of [home, work, setup, temp, ...folders]) await disk.mkdir(path, FOLDER_MODE);
  await disk.create(head.path, head.text, FILE_MODE);
};

const boundsOf = ({ maxTurns, maxCostUsd, timeoutMs }: AgentSettings): string =>
  `${maxTurns} turns, ${dollars(maxCostUsd)}, ${Math.round(timeoutMs / 6_000) / 10} min`;

const writeSetup = async (disk: Disk, setup: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    const path = `${setup}/${name}`;
    await disk.mkdir(folderOf(path), FOLDER_MODE);
    await disk.create(path, text, FILE_MODE);
  }
};

/** Why a program is ended that said all it had to say. */
const ENDED = "";

const failureOf = (program: AgentProgram, door: RunDoor, tally: Tally, end: Awaited<Running["over"]>): string | undefined => {
  const errors = end.errors === "" ? "" : `; it wrote: ${end.errors}`;
  if (end.stopped !== undefined && end.stopped !== ENDED) return end.stopped;
  const told = tally.end();
  if (told?.failure !== undefined) return told.failure;
  if (end.stopped !== ENDED && !end.isClean) return `${end.how}${errors}`;
  if (program.tellsEnd && told === undefined) return `it said nothing of its end; ${end.how}${errors}`;
  return program.tools === "asked" && !door.hasListed() ? NEVER_LISTED : undefined;
};

/** What holds one program: how its command is wrapped, and the environment it gets. */
interface Cell {
  readonly path: string;
  readonly sandbox: "bubblewrap" | "none";
  wrap(argv: readonly string[]): readonly string[];
  env(lent: Readonly<Record<string, string>>, told: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
}

const cellOf = async ({ program, launch, folders }: Work, argv: readonly string[]): Promise<Cell> => {
  const { world, settings } = launch;
  const [name, ...rest] = argv;
  if (name === undefined) throw new RunStop(`[agent] runtime = "${program.name}" needs command = ["program", "argument"]`);
  const found = await world.find(name);
  if (found === undefined) throw new RunStop(`${name} is not installed, or not on the desk's PATH; [agent] command may name it`);
  if (isInside(found.real, world.workspace)) throw new RunStop(`${name} stands inside the workspace; put it elsewhere`);
  const env: Cell["env"] = (lent, told) =>
    agentEnvironment(lent, told, folders, [found.path, world.node].map(folderOf).concat("/usr/bin", "/bin"));
  const bubblewrap = await workingBubblewrap(world, folders);
  if (bubblewrap !== undefined) {
    const files = await filesIn(world, [world.node, ...rest], folders);
    const readable = readablePaths(found.real, [...files.values()], [...world.hidden, world.workspace]);
    if (!("shows" in readable)) {
      const wrap: Cell["wrap"] = (line) => wrapped(bubblewrap, folders, readable, line.map((word) => files.get(word) ?? word));
      return { path: found.real, sandbox: "bubblewrap", env, wrap };
    }
    if (!settings.unconfined) throw new RunStop(`${name} stands in a folder with ${readable.shows} in it; put it into a folder of its own`);
  }
  if (program.hasHands && !settings.unconfined) {
    throw new RunStop(`runtime ${program.name} needs bubblewrap to hold it; install it, or set [agent] unconfined = true`);
  }
  return { path: found.path, sandbox: "none", env, wrap: (line) => line };
};

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/")) || "/";

/**
 * Files of the operator that the command line names, such as a script, with the real path of each, by which alone it is shown;
 * never a folder, nor what a link leads to in the workspace.
 */
const filesIn = async (world: LaunchWorld, words: readonly string[], folders: RunFolders): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  for (const word of words) {
    const real = word.startsWith("/") ? await world.realPath(word) : undefined;
    if (real === undefined || isInside(real, folders.root) || isInside(real, world.workspace)) continue;
    if ((await world.disk.facts(real))?.kind === "file") files.set(word, real);
  }
  return files;
};

/** It may be installed and yet forbidden, as in many containers, so it is tried. */
const workingBubblewrap = async (world: LaunchWorld, folders: RunFolders): Promise<string | undefined> => {
  const found = await world.find("bwrap");
  if (found === undefined) return undefined;
  const { isClean } = await asked(world, wrapped(found.real, folders, [], ["/usr/bin/true"]), {}, folders.work);
  return isClean ? found.real : undefined;
};

const VERSION = /\b(\d+)\.(\d+)\.(\d+)\b/;

/** @throws RunStop where the program is older than its floor, or does not say. */
const versionOf = async ({ program, launch, folders }: Work, cell: Cell): Promise<string | undefined> => {
  if (program.floor === undefined) return undefined;
  const rest = (launch.settings.command ?? []).slice(1);
  const { text } = await asked(launch.world, cell.wrap([cell.path, ...rest, "--version"]), cell.env({}, {}), folders.work);
  const found = VERSION.exec(text)?.[0];
  if (found === undefined) throw new RunStop(`${program.name} --version said nothing that is a version`);
  if (isOlder(found, program.floor)) throw new RunStop(`${program.name} ${found} is too old; its switches hold from ${program.floor} on`);
  return found;
};

export const isOlder = (version: string, floor: string): boolean => {
  const [a, b] = [version, floor].map((text) => text.split(".").map(Number));
  for (const [index, least] of (b ?? []).entries()) {
    const mine = a?.[index] ?? 0;
    if (mine !== least) return mine < least;
  }
  return false;
};

/** Runs a short question to its end. */
const asked = async (world: LaunchWorld, argv: readonly string[], env: Readonly<Record<string, string>>, cwd: string) => {
  const lines: string[] = [];
  const line = (text: string): void => void (lines.length < 20 && lines.push(text));
  const { isClean } = await startProcess(world, { argv, env, cwd, opening: "", answers: false, timeoutMs: PROBE_MS, line }).over;
  return { isClean, text: lines.join("\n") };
};

/** What the desk's own environment has of these names. */
const lentOf = (env: LaunchWorld["env"], names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));

const SECRET_CHARS_MIN = 8;

/** Takes the token and every lent value out of what is shown or kept. */
const redactor = (lent: Readonly<Record<string, string>>, token: string): ((text: string) => string) => {
  const secrets = [["token", token], ...Object.entries(lent)].filter(([, value = ""]) => value.length >= SECRET_CHARS_MIN);
  return (text) => secrets.reduce((shown, [name = "", value = ""]) => shown.replaceAll(value, `[${name}]`), text);
};
