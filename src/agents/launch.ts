/**
 * Starts an agent's program for one run: private empty folders, an environment by allow-list, a sandbox where there is one,
 * a way in that closes with the run, and bounds on turns, cost and time. What the program says is never trusted.
 */
import { dirname } from "node:path";
import { messageOf } from "../domain/error.ts";
import type { Disk } from "../domain/ports.ts";
import { prepareSandbox, checkVersion } from "./agent-sandbox.ts";
import { type ProcessEnd, type RunningProcess, startProcess } from "./process.ts";
import type { AgentProgram, AgentSettings, LaunchRequest, RunEndpoint, RunResult, Runtime } from "./runtime.ts";
import { type RunFolders, gitBoundary, runFolders } from "./bubblewrap.ts";
import { TOOLS_NOT_LISTED, type RunMeter, dollars, createRunMeter } from "./run-meter.ts";
import { type LaunchOptions, type LaunchDeps, RunAborted, type ProgramRun, waitForEnd } from "./program-run.ts";
import { SecretRedactor } from "../lib/secret-redactor.ts";

/** A program that writes without end is ended for it. */
const LINES_MAX = 200_000;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** An agent's program as a runtime. */
export function createRuntime(program: AgentProgram, launch: LaunchOptions): Runtime {
  return {
    name: program.name,
    run: async (task, _call, note, signal) => {
      const folder = await launch.deps.createPrivateFolder();
      try {
        return await withEndpoint({ program, launch, task, folders: runFolders(folder.path), note, signal });
      } finally {
        // What the run did stands, whatever its program left behind.
        await folder.remove().catch((error: unknown) => note(`its folder could not be removed: ${messageOf(error)}`));
      }
    },
  };
}

async function withEndpoint(work: Omit<ProgramRun, "endpoint" | "elapsedMs">): Promise<RunResult> {
  const { launch, folders, task } = work;
  const { clock, disk } = launch.deps;
  const door = launch.openEndpoint(task.run);
  // The door's own time runs from here too.
  const started = clock.monotonic();
  try {
    await makeFolders(disk, folders);
    return await workIn({ ...work, endpoint: door, elapsedMs: () => Math.round(clock.monotonic() - started) });
  } catch (error) {
    if (error instanceof RunAborted) return { summary: "", proposals: [], failure: error.message };
    throw error;
  } finally {
    await door.close();
  }
}

