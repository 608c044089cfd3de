/**
 * Launches an agent's program for one run: private empty folders, an allow-listed environment, a sandbox if available,
 * an MCP endpoint that closes with the run, and limits on turns, cost and time. Output of the program is untrusted.
 */
import { dirname } from "node:path";
import { messageOf } from "../domain/errors/error.ts";
import type { Disk } from "../domain/ports.ts";
import { SecretRedactor } from "../lib/secret-redactor.ts";
import { type SandboxedProgram, checkVersion, prepareSandbox } from "./agent-sandbox.ts";
import { type RunFolders, gitBoundary, runFolders } from "./bubblewrap.ts";
import { type ProcessEnd, type RunningProcess, startProcess } from "./process.ts";
import { type LaunchDeps, type LaunchOptions, type ProgramRun, RunAborted, waitForEnd } from "./program-run.ts";
import { type RunMeter, TOOLS_NOT_LISTED, createRunMeter, dollars } from "./run-meter.ts";
import type {
  AgentEvent,
  AgentProgram,
  AgentSettings,
  Conversation,
  LaunchCommand,
  LaunchRequest,
  RunEndpoint,
  RunResult,
  Runtime,
} from "./runtime.ts";
import { counted } from "../lib/counted.ts";

/** A program that writes more lines is stopped. */
const LINES_MAX = 200_000;
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Shorter values would match ordinary words. */
const SECRET_CHARS_MIN = 8;

/** Wraps an agent's program as a runtime. */
export function createRuntime(program: AgentProgram, launch: LaunchOptions): Runtime {
  return {
    name: program.name,
    run: async (task, _call, progress, signal) => {
      const folder = await launch.deps.createPrivateFolder();
      try {
        return await withEndpoint({ program, launch, task, folders: runFolders(folder.path), progress, signal });
      } finally {
        // The result of the run counts even if its folder cannot be removed.
        await folder
          .remove()
          .catch((error: unknown) => progress.line(`the run's folder was not removed: ${messageOf(error)}`));
      }
    },
  };
}

async function withEndpoint(run: Omit<ProgramRun, "endpoint" | "elapsedMs">): Promise<RunResult> {
  const { launch, folders, task } = run;
  const { clock, disk } = launch.deps;
  const endpoint = launch.openEndpoint(task.run);
  // The token's time limit starts here, too.
  const startedAt = clock.monotonic();
  try {
    await makeFolders(disk, folders);
    return await runProgram({ ...run, endpoint, elapsedMs: () => Math.round(clock.monotonic() - startedAt) });
  } catch (error) {
    if (error instanceof RunAborted) return { summary: "", proposals: [], failure: error.message };
    throw error;
  } finally {
    await endpoint.close();
  }
}

async function runProgram(programRun: ProgramRun): Promise<RunResult> {
  const { program, launch, task, endpoint, folders, signal } = programRun;
  const passedEnv = passedEnvironment(launch.deps.env, [...program.passthroughEnv, ...launch.settings.env]);
  const request: LaunchRequest = {
    endpoint,
    settings: launch.settings,
    bundle: task.bundle,
    passedEnv,
    setupFolder: folders.setup,
    cwd: folders.work,
  };
  const command = program.launchCommand(request);
  // Before the program first runs, for its version: it could put a link in the place of the folder.
  await writeSetup(launch.deps.disk, folders.setup, command.files);
  const sandboxed = await prepareSandbox(programRun, command.argv);
  const version = await checkVersion(programRun, sandboxed);
  const redactor = createRedactor(passedEnv, endpoint.token);
  const run: ProgramRun = {
    ...programRun,
    progress: { line: (text) => programRun.progress.line(redactor.redact(text)) },
  };
  run.progress.line(
    sandboxed.sandbox === "none" ? "not sandboxed; relies on the program's own settings" : `in ${sandboxed.sandbox}`,
  );
  const meter = createRunMeter(program, launch.settings, endpoint, run.progress);
  const transcript = launch.deps.openTranscript(task.run);
  transcript.line(JSON.stringify({ prompt: task.bundle }));
  const output = { redactor, meter, transcript, unreadLines: 0 };
  const end = await waitForEnd(startProgram(run, { request, command, sandboxed }, output), signal);
  // Calls still running may change what the run did: wait for them before its result is read.
  await endpoint.close();
  await transcript.close();
  const failure = failureReason(program, endpoint, meter, end);
  const metadata: Record<string, string> = {
    sandbox: sandboxed.sandbox,
    bounds: limitsText(launch.settings),
    transcript: transcript.path,
  };
  if (version !== undefined) metadata["version"] = version;
  if (output.unreadLines > 0) metadata["unread_lines"] = String(output.unreadLines);
  return {
    summary: redactor.redact(meter.summary()),
    proposals: [],
    failure: failure === undefined ? undefined : redactor.redact(failure),
    use: meter.use(),
    metadata,
  };
}

