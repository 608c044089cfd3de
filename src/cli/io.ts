/** Standard input, output and error as one interface, so that tests can replace them. */
import { createReadStream } from "node:fs";
import type { Prompter } from "../commands/command.ts";
import { type PrompterOptions, createPrompter } from "./prompts.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface Io {
  /**
   * Writes data to standard output. Resolves when the reader can take more; rejects with code EPIPE if the reader has
   * gone.
   */
  out(text: string): Promise<void>;
  /** Writes everything that is not data (progress, prompts, errors) to standard error. */
  err(text: string): void;
  /** Reads standard input to its end. */
  stdinText(): Promise<string>;
  /** Reads a file descriptor that the caller opened, to its end. */
  fdText(fd: number): Promise<string>;
  /** Returns prompts on this terminal. Call only if `canPrompt` returns true. */
  prompter(options: PrompterOptions): Prompter;
  readonly isTty: { readonly in: boolean; readonly out: boolean; readonly err: boolean };
  /** Columns of the terminal, at least 40; 80 if standard output is not a terminal. */
  readonly columns: number;
  /** Rows of the terminal; 24 if standard output is not a terminal. */
  readonly rows: number;
  readonly colour: { readonly out: boolean; readonly err: boolean };
}

const COLUMNS_MIN = 40;
const COLUMNS_OFF_TTY = 80;
const ROWS_DEFAULT = 24;

/** The streams of a process. The environment decides whether text is coloured. */
export function nodeIo(
  env: Env,
  { stdin, stdout, stderr }: Pick<NodeJS.Process, "stdin" | "stdout" | "stderr"> = process,
): Io {
  let broken: Error | undefined;
  stdout.on("error", (error) => (broken = error));
  // An error on standard error cannot be reported.
  stderr.on("error", () => undefined);
  const isTty = { in: stdin.isTTY === true, out: stdout.isTTY === true, err: stderr.isTTY === true };
  return {
    out: (text) =>
      new Promise((resolve, reject) => {
        if (broken !== undefined) return reject(broken);
        stdout.write(text, (error) => (error === null || error === undefined ? resolve() : reject(error)));
      }),
    err: (text) => void stderr.write(text),
    stdinText: () => textOf(stdin),
    fdText: (fd) => textOf(createReadStream("", { fd })),
    prompter: (options) => createPrompter(stdin, stderr, options),
    isTty,
    get columns() {
      // A terminal that does not know its size, such as a serial console, says 0.
      return isTty.out ? Math.max(COLUMNS_MIN, stdout.columns || COLUMNS_OFF_TTY) : COLUMNS_OFF_TTY;
    },
    get rows() {
      return stdout.rows || ROWS_DEFAULT;
    },
    colour: { out: wantsColour(env, isTty.out), err: wantsColour(env, isTty.err) },
  };
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * A non-empty NO_COLOR disables colours; then FORCE_COLOR decides ("0" and "false" disable); then TERM=dumb; then the
 * terminal.
 */
export function wantsColour(env: Env, isTty: boolean): boolean {
  const { NO_COLOR: no = "", FORCE_COLOR: force = "", TERM: term } = env;
  if (no !== "") return false;
  if (force !== "") return force !== "0" && force !== "false";
  return isTty && term !== "dumb";
}

/**
 * Returns true if a person can answer a prompt: input and error output are terminals, and neither --no-input nor CI is
 * set.
 */
export function canPrompt(io: Io, env: Env, noInput: boolean): boolean {
  return io.isTty.in && io.isTty.err && !noInput && (env["CI"] ?? "") === "";
}
