/** A shell in memory: what was printed, and answers to what is asked, in order. */
import type { Io } from "../../src/cli/io.ts";

export interface BufferIo {
  readonly io: Io;
  out(): string;
  err(): string;
  /** Questions that were asked, in order; hidden ones in brackets. */
  readonly asked: readonly string[];
}

export interface BufferIoOptions {
  readonly isTty?: boolean;
  /** Where stdout goes elsewhere than the other two. */
  readonly isOutTty?: boolean;
  readonly colour?: boolean;
  readonly stdin?: string;
  readonly fds?: Readonly<Record<number, string>>;
  /** Answers to questions; undefined closes the terminal. Asking more than there are is an error. */
  readonly answers?: readonly (string | undefined)[];
  /** Fails each write to stdout with this code. */
  readonly broken?: string;
}

export function bufferIo(options: BufferIoOptions = {}): BufferIo {
  const { isTty = false, isOutTty = isTty, colour = false, stdin = "", fds = {}, answers = [], broken } = options;
  const written = { out: "", err: "" };
  const asked: string[] = [];
  const left = [...answers];
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
    ask: async (question, { hidden, signal }) => {
      signal.throwIfAborted();
      asked.push(hidden ? `[${question.trim()}]` : question.trim());
      if (left.length === 0) throw new Error(`nobody answers: ${question}`);
      return left.shift();
    },
    isTty: { in: isTty, out: isOutTty, err: isTty },
    columns: 80,
    colour: { out: colour, err: colour },
  };
  return { io, out: () => written.out, err: () => written.err, asked };
}
