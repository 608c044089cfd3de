/** Runs qoc with `--json` as a process without a terminal on any of its streams. */
import { type ExecFileException, execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

export const BIN = fileURLToPath(new URL("../../bin/qoc.mjs", import.meta.url));

export interface Answer {
  readonly code: number;
  readonly json: any;
  /** The last line of standard error. */
  readonly error: any;
}

export interface JsonCall {
  readonly args: readonly string[];
  readonly desk: string;
  readonly env: Readonly<Record<string, string>>;
  /** The program and its first arguments; Node by default. */
  readonly program?: readonly string[];
}

export function qocJson({ args, desk, env, program = [process.execPath] }: JsonCall): Promise<Answer> {
  const [file = "", ...before] = program;
  return new Promise((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void => {
      const last = stderr.trim().split("\n").at(-1) ?? "";
      const parse = (text: string): unknown => (/^[[{]/.test(text) ? JSON.parse(text) : text);
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), json: parse(stdout.trim()), error: parse(last) });
    };
    execFile(file, [...before, BIN, ...args, "--json", "-C", desk], { env }, done);
  });
}