interface ProgramOutput {
  readonly redactor: SecretRedactor;
  readonly meter: RunMeter;
  readonly transcript: { line(line: string): void };
  /** Lines that are not in the program's format. */
  unreadLines: number;
}

interface PreparedProgram {
  readonly request: LaunchRequest;
  readonly command: LaunchCommand;
  readonly sandboxed: SandboxedProgram;
}

function startProgram(
  { program, launch, task, endpoint, folders, elapsedMs }: ProgramRun,
  { request, command, sandboxed }: PreparedProgram,
  output: ProgramOutput,
): RunningProcess {
  const { meter } = output;
  // If a program does not report its calls, count them at the desk's endpoint.
  if (program.toolDiscovery === "unknown") endpoint.onCall((tool) => void meter.record({ kind: "call", tool }));
  const conversation = program.openConversation(request);
  const handle = (event: AgentEvent): void => {
    if (event.kind === "denied")
      launch.refusals.record({
        actor: `agent:${task.run}`,
        command: event.tool,
        reason: "denied by the agent program",
      });
    const stopReason = meter.record(event);
    if (stopReason !== undefined) running.stop(stopReason);
    // A program that keeps the conversation open does not exit by itself after it reported its completion.
    else if (event.kind === "end" && conversation.keepsInputOpen) running.stop(COMPLETED);
  };
  let lineCount = 0;
  const running: RunningProcess = startProcess(launch.deps, {
    argv: sandboxed.wrap([sandboxed.path, ...command.argv.slice(1)]),
    isSandboxed: sandboxed.sandbox === "bubblewrap",
    env: sandboxed.env(request.passedEnv, { ...command.env, QOC_RUN: task.run }),
    cwd: folders.work,
    initialInput: conversation.initialInput,
    keepsInputOpen: conversation.keepsInputOpen,
    timeoutMs: launch.settings.timeoutMs,
    elapsedMs: elapsedMs(),
    onLine: (raw) => {
      lineCount += 1;
      if (lineCount > LINES_MAX) return running.stop(`wrote more than ${LINES_MAX} lines`);
      readLine(conversation, raw, { ...output, send: (line) => running.send(line), handle, countUnread });
    },
  });
  const countUnread = (): void => void (output.unreadLines += 1);
  return running;
}

interface LineHandlers extends Pick<ProgramOutput, "redactor" | "transcript"> {
  readonly send: (line: string) => void;
  readonly handle: (event: AgentEvent) => void;
  readonly countUnread: () => void;
}

function readLine(conversation: Conversation, raw: string, handlers: LineHandlers): void {
  // Redact before anything is truncated: half of a secret could not be recognised any more.
  const line = handlers.redactor.redact(raw);
  handlers.transcript.line(line);
  const events = conversation.readLine(line, handlers.send);
  if (events === undefined && line.trim() !== "") handlers.countUnread();
  for (const event of events ?? []) handlers.handle(event);
}

async function makeFolders(disk: Disk, { home, work, setup, temp }: RunFolders): Promise<void> {
  const { folders, head } = gitBoundary(work);
  for (const path of [home, work, setup, temp, ...folders]) await disk.mkdir(path, FOLDER_MODE);
  await disk.create(head.path, head.text, FILE_MODE);
}

function limitsText({ maxTurns, maxCostUsd, timeoutMs }: AgentSettings): string {
  return `${counted(maxTurns, "turn")}, ${dollars(maxCostUsd)}, ${Math.round(timeoutMs / 6_000) / 10} min`;
}

async function writeSetup(disk: Disk, setup: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = `${setup}/${name}`;
    await disk.mkdir(dirname(path), FOLDER_MODE);
    await disk.create(path, content, FILE_MODE);
  }
}

/** The stop reason of a program that reported its completion and is ended by the desk; not a failure. */
const COMPLETED = "";

function failureReason(
  program: AgentProgram,
  endpoint: RunEndpoint,
  meter: RunMeter,
  { stopReason, isClean, description, stderr }: ProcessEnd,
): string | undefined {
  const errors = stderr === "" ? "" : `; standard error: ${stderr}`;
  if (stopReason !== undefined && stopReason !== COMPLETED) return stopReason;
  const completion = meter.completion();
  if (completion?.failure !== undefined) return completion.failure;
  if (stopReason !== COMPLETED && !isClean) return `${description}${errors}`;
  if (program.reportsCompletion && completion === undefined)
    return `did not report its completion; ${description}${errors}`;
  return program.toolDiscovery === "listed" && !endpoint.hasListed() ? TOOLS_NOT_LISTED : undefined;
}

/** The variables of `env` with these names. */
function passedEnvironment(env: LaunchDeps["env"], names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** Replaces the token and every passed environment value by its name in square brackets. */
function createRedactor(env: Readonly<Record<string, string>>, token: string): SecretRedactor {
  const redactor = new SecretRedactor(SECRET_CHARS_MIN);
  for (const [name, value] of Object.entries({ ...env, token })) redactor.add(value, `[${name}]`);
  return redactor;
}
