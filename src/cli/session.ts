/** One command line: how it reaches the desk, what it prints, and whether a person can be asked. */
import type { Progress } from "../domain/ports.ts";
import { resolve } from "node:path";
import type { CommandEntry } from "../commands/command-entry.ts";
import type { CommandRegistry, CommandSession, Prompter } from "../commands/command.ts";
import { painter } from "../commands/rendering/paint.ts";
import { INDENT } from "../commands/rendering/table-text.ts";
import { oneLine, wrap } from "../commands/rendering/terminal-text.ts";
import { EXIT, QocError } from "../domain/errors/error.ts";
import type { CommandTreeInput } from "./command-tree.ts";
import type { Globals } from "./flags.ts";
import type { DeskProcess } from "../workspace/lock.ts";
import type { CliDeps, LocalCall } from "./cli-deps.ts";
import { RemoteError, callDaemon, isDeskDown } from "./client.ts";
import { canPrompt } from "./io.ts";
import { Interrupted } from "./prompts.ts";
import { shownTimes } from "../commands/rendering/local-time.ts";
import { outputStyle, redraw, renderValue } from "./render.ts";

export interface SessionOptions {
  readonly deps: CliDeps;
  readonly globals: Globals;
  readonly registry: CommandRegistry;
  readonly signal: AbortSignal;
}

export function openSession({ deps, globals, registry, signal }: SessionOptions): CommandSession {
  const { io } = deps;
  const { json, yes, quiet } = globals;
  const cwd = resolve(deps.cwd, globals.workspace ?? ".");
  const canAsk = canPrompt(io, deps.env, globals.noInput);
  const progress: Progress = {
    line: (sentence) => {
      if (quiet || json) return;
      const text = shownTimes({ isTty: io.isTty.err }, sentence);
      const lines = io.isTty.err ? wrap(oneLine(text), io.columns - INDENT.length) : [oneLine(text)];
      io.err(lines.map((line, index) => `${index === 0 ? "" : INDENT}${line}\n`).join(""));
    },
  };
  const print = async (entry: CommandEntry, value: unknown): Promise<void> => {
    const text = await renderValue(value, { entry, registry, io, json });
    if (text !== "") await io.out(text);
  };
  const callLocally = localCaller(deps.invokeLocal, json, print, { channel: "cli", cwd, progress, signal, canAsk });
  const callDesk = async (entry: CommandEntry, input: CommandTreeInput): Promise<unknown> => {
    const cutOff = entry.exits?.includes(EXIT.unknownOutcome) === true ? outcomeUnknown(entry, input) : undefined;
    try {
      return await callDaemon({
        address: await deps.deskAt(cwd),
        request: { command: entry.name, input, cwd },
        progress,
        onValue: (value) => print(entry, value),
        signal,
        cutOff,
      });
    } catch (error) {
      if (error instanceof Interrupted && entry.writes.length > 0)
        progress.line("interrupted; the desk may still finish what it has started: qoc status");
      throw isDeskDown(error) ? await unreachable(error, deps.deskProcess(cwd)) : error;
    }
  };
  const prompter = canAsk && !json ? io.prompter({ signal, hasColour: io.colour.err }) : undefined;
  const passphrase = passphraseReader(globals.passphraseFd, io.fdText);
  return {
    flags: { json, yes, quiet },
    isTty: io.isTty.out,
    prompter,
    signal,
    call: async (name, input, answers) => {
      const entry = entryOf(registry, name);
      if (entry.runs === "local") return callLocally(entry, input, answers);
      try {
        return await callDesk(entry, input);
      } catch (error) {
        if (runsHere(entry, error)) return callLocally(entry, input);
        throw error;
      }
    },
    callDesk: (name, input) => callDesk(entryOf(registry, name), input),
    show: (name, value) => print(entryOf(registry, name), value),
    progress,
    redraw: (render) => redraw(io, render(outputStyle(io))),
    display: (render) => {
      const lines = render({ isTty: true, columns: io.columns, paint: painter(io.colour.err) });
      io.err(`${lines.join("\n")}\n`);
    },
    readPassphrase: passphrase,
    sign: async (request) =>
      deps.sign(cwd, request, request.key === "live" ? await livePassphrase(passphrase, prompter) : undefined),
    random: deps.random,
    now: deps.now,
    openLink: (link) => deps.openLink(cwd, link),
    remoteError: (error) => (error instanceof RemoteError ? error : undefined),
    isDeskDown,
  };
}

