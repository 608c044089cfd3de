/** Standard streams in memory: they record the output and answer prompts from a list. */
import type { Io } from "../../src/cli/io.ts";
import type { Prompter } from "../../src/commands/command.ts";

export interface BufferIo {
  readonly io: Io;
  out(): string;
  err(): string;
  /** Messages of the prompts that were shown, in order; those of passwords in brackets. */
  readonly asked: readonly string[];
}

export interface BufferIoOptions {
  readonly isTty?: boolean;
  /** If standard output differs from the other two streams. */
  readonly isOutTty?: boolean;
  readonly colour?: boolean;
  readonly stdin?: string;
  readonly fds?: Readonly<Record<number, string>>;
  /**
   * One answer for each prompt: "y" confirms, a label or part of it selects, undefined cancels. A prompt without an
   * answer is an error.
   */
  readonly answers?: readonly (string | undefined)[];
  /** Fails each write to stdout with this code. */
  readonly broken?: string;
}

export function bufferIo(options: BufferIoOptions = {}): BufferIo {
  const { isTty = false, isOutTty = isTty, colour = false, stdin = "", fds = {}, answers = [], broken } = options;
  const written = { out: "", err: "" };
  const asked: string[] = [];
  const remaining = [...answers];
  const io: Io = {
    out: async (text) => {
      if (broken !== undefined) throw Object.assign(new Error(`write ${broken}`), { code: broken });
      written.out += text;
    },
    err: (text) => void (written.err += text),
    stdinText: () => Promise.resolve(stdin),
    fdText: async (fd) => {
      const text = fds[fd];
      if (text === undefined) throw Object.assign(new Error("bad file descriptor"), { code: "EBADF" });
      return text;
    },
    prompter: ({ signal }) => fakePrompter(remaining, asked, signal),
    isTty: { in: isTty, out: isOutTty, err: isTty },
    columns: 80,
    rows: 24,
    colour: { out: colour, err: colour },
  };
  return { io, out: () => written.out, err: () => written.err, asked };
}

function fakePrompter(answers: (string | undefined)[], asked: string[], signal: AbortSignal): Prompter {
  const answer = (message: string): string | undefined => {
    signal.throwIfAborted();
    asked.push(message);
    if (answers.length === 0) throw new Error(`no answer for the prompt: ${message}`);
    return answers.shift();
  };
  return {
    confirm: async (message) => answer(message) === "y",
    text: async (message) => (answer(message) ?? "").trim(),
    select: async (message, labels) => {
      const typed = answer(message);
      if (typed === undefined) return undefined;
      const index = labels.findIndex((label) => label.includes(typed));
      if (index === -1) throw new Error(`${message}: no label contains ${JSON.stringify(typed)}: ${labels.join(", ")}`);
      return index;
    },
    password: async (message) => answer(`[${message}]`),
  };
}
