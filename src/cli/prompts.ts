/**
 * Prompts on a terminal, drawn by @clack/prompts. Callers check `canPrompt` first. Every prompt is written to standard
 * error, so that standard output holds data only. The library is loaded by the first prompt.
 */
import { Writable } from "node:stream";
import type * as clackPrompts from "@clack/prompts";
import type { Prompter } from "../commands/command.ts";
import { oneLine, widthOf, wrap } from "../commands/rendering/terminal-text.ts";

export interface PrompterOptions {
  readonly signal: AbortSignal;
  readonly hasColour: boolean;
}

/** Ctrl-C during a prompt or a command. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

type Clack = typeof clackPrompts;
interface PromptStreams {
  readonly input: NodeJS.ReadStream;
  readonly output: Writable;
  readonly signal: AbortSignal;
  /** The guide is a bar at the left edge, which would look like the mark of quoted text. */
  readonly withGuide: false;
}

type ShowPrompt<T> = (clack: Clack, streams: PromptStreams) => Promise<T | typeof clackPrompts.CANCEL_SYMBOL>;

const CTRL_C = "\u0003";

export function createPrompter(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  { signal, hasColour }: PrompterOptions,
): Prompter {
  const canvas = new Canvas(output, hasColour);
  const ask = <T>(show: ShowPrompt<T>, withdrawn?: AbortSignal): Promise<T | undefined> =>
    runPrompt(show, { input, canvas, signal, withdrawn });
  return {
    confirm: async (message) =>
      (await ask((clack, streams) =>
        clack.confirm({ ...streams, message: canvas.question(message), initialValue: false }),
      )) === true,
    text: async (message) =>
      ((await ask((clack, streams) => clack.text({ ...streams, message: canvas.question(message) }))) ?? "").trim(),
    select: (message, labels, withdrawn) =>
      ask(
        (clack, streams) =>
          clack.select({
            ...streams,
            message: canvas.question(message),
            options: labels.map((label, value) => ({ value, label: oneLine(label) })),
          }),
        withdrawn,
      ),
    password: (message) =>
      ask((clack, streams) => clack.password({ ...streams, message: canvas.question(message), mask: "" })),
  };
}

interface PromptRun extends Pick<PromptStreams, "input" | "signal"> {
  readonly canvas: Canvas;
  readonly withdrawn: AbortSignal | undefined;
}

/** Runs one prompt. The library returns a symbol for every kind of cancellation; this function distinguishes them. */
async function runPrompt<T>(
  show: ShowPrompt<T>,
  { input, canvas, signal, withdrawn }: PromptRun,
): Promise<T | undefined> {
  signal.throwIfAborted();
  const clack = await import("@clack/prompts");
  signal.throwIfAborted();
  if (isWithdrawn(withdrawn)) return undefined;
  if (input.readableEnded || input.destroyed) return undefined;
  const cancel = new AbortController();
  let isInterrupted = false;
  let isSettled = false;
  const onAbort = (): void => cancel.abort();
  const onKeypress = (character: string | undefined): void => {
    isInterrupted ||= character === CTRL_C;
  };
  // The library does not end a prompt on Ctrl-D or at the end of the input. Both pause the input. An answer pauses it
  // too, but settles the prompt before the next turn of the event loop.
  const onPause = (): void => void setImmediate(() => isSettled || cancel.abort());
  signal.addEventListener("abort", onAbort, { once: true });
  withdrawn?.addEventListener("abort", onAbort, { once: true });
  input.on("keypress", onKeypress);
  input.on("pause", onPause);
  try {
    const value = await show(clack, { input, output: canvas.stream, signal: cancel.signal, withGuide: false });
    signal.throwIfAborted();
    if (isInterrupted) throw new Interrupted();
    if (!clack.isCancel(value)) return value as T;
    if (isWithdrawn(withdrawn)) canvas.erase();
    else canvas.showCancelled();
    return undefined;
  } finally {
    isSettled = true;
    signal.removeEventListener("abort", onAbort);
    withdrawn?.removeEventListener("abort", onAbort);
    input.off("keypress", onKeypress);
    input.off("pause", onPause);
  }
}

function isWithdrawn(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

const COLOUR_CODE = /\u001b\[[\d;]*m/g;
const COLUMNS_DEFAULT = 80;
/** The library writes a mark and two spaces before a question. */
const MARK_WIDTH = 3;

/** Erases the screen below: the library begins each frame of a prompt with it. */
const ERASE_BELOW = "\u001b[J";
const CONTROL_CODE = /\u001b\[[?\d;]*[A-Za-z]/g;

/**
 * Where the library draws: without colours if they are off, and with a usable width if the terminal reports none.
 * Cursor movements stay: a prompt cannot be redrawn without them.
 */
class Canvas {
  readonly stream: Writable;
  readonly #output: NodeJS.WriteStream;
  /** What was drawn since the last `ERASE_BELOW`. */
  #frame = "";

  constructor(output: NodeJS.WriteStream, hasColour: boolean) {
    this.#output = output;
    const target = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        const text = String(chunk);
        const erasedAt = text.lastIndexOf(ERASE_BELOW);
        this.#frame = erasedAt === -1 ? this.#frame + text : text.slice(erasedAt + ERASE_BELOW.length);
        output.write(hasColour ? text : text.replace(COLOUR_CODE, ""));
        // Not at the end of the write: the next line of the command must not overtake the text of the prompt.
        done();
      },
    });
    this.stream = Object.defineProperties(target, {
      columns: { get: () => this.#columns },
      rows: { get: () => output.rows || undefined },
    });
  }

  /** The text of a question, broken at words: a line that fills the terminal would be followed by an empty one. */
  question(text: string): string {
    return wrap(oneLine(text), this.#columns - MARK_WIDTH - 1).join("\n");
  }

  get #columns(): number {
    return this.#output.columns || COLUMNS_DEFAULT;
  }

  /** The library leaves the highlighted answer of a prompt that was cancelled: it looks like the answer. */
  showCancelled(): void {
    const [message = ""] = this.erase();
    this.#output.write(`${message}\ncancelled\n`);
  }

  /** Removes the prompt from the screen; returns its lines. */
  erase(): readonly string[] {
    const lines = this.#frame.replace(CONTROL_CODE, "").split("\n").slice(0, -1);
    const rows = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / this.#columns)), 0);
    const up = rows === 0 ? "" : `\u001b[${rows}A`;
    this.#output.write(`${up}\r${ERASE_BELOW}`);
    return lines;
  }
}
