/** One question on a real terminal, with or without an echo. */
import { Writable } from "node:stream";
import { createInterface } from "node:readline";

/**
 * Prints `question` on `output` and reads one line of `input`. undefined: the terminal was closed (Ctrl-D).
 * @throws Interrupted on Ctrl-C; the signal's reason once it aborts.
 */
export function askTerminal(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
  { hidden, signal }: { readonly hidden: boolean; readonly signal: AbortSignal },
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // readline echoes what is typed through its output, so a hidden answer gets an output that swallows everything.
    const echo = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : output;
    const lines = createInterface({ input, output: echo, terminal: true, historySize: 0 });
    let answer: string | undefined;
    const abort = (): void => {
      reject(signal.reason);
      lines.close();
    };
    signal.addEventListener("abort", abort, { once: true });
    lines.once("line", (line) => {
      answer = line;
      lines.close();
    });
    lines.once("SIGINT", () => {
      reject(new Interrupted());
      lines.close();
    });
    lines.once("close", () => {
      signal.removeEventListener("abort", abort);
      if (hidden || answer === undefined) output.write("\n");
      resolve(answer);
    });
    if (hidden) output.write(question);
    else {
      lines.setPrompt(question);
      lines.prompt();
    }
  });
}

/** Ctrl-C while a question stood open. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