async function workIn(work: ProgramRun): Promise<RunResult> {
  const { program, launch, task, endpoint: door, folders, signal } = work;
  const lent = passedEnv(launch.deps.env, [...program.passthroughEnv, ...launch.settings.env]);
  const ask: LaunchRequest = {
    endpoint: door,
    settings: launch.settings,
    bundle: task.bundle,
    passedEnv: lent,
    setupFolder: folders.setup,
    cwd: folders.work,
  };
  const line = program.launchCommand(ask);
  const cell = await prepareSandbox(work, line.argv);
  const version = await checkVersion(work, cell);
  await writeSetup(launch.deps.disk, folders.setup, line.files);
  const redactor = createRedactor(lent, door.token);
  const hide = (text: string): string => redactor.redact(text);
  const note = (text: string): void => work.note(hide(text));
  note(cell.sandbox === "none" ? "no bubblewrap here: it is held by its own switches alone" : `in ${cell.sandbox}`);
  const tally = createRunMeter(program, launch.settings, door, note);
  // Of a program that tells of nothing, the desk's own door does.
  if (program.toolDiscovery === "unknown") door.onCall((tool) => void tally.record({ kind: "call", tool }));
  const talk = program.openConversation(ask);
  const transcript = launch.deps.openTranscript(task.run);
  transcript.line(JSON.stringify({ told: task.bundle }));
  let [unread, heard] = [0, 0];
  const running: RunningProcess = startProcess(launch.deps, {
    argv: cell.wrap([cell.path, ...line.argv.slice(1)]),
    env: cell.env(lent, { ...line.env, QOC_RUN: task.run }),
    cwd: folders.work,
    initialInput: talk.initialInput,
    keepsInputOpen: talk.keepsInputOpen,
    timeoutMs: launch.settings.timeoutMs,
    elapsedMs: work.elapsedMs(),
    onLine: (raw) => {
      // Before anything is cut to a length, which could leave half of a secret that nobody knows any more.
      const text = hide(raw);
      heard += 1;
      if (heard > LINES_MAX) return running.stop(`it wrote more than ${LINES_MAX} lines`);
      transcript.line(text);
      const events = talk.readLine(text, (answer) => running.send(answer));
      if (events === undefined) unread += text.trim() === "" ? 0 : 1;
      for (const event of events ?? []) {
        if (event.kind === "denied")
          launch.refusals.record({
            actor: `agent:${task.run}`,
            command: event.tool,
            reason: "denied by the agent program",
          });
        const why = tally.record(event);
        if (why !== undefined) running.stop(why);
        // A program that keeps the conversation open is let go once it said that it is done.
        else if (event.kind === "end" && talk.keepsInputOpen) running.stop(ENDED);
      }
    },
  });
  const end = await waitForEnd(running, signal);
  // Nothing more comes in, and what was under way has come to its end, before anybody counts what it did.
  await door.close();
  await transcript.close();
  const failure = failureOf(program, door, tally, end);
  return {
    summary: hide(tally.summary()),
    proposals: [],
    ...(failure === undefined ? {} : { failure: hide(failure) }),
    use: tally.use(),
    metadata: {
      sandbox: cell.sandbox,
      bounds: boundsOf(launch.settings),
      transcript: transcript.path,
      ...(version === undefined ? {} : { version }),
      ...(unread === 0 ? {} : { unread_lines: String(unread) }),
    },
  };
}

async function makeFolders(disk: Disk, { home, work, setup, temp }: RunFolders): Promise<void> {
  const { folders, head } = gitBoundary(work);
  for (const path of [home, work, setup, temp, ...folders]) await disk.mkdir(path, FOLDER_MODE);
  await disk.create(head.path, head.text, FILE_MODE);
}

function boundsOf({ maxTurns, maxCostUsd, timeoutMs }: AgentSettings): string {
  return `${maxTurns} turns, ${dollars(maxCostUsd)}, ${Math.round(timeoutMs / 6_000) / 10} min`;
}

async function writeSetup(disk: Disk, setup: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = `${setup}/${name}`;
    await disk.mkdir(dirname(path), FOLDER_MODE);
    await disk.create(path, text, FILE_MODE);
  }
}

/** Why a program is ended that said all it had to say. */
const ENDED = "";

function failureOf(program: AgentProgram, door: RunEndpoint, tally: RunMeter, end: ProcessEnd): string | undefined {
  const errors = end.stderr === "" ? "" : `; it wrote: ${end.stderr}`;
  if (end.stopReason !== undefined && end.stopReason !== ENDED) return end.stopReason;
  const told = tally.end();
  if (told?.failure !== undefined) return told.failure;
  if (end.stopReason !== ENDED && !end.isClean) return `${end.description}${errors}`;
  if (program.reportsCompletion && told === undefined) return `it said nothing of its end; ${end.description}${errors}`;
  return program.toolDiscovery === "listed" && !door.hasListed() ? TOOLS_NOT_LISTED : undefined;
}

/** What the desk's own environment has of these names. */
function passedEnv(env: LaunchDeps["env"], names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

const SECRET_CHARS_MIN = 8;

/** Replaces the token and every passed environment value by its name in square brackets. */
function createRedactor(env: Readonly<Record<string, string>>, token: string): SecretRedactor {
  const redactor = new SecretRedactor(SECRET_CHARS_MIN);
  for (const [name, value] of Object.entries({ ...env, token })) redactor.add(value, `[${name}]`);
  return redactor;
}