type Print = (entry: CommandEntry, value: unknown) => Promise<void>;
type CallFacts = Pick<LocalCall, "channel" | "cwd" | "progress" | "signal" | "canAsk">;

/** Returns a function that runs a command in this process, and resolves with what is still to be printed. */
function localCaller(invokeLocal: CliDeps["invokeLocal"], json: boolean, print: Print, facts: CallFacts) {
  return async (entry: CommandEntry, input: CommandTreeInput, onAnswer?: () => Promise<void>): Promise<unknown> => {
    let printed: Promise<void> | undefined;
    // A person reads that the desk answers; a program reads one object, when its connectors can take orders.
    const answers = (report: unknown): void =>
      void (printed = json ? Promise.resolve() : print(entry, report).then(onAnswer));
    const ready = (report: unknown): void => void (printed = json ? print(entry, report) : printed);
    const emit = (value: unknown): Promise<void> => print(entry, value);
    const value = await invokeLocal(entry, input, { ...facts, emit, answers, ready });
    await printed;
    return printed === undefined ? value : undefined;
  };
}

/** A desk whose process runs is not down, although its socket does not answer. */
async function unreachable(error: unknown, deskProcess: Promise<DeskProcess | undefined>): Promise<unknown> {
  const found = await deskProcess;
  if (found === undefined) return error;
  const { pid, otherFolder } = found;
  if (otherFolder !== undefined) return new QocError("DESK_ELSEWHERE", { pid, folder: otherFolder }, { cause: error });
  return new QocError("DESK_UNREACHABLE", { pid }, { cause: error });
}

/** The desk's process runs, and does not answer or cannot record anything. */
const SILENT: ReadonlySet<string> = new Set(["DESK_UNREACHABLE", "DESK_ELSEWHERE", "JOURNAL_FAILED"]);

/** Only if the desk did not carry out the call: a desk that was reached and then went away may have done so. */
function runsHere({ runs }: CommandEntry, error: unknown): boolean {
  const isSilent = (error instanceof QocError || error instanceof RemoteError) && SILENT.has(error.code);
  return (
    (runs === "local-if-down" && isDeskDown(error)) || (runs === "local-if-silent" && (isDeskDown(error) || isSilent))
  );
}

/** @throws QocError UNKNOWN_COMMAND. */
function entryOf(registry: CommandRegistry, name: string): CommandEntry {
  const entry = registry.entries.find((known) => known.name === name);
  if (entry === undefined) throw new QocError("UNKNOWN_COMMAND", { name });
  return entry;
}

/** From `--passphrase-fd`, or typed; undefined if there is neither. */
async function livePassphrase(
  fromDescriptor: () => Promise<string | undefined>,
  prompter: Prompter | undefined,
): Promise<string | undefined> {
  const given = await fromDescriptor();
  if (given !== undefined) return given;
  return (await prompter?.password("Passphrase of the live key (press Enter to stop)")) || undefined;
}

/** A descriptor can be read once, so the text is kept. */
function passphraseReader(
  fd: number | undefined,
  fdText: (fd: number) => Promise<string>,
): () => Promise<string | undefined> {
  let text: Promise<string | undefined> | undefined;
  return () => (text ??= readPassphrase(fd, fdText));
}

/** The text of `--passphrase-fd` without its line end; undefined: the flag was not given. */
async function readPassphrase(
  fd: number | undefined,
  fdText: (fd: number) => Promise<string>,
): Promise<string | undefined> {
  if (fd === undefined) return undefined;
  try {
    return (await fdText(fd)).replace(/\r?\n$/, "");
  } catch (error) {
    const message = `--passphrase-fd ${fd} cannot be read: is it open? (... ${fd}< file)`;
    throw new QocError("USAGE", { message, command: "security" }, { cause: error });
  }
}

/** The desk may have sent the order before it stopped. */
function outcomeUnknown(entry: CommandEntry, input: CommandTreeInput): QocError {
  return new QocError("OUTCOME_UNKNOWN", {
    id: String(input["id"] ?? entry.name),
    reason: "the desk stopped before it answered",
  });
}
