/** The four streams of a shell as one value, so that tests can be shells too. */
import { createReadStream } from "node:fs";
import { askTerminal } from "./prompts.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface Io {
  /** Data. Resolves when the reader can take more; rejects with code EPIPE once it has gone. */
  out(text: string): Promise<void>;
  /** Everything that is not data: progress, questions, errors. */
  err(text: string): void;
  /** Standard input to its end, as text. */
  stdinText(): Promise<string>;
  /** Text of a file descriptor the caller opened, to its end. */
  fdText(fd: number): Promise<string>;
  /** Asks on the terminal; undefined: it was closed instead of answered (Ctrl-D). Rejects once the signal aborts. */
  ask(
    question: string,
    options: { readonly hidden: boolean; readonly signal: AbortSignal },
  ): Promise<string | undefined>;
  readonly isTty: { readonly in: boolean; readonly out: boolean; readonly err: boolean };
  /** Columns of the terminal; 80 off a terminal, at least 40. */
  readonly columns: number;
  readonly colour: { readonly out: boolean; readonly err: boolean };
}

const COLUMNS_MIN = 40;
const COLUMNS_OFF_TTY = 80;

/** A process's streams, coloured as its environment asks. */
export function nodeIo(
  env: Env,
  { stdin, stdout, stderr }: Pick<NodeJS.Process, "stdin" | "stdout" | "stderr"> = process,
): Io {
  let broken: Error | undefined;
  stdout.on("error", (error) => (broken = error));
  // With nobody to read the complaint either, there is nothing left to say.
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
    ask: (question, options) => askTerminal(stdin, stderr, question, options),
    isTty,
    columns: isTty.out ? Math.max(COLUMNS_MIN, stdout.columns ?? COLUMNS_OFF_TTY) : COLUMNS_OFF_TTY,
    colour: { out: wantsColour(env, isTty.out), err: wantsColour(env, isTty.err) },
  };
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}

/** NO_COLOR with any text wins, then FORCE_COLOR (0 and false say no), then TERM=dumb, then whether it is a terminal. */
export function wantsColour(env: Env, isTty: boolean): boolean {
  const { NO_COLOR: no = "", FORCE_COLOR: force = "", TERM: term } = env;
  if (no !== "") return false;
  if (force !== "") return force !== "0" && force !== "false";
  return isTty && term !== "dumb";
}

/** May a person be asked something? Both ends must be terminals, and nobody said no. */
export function canAsk(io: Io, env: Env, noInput: boolean): boolean {
  return io.isTty.in && io.isTty.err && !noInput && (env["CI"] ?? "") === "";
}
