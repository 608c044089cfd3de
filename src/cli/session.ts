/** One command line at work: how it reaches the desk, what it prints, and whether anybody may be asked. */
import { resolve } from "node:path";
import type { Channel } from "../domain/event.ts";
import { EXIT, QocError } from "../domain/error.ts";
import type { CommandEntry } from "../commands/command-entry.ts";
import type { Globals } from "./argv.ts";
import { Interrupted, type Prompter } from "./prompts.ts";
import { callDaemon, isDeskDown } from "./client.ts";
import { oneLine } from "../commands/rendering/terminal-text.ts";
import { canPrompt } from "./io.ts";
import { render } from "./render.ts";
import type { CliDeps } from "./cli-deps.ts";

export interface Session {
  readonly world: CliDeps;
  readonly globals: Globals;
  /** undefined if no person can answer: not a terminal, `--no-input`, `--json`, or CI. */
  readonly prompter: Prompter | undefined;
  readonly signal: AbortSignal;
  /** The row of that name. @throws QocError UNKNOWN_COMMAND. */
  row(name: string): CommandEntry;
  /** Runs a row where it belongs: at the desk, or here. Streams are printed as they come. */
  call(row: CommandEntry, input: Readonly<Record<string, unknown>>, channel?: Channel): Promise<unknown>;
  /** Prints an answer as data. */
  show(row: CommandEntry, value: unknown): Promise<void>;
  /** One line for the person, on stderr; silent under --quiet, and under --json, where stderr is for an error object alone. */
  note(line: string): void;
}

export function openSession(
  world: CliDeps,
  globals: Globals,
  table: readonly CommandEntry[],
  signal: AbortSignal,
): Session {
  const { io } = world;
  const cwd = resolve(world.cwd, globals.workspace ?? ".");
  const mayAsk = canPrompt(io, world.env, globals.noInput);
  const note = (line: string): void => {
    if (!globals.quiet && !globals.json) io.err(`${oneLine(line)}\n`);
  };
  const show = (row: CommandEntry, value: unknown): Promise<void> => {
    const text = render(row, value, io, globals.json);
    return text === "" ? Promise.resolve() : io.out(text);
  };
  const here = async (row: CommandEntry, input: unknown, channel: Channel): Promise<unknown> => {
    let isShown = false;
    const ready = (facts: unknown): void => {
      isShown = true;
      void show(row, facts);
    };
    const emit = (value: unknown): Promise<void> => show(row, value);
    const value = await world.invokeLocal(row, input, { channel, cwd, emit, note, signal, canAsk: mayAsk, ready });
    return isShown ? undefined : value;
  };
  const atDesk = async (
    row: CommandEntry,
    input: Readonly<Record<string, unknown>>,
    channel: Channel,
  ): Promise<unknown> => {
    const socketPath = await world.socketFor(cwd);
    const request = { command: row.name, input, channel, cwd };
    const cutOff = row.exits?.includes(EXIT.unknownOutcome) === true ? { cutOff: unanswered(row, input) } : {};
    try {
      return await callDaemon({
        socketPath,
        request,
        onNote: note,
        onValue: (value) => show(row, value),
        signal,
        ...cutOff,
      });
    } catch (error) {
      if (error instanceof Interrupted && row.writes.length > 0)
        note("interrupted; what the desk has begun it may finish: qoc status");
      throw error;
    }
  };
  return {
    world,
    globals,
    prompter: mayAsk && !globals.json ? io.prompter({ signal, hasColour: io.colour.err }) : undefined,
    signal,
    row: (name) => {
      const row = table.find((known) => known.name === name);
      if (row === undefined) throw new QocError("UNKNOWN_COMMAND", { name });
      return row;
    },
    call: async (row, input, channel = "cli") => {
      if (row.runs === "local") return here(row, input, channel);
      try {
        return await atDesk(row, input, channel);
      } catch (error) {
        // Only where nobody listened: a desk that was asked and went away may have done its work.
        if (row.runs === "local-if-down" && isDeskDown(error)) return here(row, input, channel);
        throw error;
      }
    },
    show,
    note,
  };
}

/** An order may have left before the desk did. */
function unanswered(row: CommandEntry, input: Readonly<Record<string, unknown>>): QocError {
  return new QocError("OUTCOME_UNKNOWN", {
    id: String(input["id"] ?? row.name),
    reason: "the desk stopped before it answered",
  });
}
